"""Random plants, orders and faults over the whole decision: never outside limits, never on old
data, never anything that is not a number."""

import math
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from agent.control.decide import Decision, Memory, Orders, Rules, decide
from agent.control.interlocks.config import GridSettings, InputSettings, StopInput
from agent.control.interlocks.rules import GuardRules
from agent.control.limits import Limits, UnitLimits
from agent.control.local.config import ConnectionSettings, LocalSettings, SelfConsumptionSettings
from agent.control.local.strategies import SiteRules
from agent.control.plant import FrequencyMeter, PlantState, Run, UnitState
from agent.control.quantity import Quantity
from agent.control.response.answer import ResponseRules
from agent.steering import FREE, Override, Steering
from wire.order import Mode
from wire.schedule import FrequencyService, Schedule, Slot

UNITS = ("one", "two")
NEARLY_KW = 0.002
"""Setpoints are told to the watt, and there are two of them."""
STOP = "input.stop"
LIMITS = Limits(
    units=tuple(
        UnitLimits(
            unit=unit,
            discharge_kw_max=discharge_kw,
            charge_kw_max=charge_kw,
            soc_min_pct=10.0,
            soc_max_pct=90.0,
            capacity_kwh=200.0,
        )
        for unit, discharge_kw, charge_kw in (("one", 100.0, 80.0), ("two", 50.0, 50.0))
    ),
    ramp_kw_per_s=30.0,
)
RULES = Rules(
    limits=LIMITS,
    guard=GuardRules(
        grid=GridSettings(nominal_v=230.0), inputs=InputSettings(stops=(StopInput(point=STOP),))
    ),
    response=ResponseRules(),
    site=SiteRules(
        connection=ConnectionSettings(import_kw_max=500.0, export_kw_max=120.0),
        local=LocalSettings(self_consumption=SelfConsumptionSettings()),
    ),
)
ODD = st.sampled_from([None, math.nan, math.inf, -math.inf, 1e12, -1e12])
FCR = ((-0.2, 1.0), (0.2, -1.0))
SECOND_US = 1_000_000
EPOCH_US = 1_700_000_000 * SECOND_US


@dataclass(slots=True)
class Signal:
    """What a device told last, and when."""

    value: float | None
    told_s: float
    changed_s: float
    samples: int = 1

    def tell(self, value: float | None, at_s: float) -> None:
        """Take a value in as a port does: a bad answer changes nothing."""
        if value is None:
            return
        if value != self.value:
            self.changed_s = at_s
        self.value, self.told_s, self.samples = value, at_s, self.samples + 1

    def quantity(self, at_s: float) -> Quantity:
        still_s = max(0.0, self.told_s - self.changed_s)
        return Quantity(self.value, at_s - self.told_s, still_s=still_s, samples=self.samples)


@dataclass(slots=True)
class Unit:
    """What is known of one inverter."""

    ready: bool = True
    lost: bool = False
    run: Run | None = None
    written_kw: float | None = None
    signals: dict[str, Signal] = field(default_factory=dict)

    def state(self, name: str, at_s: float) -> UnitState:
        told = {signal: kept.quantity(at_s) for signal, kept in self.signals.items()}
        return UnitState(
            unit=name,
            ready=self.ready and not self.lost,
            lost=self.lost,
            run=self.run,
            written_kw=self.written_kw,
            power_kw=told["power_kw"],
            soc_pct=told["soc_pct"],
            discharge_kw_max=told["discharge_kw_max"],
            charge_kw_max=told["charge_kw_max"],
        )


