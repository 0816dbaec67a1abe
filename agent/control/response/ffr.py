"""Fast frequency reserve: the step is the inverter's; here it is known, watched and judged. Pure.

At its threshold the inverter goes to full power, supports it for 5 s or 30 s and releases it, after
5 s by no more than 20 % a second. That has to be done within 0.7 s to 1.3 s and belongs into the
inverter or the plant controller, which is given threshold and times as parameters. The box says
what has to happen (`step`) and judges what has happened (`watch`): full in time, supported long
enough, released slowly enough. Source: Fingrid, fast frequency reserve.
"""

import math
from dataclasses import dataclass, replace

from agent.control.response.config import RELEASE_PER_S_MAX, SUPPORT_SHORT_S, FfrSettings

CALM_HZ = 49.9
"""From here on upwards the next event is another one."""
TOLERANCE = 0.05
"""Of the capacity: what a measured power may be short of."""
_ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One activation; times are the event loop's, powers shares of the capacity."""

    began_s: float
    released: bool = False
    """Its expected course is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ffr:
    """One instance, its own and nobody else's."""

    event: Event | None = None
    rested_s: float | None = None
    """When the frequency came back above `CALM_HZ`; None: it is not calm."""


def step(settings: FfrSettings, before: Ffr, hz: float | None, at_s: float) -> tuple[float, Ffr]:
    """Return the share of the capacity that is to be given now; None: no believed frequency.

    It is full from the very cycle on in which the threshold is seen, whenever that is.
    """
    event = before.event
    if event is None:
        if hz is None or not math.isfinite(hz) or hz > settings.threshold_hz:
            return 0.0, before
        event = Event(began_s=at_s)
    lasts_s = at_s - event.began_s
    share = 1.0
    if lasts_s > settings.support_s + _ROUNDING_S:
        share = max(0.0, 1.0 - settings.release_per_s * (lasts_s - settings.support_s))
    if share > 0.0:
        return share, Ffr(event=event)
    calm = hz is not None and math.isfinite(hz) and hz >= CALM_HZ
    return 0.0, Ffr() if calm else Ffr(event=replace(event, released=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is seen of one activation; powers are kW above the level before it."""

    ffr: Ffr = Ffr()
    level_kw: float | None = None
    """The power before the event."""
    full_after_s: float | None = None
    last_share: float | None = None
    last_s: float = 0.0
    faults: tuple[str, ...] = ()
    """What the inverter did not do in this activation, one sentence each."""


def watch(
    settings: FfrSettings,
    capacity_kw: float,
    before: Watched,
    *,
    hz: float | None,
    power_kw: float | None,
    at_s: float,
) -> Watched:
    """Return what has been seen of the inverter's answer after this cycle.

    Args:
        hz: the believed frequency.
        power_kw: measured, of the plant less its base; None: not known.
    """
    ffr = step(settings, before.ffr, hz, at_s)[1]
    if ffr.event is None or power_kw is None or not math.isfinite(power_kw):
        level_kw = power_kw if ffr.event is None and power_kw is not None else before.level_kw
        keeps = before if ffr.event is not None else replace(before, full_after_s=None)
        return replace(keeps, ffr=ffr, level_kw=level_kw, last_share=None)
    if before.ffr.event is None:
        before = Watched(level_kw=before.level_kw)
    share = (power_kw - (before.level_kw or 0.0)) / capacity_kw if capacity_kw > 0.0 else 1.0
    lasts_s = at_s - ffr.event.began_s
    full_after_s, found = before.full_after_s, list(before.faults)
    if full_after_s is None and share >= 1.0 - TOLERANCE:
        full_after_s = lasts_s
    for fault in _faults(settings, before, share, lasts_s, at_s, full_after_s):
        if fault not in found:
            found.append(fault)
    return Watched(
        ffr=ffr,
        level_kw=before.level_kw,
        full_after_s=full_after_s,
        last_share=share,
        last_s=at_s,
        faults=tuple(found),
    )


def _faults(
    settings: FfrSettings,
    before: Watched,
    share: float,
    lasts_s: float,
    at_s: float,
    full_after_s: float | None,
) -> list[str]:
    """Return what is wrong at this moment."""
    found: list[str] = []
    late = (
        lasts_s > settings.full_s + _ROUNDING_S
        if full_after_s is None
        else (full_after_s > settings.full_s + _ROUNDING_S)
    )
    if late:
        found.append(
            f"not at full power {settings.full_s:.2f} s after {settings.threshold_hz:g} Hz"
        )
    supports = full_after_s is not None and lasts_s <= settings.support_s
    if supports and share < 1.0 - TOLERANCE:
        found.append(f"less than full power within {settings.support_s:g} s")
    if before.last_share is not None and settings.support_s == SUPPORT_SHORT_S:
        fell = before.last_share - share
        if fell > RELEASE_PER_S_MAX * (at_s - before.last_s) + TOLERANCE:
            found.append(f"released faster than {100 * RELEASE_PER_S_MAX:g} % a second")
    return found
