"""I18, what the grid operator says over contacts and values: trips, and limits as data. Pure.

A trip stops the plant here; a limit is only decoded, and becomes a proposal of class 0. A broken
wire is the most restrictive state of its input. A stricter order holds at once, a milder one when
the stricter has been away for 60 s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.control.cuts import Cut
from agent.control.interlocks.config import (
    DimmingSettings,
    InputSettings,
    RippleSettings,
    ShareSettings,
)
from agent.control.interlocks.manual import Ended, contact_cuts
from agent.control.quantity import UNKNOWN, Quantity

RIPPLE, DIMMING, FEED_IN = "ripple control", "dimming", "feed-in limit"
_KEYS = {RIPPLE: "ripple.", DIMMING: "dimming.", FEED_IN: "feed_in_pct."}
"""How the settings of each begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorLimit:
    """One limit of the grid operator that holds now."""

    source: str
    text: str
    feed_in_share: float | None = None
    """Of the installed power, that may be fed in at the connection: 0 to 1."""
    import_kw_max: float | None = None
    """What may be taken from the grid, a magnitude."""
    broken: bool = False
    """No signal: this is the fail-safe, not an order."""


@dataclass(frozen=True, slots=True)
class Step:
    """The strictest order of one input, and when it was last given."""

    share: float
    """What is left, 1 being everything; of dimming 0."""
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InputMemory:
    """What the inputs leave to the next cycle."""

    stops: Ended = field(default_factory=dict)
    trips: Ended = field(default_factory=dict)
    steps: Mapping[str, Step] = field(default_factory=dict)


Inputs = Mapping[str, Quantity]
_Read = tuple[float, bool, float]
"""The share that is asked for, whether the wire is broken, how long a stricter one holds."""


def trip_cuts(
    settings: InputSettings, inputs: Inputs, memory: InputMemory, at_s: float
) -> tuple[tuple[Cut, ...], Ended]:
    """Return a stop for each trip contact that says so, or said so within its release time."""
    found: list[Cut] = []
    ended = memory.trips
    for trip in settings.trips:
        cuts, ended = contact_cuts(
            (trip,), inputs, ended, at_s, code="I18", settle_s=trip.release_s
        )
        found.extend(cuts)
    return tuple(found), ended


def limits(
    settings: InputSettings, inputs: Inputs, memory: InputMemory, at_s: float
) -> tuple[tuple[OperatorLimit, ...], Mapping[str, Step]]:
    """Return the limits that hold now, and the strictest order of each input."""
    asked: dict[str, _Read] = {}
    if settings.ripple is not None:
        asked[RIPPLE] = _ripple(settings.ripple, inputs)
    if settings.dimming is not None:
        asked[DIMMING] = _dimming(settings.dimming, inputs)
    if settings.feed_in_pct is not None:
        asked[FEED_IN] = _feed_in(settings.feed_in_pct, inputs)
    found: list[OperatorLimit] = []
    steps: dict[str, Step] = {}
    for source, (share, broken, release_s) in asked.items():
        step = _held(memory.steps.get(source), share, release_s, at_s)
        if not (broken and _silent(settings, source, inputs)):
            steps[source] = step
        if step.share < 1.0:
            found.append(_limit(source, step.share, settings, broken=broken))
    return tuple(found), steps


def _silent(settings: InputSettings, source: str, inputs: Inputs) -> bool:
    """Say whether nothing has come since the start: that is no order, and nothing is left of it."""
    points = [point for key, point in settings.points if key.startswith(_KEYS[source])]
    return all(inputs.get(point, UNKNOWN).value is None for point in points)


def _held(before: Step | None, share: float, release_s: float, at_s: float) -> Step:
    """Obey a stricter order at once, a milder one when the stricter is long enough away."""
    if before is None or share <= before.share or at_s - before.at_s >= release_s:
        return Step(share, at_s)
    return before


def _limit(source: str, share: float, settings: InputSettings, *, broken: bool) -> OperatorLimit:
    why = "no signal" if broken else "the grid operator"
    if source == DIMMING and settings.dimming is not None:
        kw = settings.dimming.import_kw_max
        text = f"{source}: {why}: {kw:g} kW of import at most"
        return OperatorLimit(source=source, text=text, import_kw_max=kw, broken=broken)
    text = f"{source}: {why}: {share * 100:g} % of feed-in at most"
    return OperatorLimit(source=source, text=text, feed_in_share=share, broken=broken)


def _ripple(ripple: RippleSettings, inputs: Inputs) -> _Read:
    """Of several closed contacts the strictest holds; of none, or a broken one, the strictest."""
    values = [inputs.get(step.point, UNKNOWN).within(ripple.age_s_max) for step in ripple.steps]
    strictest = min(step.feed_in_share for step in ripple.steps)
    if any(value is None for value in values):
        return strictest, True, ripple.release_s
    closed = [
        step.feed_in_share
        for step, value in zip(ripple.steps, values, strict=True)
        if value is not None and value >= 0.5
    ]
    none = strictest if ripple.none_share is None else ripple.none_share
    return min(closed, default=none), not closed and ripple.none_share is None, ripple.release_s


def _dimming(dimming: DimmingSettings, inputs: Inputs) -> _Read:
    value = inputs.get(dimming.point, UNKNOWN).within(dimming.age_s_max)
    dimmed = value is None or (value >= 0.5) == bool(dimming.dims_at)
    return 0.0 if dimmed else 1.0, value is None, dimming.release_s


def _feed_in(limit: ShareSettings, inputs: Inputs) -> _Read:
    """A value outside 0 to 100 % is no order: the fail-safe holds as without any."""
    value = inputs.get(limit.point, UNKNOWN).within(limit.age_s_max)
    if value is None or not 0.0 <= value <= 100.0:
        return limit.failsafe_pct / 100, True, limit.release_s
    return value / 100, False, limit.release_s
