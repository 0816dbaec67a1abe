"""Whether power goes where it is told to go: the judgement of a self-test. Pure.

A pulse is tried in each direction. An independent meter at the grid connection has to see it with
its sign and its size, and so has the inverter's own measurement. Of a plant of several inverters
each has to have had a part in it that the meter would have missed, had its sign been wrong.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SHARE_MIN, SHARE_MAX = 0.7, 1.3
"""Of a pulse: what has to be seen of it."""
RESTLESS_SHARE = 0.25
"""Of a pulse: what the meter may move by itself between the rests before and after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one of several inverters had of a pulse, and what it measured; see `Pulse`."""

    unit: str
    told_kw: float
    inverter_kw: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """One pulse: what was told, and the means before, during and after it; sign as in `wire`."""

    told_kw: float
    inverter_kw: tuple[float, float, float]
    meter_kw: tuple[float, float, float]
    parts: tuple[Part, ...] = ()
    """Of a plant of several inverters, one for each."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it."""

    passed: bool
    text: str


def judge(pulses: Sequence[Pulse]) -> Verdict:
    """Return whether both signs are proved, and why not."""
    told = {math.copysign(1.0, pulse.told_kw) for pulse in pulses if pulse.told_kw}
    if told != {1.0, -1.0}:
        return Verdict(False, "no pulse was tried in each direction")
    for pulse in pulses:
        trouble = _trouble(pulse)
        if trouble:
            return Verdict(False, f"{pulse.told_kw:+g} kW was told: {trouble}")
    return Verdict(True, "inverter and meter have seen each pulse with its sign and its size")


def _trouble(pulse: Pulse) -> str:
    for name, means in (("the inverter", pulse.inverter_kw), ("the meter", pulse.meter_kw)):
        if trouble := _unlike(name, means, pulse.told_kw):
            return trouble
    off_kw = abs(_seen_kw(pulse.meter_kw) - pulse.told_kw)
    for part in pulse.parts:
        if not part.told_kw * math.copysign(1.0, pulse.told_kw) > off_kw:
            return (
                f"{part.unit} was told {part.told_kw:+.3g} kW of it, too little to be seen;"
                " its state of charge or an interlock leaves it no more"
            )
        if trouble := _unlike(part.unit, part.inverter_kw, part.told_kw):
            return trouble
    return ""


def _unlike(name: str, means: tuple[float, float, float], told_kw: float) -> str:
    """Return what was seen instead of what was told; empty: just that."""
    if not all(map(math.isfinite, means)):
        return f"{name} has told nothing"
    before_kw, _, after_kw = means
    if abs(after_kw - before_kw) > RESTLESS_SHARE * abs(told_kw):
        return (
            f"{name} has moved from {before_kw:.3g} to {after_kw:.3g} kW by itself; it is tried"
            " again when the site is calmer"
        )
    seen_kw = _seen_kw(means)
    share = seen_kw / told_kw
    if share < 0.0 and abs(share) >= RESTLESS_SHARE:
        return f"{name} has seen {seen_kw:+.3g} kW: the sign is wrong"
    if not SHARE_MIN <= share <= SHARE_MAX:
        return f"{name} has seen {seen_kw:+.3g} kW"
    return ""


def _seen_kw(means: tuple[float, float, float]) -> float:
    before_kw, during_kw, after_kw = means
    return during_kw - (before_kw + after_kw) / 2.0
