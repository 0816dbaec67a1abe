"""The arming gate: what a product needs before it is answered, and each refusal in words. Pure.

Looked at once a second for each product that is awarded. What refuses a product that is not armed
yet only makes an armed one unavailable as sold: it goes on delivering what it can, for that is
owed. Two ways of looking: `known` refuses what is known to be insufficient, `strict` also what
nobody knows. A profile that nobody has confirmed at a device refuses always (I24).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.control.plant import FrequencyMeter
from agent.control.response.catalogue import Product
from agent.control.response.config import FrequencySettings
from agent.control.response.curve import falls
from agent.control.response.product import Frequency, Refusal
from agent.control.response.steps import COARSE_HZ, Steps
from wire.schedule import FrequencyService

CODES = (
    "ARM_CURVE",
    "ARM_RESOLUTION",
    "ARM_PERIOD",
    "ARM_LAG",
    "ARM_SECOND_METER",
    "ARM_LOOP",
    "ARM_LINK_LOSS",
    "ARM_CLOCK",
    "ARM_REAL_TIME",
    "ARM_POWER",
    "ARM_ENERGY",
    "ARM_DEAD_ZONE",
    "ARM_INVERTER",
    "I7",
    "I8",
    "I24",
)
"""Every refusal has one of these."""
INDEPENDENT = ("ARM_CURVE", "ARM_POWER", "I24")
"""Refusals for which no power is kept free: none of them looks at the frequency."""
PERIOD_TOLERANCE = 1.25
"""A poll that jitters is no slower poll."""
_ROUNDING_KW = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the gate looks at."""

    frequency: Frequency
    meter: FrequencyMeter | None
    """Whose frequency would be answered."""
    fresh_meters: int
    steps: Steps
    at_s: float
    settings: FrequencySettings
    clock_error_s: float | None
    real_time: bool | None
    unproved: str
    """Why nothing may be trusted to the inverters yet; empty: they are proved."""
    dead_zone_kw: float
    lower_kw: float
    """What is left for this product by class 0 and by those that go before it."""
    upper_kw: float
    base_kw: float
    keeps_up_kw: float
    """What it takes of that."""
    keeps_down_kw: float
    short_of_energy: str
    """Why the battery does not hold enough; empty: it does, or nobody knows."""
    energy_known: bool
    inverter_faults: tuple[str, ...] = ()
    """What an inverter that answers by itself did not do when it last had to."""

    @property
    def strict(self) -> bool:
        return self.settings.arming == "strict"


def refusals(service: FrequencyService, product: Product, facts: Facts) -> tuple[Refusal, ...]:
    """Return everything that stands against arming; empty: nothing."""
    if facts.unproved:
        return (Refusal("I24", facts.unproved),)
    if facts.settings.arming == "off":
        return ()
    checks = (_curve, _inverter, _frequency, _meter, _measurement, _box, _power, _energy)
    return tuple(
        Refusal(code, text) for check in checks for code, text in check(service, product, facts)
    )


_Found = Iterator[tuple[str, str]]
_Check = Callable[[FrequencyService, Product, Facts], _Found]


def _curve(service: FrequencyService, product: Product, facts: Facts) -> _Found:
    if not falls(service.curve):
        yield "ARM_CURVE", "its curve answers more frequency with more power"


def _inverter(service: FrequencyService, product: Product, facts: Facts) -> _Found:
    """Of a product that the inverter answers, all that can be done is to look after it."""
    if product.in_inverter and facts.settings.ffr is None:
        yield "ARM_INVERTER", "the settings do not say what the inverter is set to"
    for fault in facts.inverter_faults:
        yield "ARM_INVERTER", f"the inverter's last answer: {fault}"


def _frequency(service: FrequencyService, product: Product, facts: Facts) -> _Found:
    frequency = facts.frequency
    if frequency.injected:
        return
    if not frequency.believed:
        yield frequency.code or "I8", frequency.text or "the frequency is not believed"


