"""From the points of a period to the values of its intervals, by the rule of its curve. Pure.

A position that was left out says "as before" in a variable block (A03), up to the end of the
period, and "nothing" in a fixed one (A01). A position that was sent empty says "nothing" in both.

Source: ENTSO-E, curve types, 1.4; market data, §3.2.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cloud.market.feeds.entsoe import codes
from cloud.market.feeds.entsoe.document import Period
from cloud.market.feeds.errors import AnswerTooLarge, BadAnswer
from wire.clock import micros, utc

SLOTS_MAX = 600_000
"""Of one period; a year of minutes has 527,040."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """Values by interval; an interval without a value has no entry."""

    starts_us: list[int]
    values: list[float]
    slots: int
    """Intervals of the period, with and without a value."""
    step_us: int | None
    """Length of each interval, None where the calendar decides it."""
    beyond: tuple[int, ...]
    """Positions after the last interval, left out: the whole period is suspect."""


def expand(period: Period, curve: str, zone: ZoneInfo) -> Expanded:
    """Return the values of a period; `zone` is used for days, weeks, months and years only.

    Raises:
        BadAnswer: an unknown curve or resolution, a start off the grid, a length that is no whole
            number of intervals, a position below 1 or twice.
    """
    if curve not in (codes.FIXED, codes.VARIABLE):
        raise BadAnswer(f"curveType {curve!r} is not known; A01 and A03 are")
    grid = _grid(period, zone)
    slots = len(grid) - 1
    points = _points(period)
    count = bisect_right(points, slots, key=_position)
    starts_us: list[int] = []
    values: list[float] = []
    for index in range(count):
        position, value = points[index]
        if value is None:
            continue
        after = position + 1
        if curve == codes.VARIABLE:
            after = points[index + 1][0] if index + 1 < count else slots + 1
        starts_us += grid[position - 1 : after - 1]
        values += [value] * (after - position)
    return Expanded(
        starts_us=starts_us,
        values=values,
        slots=slots,
        step_us=codes.STEP_US.get(period.resolution),
        beyond=tuple(position for position, _ in points[count:]),
    )


def _position(point: tuple[int, float | None]) -> int:
    return point[0]


def _points(period: Period) -> list[tuple[int, float | None]]:
    points = sorted(zip(period.positions, period.values, strict=True), key=_position)
    if points and points[0][0] < 1:
        raise BadAnswer(f"position {points[0][0]}: the first one is 1")
    if len(set(period.positions)) < len(points):
        raise BadAnswer("a position stands twice in one period")
    return points


def _grid(period: Period, zone: ZoneInfo) -> Sequence[int]:
    """Return the starts of all intervals, and the end of the last one."""
    start_us, end_us = period.start_us, period.end_us
    if end_us <= start_us:
        raise BadAnswer(f"a period from {_said(start_us)} to {_said(end_us)} has no length")
    step_us = codes.STEP_US.get(period.resolution)
    if step_us is None:
        return _calendar_grid(period, zone)
    if start_us % step_us:
        raise BadAnswer(f"{_said(start_us)} is no start of an interval of {period.resolution}")
    if (end_us - start_us) % step_us:
        raise BadAnswer(
            f"{_said(start_us)} to {_said(end_us)} is no whole number of {period.resolution}"
        )
    if (end_us - start_us) // step_us > SLOTS_MAX:
        raise AnswerTooLarge(f"a period has more than {SLOTS_MAX} intervals")
    return range(start_us, end_us + 1, step_us)


def _calendar_grid(period: Period, zone: ZoneInfo) -> Sequence[int]:
    length = codes.CALENDAR.get(period.resolution)
    if length is None:
        known = ", ".join((*codes.STEP_US, *codes.CALENDAR))
        raise BadAnswer(f"resolution {period.resolution[:20]!r} is not known; {known} are")
    months, days = length
    local = utc(period.start_us).astimezone(zone)
    if local.time() != datetime.min.time() or (months and local.day > 1):
        raise BadAnswer(f"{_said(period.start_us)} is no start of a local {period.resolution}")
    first = local.date()
    grid = [period.start_us]
    while grid[-1] < period.end_us:
        if len(grid) > SLOTS_MAX:
            raise AnswerTooLarge(f"a period has more than {SLOTS_MAX} intervals")
        count = len(grid)
        month = first.year * 12 + first.month - 1 + count * months
        day = first.replace(year=month // 12, month=month % 12 + 1).toordinal() + count * days
        grid.append(micros(datetime.fromordinal(day).replace(tzinfo=zone)))
    if grid[-1] != period.end_us:
        raise BadAnswer(f"{_said(period.end_us)} is no end of a local {period.resolution}")
    return grid


def _said(at_us: int) -> str:
    return utc(at_us).isoformat(timespec="minutes")
