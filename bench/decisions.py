"""The time of one decision, on a plain site and on one that has everything configured.

Time is the processor's, of this thread alone, so that whatever else the machine does is not
counted. It is taken over a second of beats at once: what is done once a second is in it.
"""

import math
import statistics
import time
from collections.abc import Callable

from agent.control.decide import Memory, Orders, Rules, decide
from agent.control.energy.config import EnergySettings, ProductEnergy
from agent.control.interlocks.config import BatterySettings, FreshnessSettings, GridSettings
from agent.control.interlocks.rules import GuardRules
from agent.control.limits import Limits, UnitLimits
from agent.control.local.config import (
    BackupSettings,
    CalendarRule,
    ConnectionSettings,
    LocalSettings,
    PeakShavingSettings,
    ScheduleSettings,
    SelfConsumptionSettings,
)
from agent.control.local.strategies import SiteRules
from agent.control.plant import FrequencyMeter, PlantState, Run, UnitState
from agent.control.quantity import Quantity
from agent.control.response.answer import ResponseRules
from agent.control.response.config import FrequencySettings
from agent.control.response.curve import FCR_CE, FCR_D_UP, FCR_N
from wire.schedule import FrequencyService, Schedule, Slot

RATED_KW = 100.0
SECONDS = 400
WARM_S = 30
"""Products arm, and tracks of the last seconds are full, before anything is counted."""
BEATS_PER_S = 10
_BEGIN_US = 1_800_000_000_000_000
_END_US = _BEGIN_US + 86_400_000_000


def decide_us() -> float:
    """Return the time of one decision of a plain site with a product in force."""
    return _median_us(_plain_plant, Rules(limits=_limits()), _schedule(("fcr_ce", 20.0, FCR_CE)))


def decide_full_us() -> float:
    """Return the time of one decision where a site has configured all there is."""
    products = (("fcr_ce", 20.0, FCR_CE), ("fcr_n", 10.0, FCR_N), ("fcr_d_up", 10.0, FCR_D_UP))
    return _median_us(_full_plant, full_rules(), _schedule(*products))


def _median_us(plant: Callable[[int], PlantState], rules: Rules, schedule: Schedule) -> float:
    """Return the median of the seconds, in microseconds a decision."""
    memory, took_us, armed = Memory(), list[float](), 0
    for second in range(SECONDS):
        beats = range(second * BEATS_PER_S, (second + 1) * BEATS_PER_S)
        cycles = [
            (plant(beat), Orders(now_us=_BEGIN_US + beat * 100_000, schedule=schedule))
            for beat in beats
        ]
        decisions = []
        began_ns = time.thread_time_ns()
        for now, orders in cycles:
            decision, memory = decide(now, orders, rules, memory)
            decisions.append(decision)
        took_us.append((time.thread_time_ns() - began_ns) / BEATS_PER_S / 1_000)
        armed += sum(product.armed for one in decisions for product in one.products)
    assert armed == SECONDS * BEATS_PER_S * len(schedule.services), "every product answers"
    return round(statistics.median(took_us[WARM_S:]), 1)


def _limits() -> Limits:
    unit = UnitLimits(
        unit="inverter",
        discharge_kw_max=RATED_KW,
        charge_kw_max=RATED_KW,
        soc_min_pct=10.0,
        soc_max_pct=90.0,
        capacity_kwh=200.0,
    )
    return Limits(units=(unit,), ramp_kw_per_s=10.0)