def _meter(service: FrequencyService, product: Product, facts: Facts) -> _Found:
    """What is known of the meter itself; a test that injects a frequency needs it all the same."""
    gate, meter = product.gate, facts.meter
    if meter is None:
        return
    told_hz = meter.resolution_hz
    coarse = facts.steps.coarse(facts.at_s, facts.settings.coarse_s)
    resolution_hz = max(told_hz or 0.0, COARSE_HZ) if coarse else told_hz
    if resolution_hz is None:
        if facts.strict:
            yield "ARM_RESOLUTION", f"nobody knows how fine the frequency of {meter.device} is"
    elif resolution_hz > gate.resolution_hz_max:
        yield (
            "ARM_RESOLUTION",
            f"the frequency of {meter.device} comes in steps of {1000 * resolution_hz:g} mHz,"
            f" at most {1000 * gate.resolution_hz_max:g} mHz are allowed",
        )
    periods = [p for p in (meter.period_s, facts.steps.period_s) if p is not None]
    if periods and max(periods) > gate.period_s_max * PERIOD_TOLERANCE:
        yield (
            "ARM_PERIOD",
            f"the frequency of {meter.device} comes every {1000 * max(periods):.0f} ms,"
            f" at least every {1000 * gate.period_s_max:g} ms is needed",
        )
    elif not periods and facts.strict:
        yield "ARM_PERIOD", f"nobody knows how often the frequency of {meter.device} comes"


def _measurement(service: FrequencyService, product: Product, facts: Facts) -> _Found:
    """What commissioning has to have measured; asked for only where all has to be known."""
    gate, settings = product.gate, facts.settings
    if settings.loop_s is not None and settings.loop_s > gate.loop_s_max:
        yield (
            "ARM_LOOP",
            f"{settings.loop_s:g} s from frequency to power, {gate.loop_s_max:g} s are allowed",
        )
    if not facts.strict:
        return
    if settings.loop_s is None:
        yield "ARM_LOOP", "the time from frequency to power has not been measured"
    if settings.meter_lag_s is None or (gate.lag_measured and not settings.meter_lag_measured):
        how = "measured" if gate.lag_measured else "measured or documented"
        yield "ARM_LAG", f"the lag of the frequency meter is not {how}"
    if facts.fresh_meters < 2 and not settings.second_meter_waived:
        yield "ARM_SECOND_METER", "there is no second meter beside the first"
    if not settings.link_loss_tested:
        yield "ARM_LINK_LOSS", "nobody has tried what the inverter does when its line is pulled"


def _box(service: FrequencyService, product: Product, facts: Facts) -> _Found:
    gate, error_s = product.gate, facts.clock_error_s
    if error_s is None:
        if facts.strict:
            yield "ARM_CLOCK", "nobody knows how wrong the clock is"
    elif not abs(error_s) <= gate.clock_error_s_max:
        yield (
            "ARM_CLOCK",
            f"the clock is {1000 * abs(error_s):.0f} ms wrong,"
            f" {1000 * gate.clock_error_s_max:g} ms are allowed",
        )
    if facts.strict and gate.real_time and not facts.real_time:
        yield "ARM_REAL_TIME", "the box has no real-time scheduling"


def _power(service: FrequencyService, product: Product, facts: Facts) -> _Found:
    """I20: the reserve fits into what class 0 leaves, around 0 or around the base of now."""
    fits = any(
        middle_kw + facts.keeps_up_kw <= facts.upper_kw + _ROUNDING_KW
        and middle_kw - facts.keeps_down_kw >= facts.lower_kw - _ROUNDING_KW
        for middle_kw in (0.0, facts.base_kw)
    )
    if not fits:
        yield (
            "ARM_POWER",
            f"{facts.keeps_up_kw:g} kW up and {facts.keeps_down_kw:g} kW down have to be kept"
            f" free, {max(0.0, facts.upper_kw):g} kW and {max(0.0, -facts.lower_kw):g} kW are left",
        )
    if facts.dead_zone_kw > product.gate.dead_zone_max * service.capacity_kw:
        yield (
            "ARM_DEAD_ZONE",
            f"the inverter cannot run below {facts.dead_zone_kw:g} kW, which is more than"
            f" {100 * product.gate.dead_zone_max:g} % of {service.capacity_kw:g} kW",
        )


def _energy(service: FrequencyService, product: Product, facts: Facts) -> _Found:
    if facts.short_of_energy:
        yield "ARM_ENERGY", facts.short_of_energy
    elif not facts.energy_known and facts.strict:
        yield "ARM_ENERGY", "the energy of the battery is not known"
