"""I22, the clock: who may trust its stamps, and by which time schedules run. Pure.

An archive needs 100 ms, a schedule 1 s. A clock that leaps after it was once right is not
believed: orders go on by the monotonic clock from the last good fix, until whoever judges clocks
has looked at the leap, or for an hour. Before the first fix there is nothing to hold on to, and
the clock is followed wherever it goes.
"""

import math
from dataclasses import dataclass

from agent.control.cuts import Cut
from agent.control.interlocks.gate import OPEN, Gate

ARCHIVE_ERROR_S_MAX = 0.1
SCHEDULE_ERROR_S_MAX = 1.0
GOOD_ERROR_S_MAX = 0.05
GOOD_S = 60.0
LOST_S_MAX = 3_600.0
"""So long nobody may know the error before people are told."""
LEAP_US_MIN = 1_000_000
FIX_BEFORE_S_MAX = 2.0
"""A verdict this much older than the sight of a leap may well be about it."""
HELD_S_MAX = 3_600.0

_WRONG = Cut("I22", "the clock is more than 1 s wrong")
_LOST = Cut("I22", "for an hour nobody has known what time it is")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMemory:
    """What the watch over the clock's error remembers; times are the event loop's."""

    archive: Gate = OPEN
    schedule: Gate = OPEN
    unknown_since_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """What the clock is good for."""

    archivable: bool = True
    """Stamps are good enough for the archive of a product; False: they are flagged."""
    alarm: Cut | None = None
    """People have to know; it forbids nothing."""


def watch(error_s: float | None, memory: ClockMemory, at_s: float) -> tuple[Clock, ClockMemory]:
    """Return what the clock is good for now; an error of None is one that nobody knows."""
    if error_s is None or not math.isfinite(error_s):
        since_s = at_s if memory.unknown_since_s is None else memory.unknown_since_s
        after = ClockMemory(
            archive=memory.archive, schedule=memory.schedule, unknown_since_s=since_s
        )
        lost = at_s - since_s > LOST_S_MAX
        alarm = _WRONG if memory.schedule.closed else _LOST if lost else None
        return Clock(archivable=False, alarm=alarm), after
    off_s = abs(error_s)
    if memory is WELL and off_s <= ARCHIVE_ERROR_S_MAX:
        return _GOOD, WELL
    well = off_s < GOOD_ERROR_S_MAX
    after = ClockMemory(
        archive=memory.archive.after(
            bad=off_s > ARCHIVE_ERROR_S_MAX, well=well, hold_s=GOOD_S, at_s=at_s
        ),
        schedule=memory.schedule.after(
            bad=off_s > SCHEDULE_ERROR_S_MAX, well=well, hold_s=GOOD_S, at_s=at_s
        ),
    )
    clock = Clock(
        archivable=not after.archive.closed, alarm=_WRONG if after.schedule.closed else None
    )
    return clock, WELL if after == WELL else after


WELL = ClockMemory()
_GOOD = Clock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """By which time orders run."""

    offset_us: int | None = None
    """What the clock that orders run by is ahead of the monotonic one; None: not begun."""
    since_s: float | None = None
    """The clock has leapt and is not followed; None: it is."""


def held(now_us: int, at_s: float, fix_s: float | None, hold: Hold) -> tuple[int, Hold]:
    """Return the wall time that orders run by, and what to remember for the next cycle.

    Args:
        now_us: what the clock shows.
        at_s: the event loop's time of this cycle.
        fix_s: when somebody last judged the clock; None: nobody has.
        hold: of the cycle before.
    """
    offset_us = now_us - round(at_s * 1e6)
    before_us = hold.offset_us
    if before_us is None or fix_s is None or abs(offset_us - before_us) < LEAP_US_MIN:
        return now_us, Hold(offset_us=offset_us)
    since_s = at_s if hold.since_s is None else hold.since_s
    judged = fix_s >= since_s - FIX_BEFORE_S_MAX
    if judged or at_s - since_s >= HELD_S_MAX:
        return now_us, Hold(offset_us=offset_us)
    return round(at_s * 1e6) + before_us, Hold(offset_us=before_us, since_s=since_s)
