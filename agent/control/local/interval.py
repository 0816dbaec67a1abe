"""The tariff's interval: what was drawn from the grid in it so far. Pure.

The meter's register is the measure: what is reckoned from the power between two of its steps only
fills in. Intervals begin when the meter says so (a contact that toggles), else on the wall clock,
moved by what the meter's clock is known to be off.
"""

from dataclasses import dataclass

from agent.control.local.config import PeakShavingSettings
from agent.control.local.scene import SITE_AGE_S_MAX, Scene, power_of

PULSE = "input.tariff_interval"
PULSE_AGE_S_MAX = 5.0
PULSE_LATE_S_MAX = 5.0
"""So much longer than its length an interval may last by the meter; then the clock counts."""
REGISTER_AGE_S_MAX = 60.0
SEEN_FROM_START_S = 2.0
GAP_S_MAX = 5.0
"""A longer pause without a decision is a time of which nothing is known."""
_HOUR_S = 3_600.0
_LEFT_S_MIN = 1.0
LEAP_S = 100.0
"""A register may be late by so much of the rated power."""
CATCH_UP = 2.0
"""Times the peak: what is left of an interval is never used up faster than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One interval of the tariff, up to now."""

    start_us: int
    at_s: float
    """When it was looked at last, the event loop's time."""
    begun_kwh: float
    """The register at the start, as it was reckoned then."""
    register_kwh: float | None
    """As it was told last."""
    since_kwh: float
    """Drawn since the register moved, reckoned from the power."""
    pulse: float | None = None
    """The state of the meter's contact."""
    pulse_us: int | None = None
    """When it changed last."""

    @property
    def drawn_kwh(self) -> float:
        return (self.register_kwh or 0.0) + self.since_kwh - self.begun_kwh


def followed(before: Interval | None, scene: Scene, settings: PeakShavingSettings) -> Interval:
    """Return the interval in force, with what was drawn in it so far."""
    at_s = scene.plant.at_s
    register_kwh, since_kwh = _register(before, scene, settings)
    pulse, pulse_us = _pulse(before, scene)
    start_us = _start_us(scene.now_us, pulse_us, settings)
    now_kwh = (register_kwh or 0.0) + since_kwh
    if before is not None and before.start_us == start_us:
        goes_on = _goes_on(before, register_kwh, scene)
        begun_kwh = before.begun_kwh if goes_on else now_kwh - before.drawn_kwh
    else:
        elapsed_s = (scene.now_us - start_us) / 1e6
        seen = before is not None and elapsed_s <= SEEN_FROM_START_S
        # Nobody saw how it began: the peak was drawn, neither more nor less.
        begun_kwh = now_kwh - (0.0 if seen else settings.peak_kw * elapsed_s / _HOUR_S)
    return Interval(
        start_us=start_us,
        at_s=at_s,
        begun_kwh=begun_kwh,
        register_kwh=register_kwh,
        since_kwh=since_kwh,
        pulse=pulse,
        pulse_us=pulse_us,
    )


def allowed_kw(interval: Interval, now_us: int, settings: PeakShavingSettings) -> float:
    """Return what may be drawn for the rest of the interval, so that its mean is the peak."""
    left_s = settings.interval_s - (now_us - interval.start_us) / 1e6
    left_kwh = settings.peak_kw * settings.interval_s / _HOUR_S - interval.drawn_kwh
    rest_kw = left_kwh * _HOUR_S / max(_LEFT_S_MIN, left_s)
    return min(max(0.0, rest_kw), CATCH_UP * settings.peak_kw)


def _register(
    before: Interval | None, scene: Scene, settings: PeakShavingSettings
) -> tuple[float | None, float]:
    """Return the register as it is known now, and what was drawn since it moved."""
    quantity = scene.plant.import_kwh
    told_kwh = None if quantity is None else quantity.within(REGISTER_AGE_S_MAX)
    drawn_kwh = _drawn_kwh(before, scene, settings)
    if before is None:
        return told_kwh, 0.0
    if told_kwh is None or told_kwh == before.register_kwh:
        return before.register_kwh, before.since_kwh + drawn_kwh
    return told_kwh, 0.0


def _drawn_kwh(before: Interval | None, scene: Scene, settings: PeakShavingSettings) -> float:
    """Return what was drawn since the last look; while nothing is known, at the peak."""
    elapsed_s = 0.0 if before is None else max(0.0, scene.plant.at_s - before.at_s)
    site = scene.plant.site_kw
    site_kw = None if site is None else power_of(site, SITE_AGE_S_MAX)
    known = site_kw is not None and elapsed_s <= GAP_S_MAX
    drawn_kw = max(0.0, -site_kw) if known and site_kw is not None else settings.peak_kw
    return drawn_kw * min(elapsed_s, float(settings.interval_s)) / _HOUR_S


def _goes_on(before: Interval, register_kwh: float | None, scene: Scene) -> bool:
    """Say whether a register has moved as a register moves: up, and not by a leap."""
    if register_kwh is None or before.register_kwh is None:
        return register_kwh is before.register_kwh
    leap_kwh = 2.0 * before.since_kwh + max(1.0, LEAP_S * scene.rated_kw / _HOUR_S)
    return 0.0 <= register_kwh - before.register_kwh <= leap_kwh


def _pulse(before: Interval | None, scene: Scene) -> tuple[float | None, int | None]:
    """Return the state of the meter's contact, and when it changed last."""
    contact = scene.plant.inputs.get(PULSE)
    state = None if contact is None else contact.within(PULSE_AGE_S_MAX)
    known = None if before is None else before.pulse
    changed_us = None if before is None else before.pulse_us
    if state is None:
        return known, changed_us
    return state, changed_us if known is None or state == known else scene.now_us


def _start_us(now_us: int, pulse_us: int | None, settings: PeakShavingSettings) -> int:
    length_us = settings.interval_s * 1_000_000
    if pulse_us is not None and 0 <= now_us - pulse_us < length_us + PULSE_LATE_S_MAX * 1e6:
        return pulse_us
    offset_us = round(settings.interval_offset_s * 1e6)
    return now_us - (now_us - offset_us) % length_us