class PlantMachine(RuleBasedStateMachine):
    """Everything that a site can do to a decision, in any order."""

    @initialize()
    def begin(self) -> None:
        self.at_s = 1_000.0
        self.memory = Memory()
        self.units = {name: Unit() for name in UNITS}
        self.decision: Decision | None = None
        for unit in self.units.values():
            for signal, value in (
                ("power_kw", 0.0),
                ("soc_pct", 50.0),
                ("discharge_kw_max", 100.0),
                ("charge_kw_max", 100.0),
            ):
                unit.signals[signal] = Signal(value, self.at_s, self.at_s)
        self.site = {
            "frequency": Signal(50.0, self.at_s, self.at_s),
            "voltage": Signal(230.0, self.at_s, self.at_s),
            "site": Signal(0.0, self.at_s, self.at_s),
            "stop": Signal(1.0, self.at_s, self.at_s),
        }
        self.schedule: Schedule | None = None
        self.steering = FREE

    @rule(
        unit=st.sampled_from(UNITS),
        signal=st.sampled_from(["power_kw", "soc_pct", "discharge_kw_max", "charge_kw_max"]),
        value=st.floats(-20, 120) | ODD,
    )
    def a_device_tells(self, unit: str, signal: str, value: float | None) -> None:
        self.units[unit].signals[signal].tell(value, self.at_s)

    @rule(
        signal=st.sampled_from(["frequency", "voltage", "site", "stop"]),
        share=st.floats(0, 1.2) | ODD,
    )
    def the_site_tells(self, signal: str, share: float | None) -> None:
        scale = {"frequency": 50.0, "voltage": 230.0, "site": 200.0, "stop": 1.0}[signal]
        self.site[signal].tell(None if share is None else share * scale, self.at_s)

    @rule(deviation_hz=st.floats(-0.3, 0.3))
    def the_frequency_moves(self, deviation_hz: float) -> None:
        self.site["frequency"].tell(50.0 + deviation_hz, self.at_s)

    @rule(unit=st.sampled_from(UNITS), ready=st.booleans(), lost=st.booleans())
    def an_inverter_comes_or_goes(self, unit: str, ready: bool, lost: bool) -> None:
        self.units[unit].ready, self.units[unit].lost = ready, lost

    @rule(unit=st.sampled_from(UNITS), run=st.none() | st.sampled_from(list(Run)))
    def an_inverter_changes_its_state(self, unit: str, run: Run | None) -> None:
        self.units[unit].run = run

    @rule(power_kw=st.floats(-1e6, 1e6), capacity_kw=st.floats(0, 1e3) | st.just(0.0))
    def the_hub_plans(self, power_kw: float, capacity_kw: float) -> None:
        start_us = self._now_us() - SECOND_US
        end_us = start_us + 900 * SECOND_US
        fcr = FrequencyService("fcr_ce", start_us, end_us, capacity_kw, FCR)
        self.schedule = Schedule(
            site="s",
            version=1,
            issued_us=start_us,
            slots=(Slot(start_us, end_us, power_kw),),
            services=(fcr,) if capacity_kw else (),
        )

    @rule(power_kw=st.none() | st.floats(-1e6, 1e6), mode=st.sampled_from(list(Mode)))
    def an_operator_asks(self, power_kw: float | None, mode: Mode) -> None:
        override = None
        if power_kw is not None:
            override = Override("c-1", power_kw, self._now_us() + 60 * SECOND_US)
        self.steering = Steering(mode, override)

    @rule(beats=st.integers(1, 30), told=st.booleans())
    def beats_pass(self, beats: int, told: bool) -> None:
        """Let time pass; where `told`, every device goes on telling what it told before."""
        for _ in range(beats):
            self.at_s += 0.1
            if told:
                for signal in (*self.site.values(), *self._signals()):
                    signal.tell(signal.value, self.at_s)
            self._decide()

    @rule(seconds=st.floats(0.1, 3_600))
    def nothing_happens_for_a_while(self, seconds: float) -> None:
        self.at_s += seconds
        self._decide()

    def every_number_is_one(self) -> None:
        if (decision := self.decision) is None:
            return
        numbers = [decision.setpoint_kw, decision.base_kw, decision.response_kw]
        numbers += [decision.management_kw, decision.lower_kw, decision.upper_kw]
        numbers += [reason.power_kw for reason in decision.reasons]
        numbers += [unit.power_kw for unit in decision.units if unit.power_kw is not None]
        assert all(math.isfinite(number) for number in numbers), decision
        assert decision.reasons

    def no_unit_leaves_its_limits(self) -> None:
        for unit, allowed, power_kw in self._parts():
            assert -allowed.charge_kw_max <= power_kw <= allowed.discharge_kw_max
            told = unit.signals
            for signal, sign in (("discharge_kw_max", 1.0), ("charge_kw_max", -1.0)):
                limit_kw = told[signal].quantity(self.at_s).within(10.0)
                if limit_kw is not None:
                    assert sign * power_kw <= max(0.0, limit_kw) + NEARLY_KW
            soc_pct = told["soc_pct"].quantity(self.at_s).within(30.0)
            if soc_pct is not None and soc_pct <= allowed.soc_min_pct:
                assert power_kw <= 0.0
            if soc_pct is not None and soc_pct >= allowed.soc_max_pct:
                assert power_kw >= 0.0

    def nobody_acts_on_what_is_old(self) -> None:
        for unit, _, power_kw in self._parts():
            for signal, limit_s in (
                ("power_kw", 2.0),
                ("soc_pct", 30.0),
                ("discharge_kw_max", 10.0),
                ("charge_kw_max", 10.0),
            ):
                if not unit.signals[signal].quantity(self.at_s).usable(limit_s):
                    assert power_kw == 0.0, signal
            assert not unit.lost or power_kw == 0.0

    def a_stop_or_a_dead_bus_leaves_nothing(self) -> None:
        stop = self.site["stop"].quantity(self.at_s).within(1.0)
        volts = self.site["voltage"].quantity(self.at_s).within(2.0)
        if stop is None or stop == 0.0 or (volts is not None and 0.0 <= volts < 0.2 * 230.0):
            assert all(power_kw == 0.0 for _, _, power_kw in self._parts())

    def units_never_work_against_each_other(self) -> None:
        powers_kw = [power_kw for _, _, power_kw in self._parts()]
        assert not (min(powers_kw, default=0.0) < 0.0 < max(powers_kw, default=0.0))
        if self.decision is not None and all(u.power_kw is not None for u in self.decision.units):
            assert abs(sum(powers_kw) - self.decision.setpoint_kw) <= NEARLY_KW

    def _decide(self) -> None:
        plant = PlantState(
            at_s=self.at_s,
            units=tuple(unit.state(name, self.at_s) for name, unit in self.units.items()),
            frequencies=(
                FrequencyMeter(device="m", hz=self.site["frequency"].quantity(self.at_s)),
            ),
            voltages_v=(self.site["voltage"].quantity(self.at_s),),
            site_kw=self.site["site"].quantity(self.at_s),
            inputs={STOP: self.site["stop"].quantity(self.at_s)},
        )
        orders = Orders(now_us=self._now_us(), schedule=self.schedule, steering=self.steering)
        self.decision, self.memory = decide(plant, orders, RULES, self.memory)
        self.every_number_is_one()
        self.no_unit_leaves_its_limits()
        self.nobody_acts_on_what_is_old()
        self.a_stop_or_a_dead_bus_leaves_nothing()
        self.units_never_work_against_each_other()
        for told in self.decision.units:
            if told.power_kw is not None:
                self.units[told.unit].written_kw = told.power_kw

    def _parts(self) -> list[tuple[Unit, UnitLimits, float]]:
        """Return the units that were told something, with what."""
        if self.decision is None:
            return []
        return [
            (self.units[part.unit], allowed, part.power_kw)
            for part, allowed in zip(self.decision.units, LIMITS.units, strict=True)
            if part.power_kw is not None
        ]

    def _signals(self) -> list[Signal]:
        return [signal for unit in self.units.values() for signal in unit.signals.values()]

    def _now_us(self) -> int:
        return EPOCH_US + round(self.at_s * SECOND_US)


TestPlants = PlantMachine.TestCase
TestPlants.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
