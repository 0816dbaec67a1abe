"""A test as a chain of stages: which frequency comes when, and what ends a stage. Pure.

A stage holds a frequency, moves to one or swings around one. It lasts its time; the time of a
stage that waits for something counts from when that has happened, and it waits no longer than
`WAIT_S_MAX` (or its own limit). Times are seconds since the begin of the test.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

WAIT_S_MAX = 60.0
JUMP_S = 1e-6
"""What a step takes where two points may not be at one instant."""


class Until(StrEnum):
    """What the time of a stage may wait for."""

    NOTHING = ""
    REACHED = "reached"
    """The power is where the curve wants it."""
    NEM_ON = "nem_on"
    NEM_OFF = "nem_off"
    AEM_ON = "aem_on"
    ALL_OFF = "all_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One piece of a test."""

    hz: float
    """Where it ends, or what it swings around."""
    lasts_s: float
    """From its begin, or from when what it waits for has happened."""
    from_hz: float | None = None
    """It moves from here to `hz` in `lasts_s`; None: it begins with a jump."""
    until: Until = Until.NOTHING
    wait_s_max: float = WAIT_S_MAX
    amplitude_hz: float = 0.0
    period_s: float = 0.0
    """Of the swing; 0: none."""
    name: str = ""

    def hz_at(self, since_s: float) -> float:
        """Return the frequency so long after the stage's begin."""
        if self.period_s:
            return self.hz + self.amplitude_hz * math.sin(2 * math.pi * since_s / self.period_s)
        if self.from_hz is None or self.lasts_s <= 0.0:
            return self.hz
        share = min(1.0, max(0.0, since_s / self.lasts_s))
        return self.from_hz + (self.hz - self.from_hz) * share


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test is."""

    stage: int = 0
    began_s: float = 0.0
    met_s: float | None = None
    """When what the stage waits for happened; None: not yet."""


Met = Callable[[Until], bool]
"""Says whether something that a stage waits for is so now."""


def advance(stages: Sequence[Stage], place: Place, at_s: float, met: Met) -> Place | None:
    """Return where the test is at `at_s`; None: it is over."""
    while place.stage < len(stages):
        stage = stages[place.stage]
        met_s = place.met_s
        if met_s is None and stage.until is Until.NOTHING:
            met_s = place.began_s
        elif met_s is None and met(stage.until):
            met_s = at_s
        elif met_s is None and at_s - place.began_s >= stage.wait_s_max:
            met_s = place.began_s + stage.wait_s_max
        place = Place(place.stage, place.began_s, met_s)
        if met_s is None or at_s < met_s + stage.lasts_s - JUMP_S:
            return place
        place = Place(place.stage + 1, met_s + stage.lasts_s)
    return None


def ahead(
    stages: Sequence[Stage], place: Place, at_s: float, horizon_s: float, step_s: float
) -> tuple[tuple[float, float], ...]:
    """Return (time, Hz) from `at_s` on, as far as it can be known and at most `horizon_s`.

    A stage that still waits is shown as going on; times rise strictly.
    """
    points: list[tuple[float, float]] = []
    end_s, from_s = at_s + horizon_s, at_s
    while place.stage < len(stages) and from_s < end_s:
        stage = stages[place.stage]
        waits = stage.until is not Until.NOTHING and place.met_s is None
        met_s = place.began_s if place.met_s is None else place.met_s
        until_s = end_s if waits else min(end_s, met_s + stage.lasts_s - JUMP_S)
        for index in range(math.ceil(max(0.0, until_s - from_s) / step_s)):
            now_s = from_s + index * step_s
            if now_s < until_s - JUMP_S / 2:
                points.append((now_s, stage.hz_at(now_s - place.began_s)))
        if until_s > from_s:
            points.append((until_s, stage.hz_at(until_s - place.began_s)))
        from_s = max(from_s, until_s + JUMP_S)
        place = Place(place.stage + 1, until_s + JUMP_S)
    return tuple(points)


def at_most_s(stages: Sequence[Stage]) -> float:
    """Return how long the whole can take."""
    waits = sum(stage.wait_s_max for stage in stages if stage.until is not Until.NOTHING)
    return waits + sum(stage.lasts_s for stage in stages)