def full_rules() -> Rules:
    """Return the rules of a site that has configured everything."""
    return Rules(
        limits=_limits(),
        guard=GuardRules(
            battery=BatterySettings(type="rack"),
            grid=GridSettings(nominal_v=230.0),
            freshness=FreshnessSettings(power_still_s_max=30.0, frequency_still_s_max=5.0),
        ),
        response=ResponseRules(settings=FrequencySettings(energy=_energy())),
        site=SiteRules(
            connection=ConnectionSettings(
                import_kw_max=250.0,
                export_kw_max=200.0,
                apparent_kva_max=260.0,
                phase_a_max=400.0,
                pv_installed_kw=80.0,
                feed_in_share=0.7,
            ),
            local=LocalSettings(
                schedule=ScheduleSettings(correct_energy=True),
                self_consumption=SelfConsumptionSettings(),
                peak_shaving=PeakShavingSettings(peak_kw=150.0, reserve_pct=30.0),
                backup=BackupSettings(reserve_pct=20.0),
                calendar=(CalendarRule(name="night", start="22:00", end="06:00", power_kw=0.0),),
            ),
        ),
    )


def _energy() -> EnergySettings:
    return EnergySettings(
        products=(
            ProductEnergy(
                product="fcr_ce", rule="nl_tnl_v3_10", schedule_tx=True, reserve_mode=True
            ),
            ProductEnergy(product="fcr_n", rule="nordic_v1_1"),
            ProductEnergy(product="fcr_d_up", rule="nordic_d_v1_1"),
        ),
    )


def _schedule(*products: tuple[str, float, tuple[tuple[float, float], ...]]) -> Schedule:
    return Schedule(
        site="bench",
        version=1,
        issued_us=_BEGIN_US,
        slots=(Slot(_BEGIN_US, _END_US, 30.0),),
        services=tuple(
            FrequencyService(name, _BEGIN_US, _END_US, capacity_kw, curve)
            for name, capacity_kw, curve in products
        ),
    )


def _hz(beat: int) -> float:
    return round(50.0 + 0.05 * math.sin(beat / 70) + 0.01 * math.sin(beat / 3), 4)


def _power_kw(beat: int) -> float:
    return 20.0 + 10.0 * math.sin(beat / 70)


def _plain_plant(beat: int) -> PlantState:
    unit = UnitState(
        unit="inverter",
        ready=True,
        power_kw=Quantity(_power_kw(beat), 0.02, samples=beat),
        soc_pct=Quantity(50.0, 0.5, samples=beat),
    )
    meter = FrequencyMeter(device="inverter", hz=Quantity(_hz(beat), 0.02, samples=beat))
    return PlantState(at_s=beat / BEATS_PER_S, units=(unit,), frequencies=(meter,))


def _full_plant(beat: int) -> PlantState:
    """Return a plant all of whose points are known and move."""

    def now(value: float) -> Quantity:
        return Quantity(value, 0.02, samples=beat)

    power_kw = _power_kw(beat)
    unit = UnitState(
        unit="inverter",
        ready=True,
        power_kw=now(power_kw),
        soc_pct=now(50.0 + (beat // 100) * 0.01),
        discharge_kw_max=now(95.0),
        charge_kw_max=now(95.0),
        cell_max_v=now(3.32),
        cell_min_v=now(3.28),
        temp_max_c=now(28.0),
        temp_min_c=now(22.0),
        run=Run.RUNNING,
        told_kw=now(power_kw),
        written_kw=power_kw,
        written_age_s=0.1,
        heartbeat_age_s=0.5,
    )
    hz = _hz(beat)
    meters = (
        FrequencyMeter(device="meter", hz=now(hz), resolution_hz=0.0001, period_s=0.1),
        FrequencyMeter(device="inverter", hz=now(hz + 0.001), resolution_hz=0.001, period_s=0.1),
    )
    return PlantState(
        at_s=beat / BEATS_PER_S,
        units=(unit,),
        frequencies=meters,
        voltages_v=(now(231.0), now(230.0), now(229.0)),
        site_kw=now(power_kw - 60.0),
        site_kvar=now(5.0),
        site_currents_a=(now(80.0), now(70.0), now(75.0)),
        pv_kw=now(20.0),
        load_kw=now(80.0),
        import_kwh=now(1_000.0 + beat // 600),
        clock_error_s=0.0,
    )
