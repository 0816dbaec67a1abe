"""Questions about periods: in which steps, and from what the answer is put together.

What waits to be rolled up is read from its chunks and added, so an answer never lags behind an
upload. Days are days of UTC.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.telemetry import columns, roller, rolls, rollups, series, tables
from cloud.fleet.telemetry.columns import Columns
from cloud.fleet.telemetry.roller import Pending
from cloud.fleet.telemetry.rolls import DAY_US, HOUR_US, MINUTE_US, QUARTER_US, Rolls
from cloud.fleet.telemetry.series import Series
from cloud.kernel.errors import Invalid
from wire.fields import BadMessage

VALUES_WANTED = 2_000
"""Of each point, when the step is chosen for the asker; raw samples count as one a second."""
SERIES_MAX = 10_000
"""Series of one answer."""
TAIL_CHUNKS_MAX = 2_000
"""Chunks that wait for their roll-up and are added to an answer; beyond, it is not complete."""
_UNNUMBERED = 2**62
"""Series of the tail that the roll-ups have not met yet are numbered from here."""


class Step(StrEnum):
    """How fine an answer is."""

    RAW = "raw"
    MINUTE = "1m"
    QUARTER = "15m"
    HOUR = "1h"
    DAY = "1d"
    AUTO = "auto"


STEP_US = {
    Step.RAW: 1_000_000,
    Step.MINUTE: MINUTE_US,
    Step.QUARTER: QUARTER_US,
    Step.HOUR: HOUR_US,
    Step.DAY: DAY_US,
}


def resolved(step: Step, from_us: int, to_us: int) -> Step:
    """Return the finest step that gives at most `VALUES_WANTED` values; a day at the coarsest."""
    if step is not Step.AUTO:
        return step
    fitting = (one for one, us in STEP_US.items() if to_us - from_us <= VALUES_WANTED * us)
    return next(fitting, Step.DAY)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rollups:
    """An answer; `rolls.series` is an index of `series`, and the order is by it and by time."""

    step_us: int
    series: tuple[Series, ...]
    rolls: Rolls
    complete: bool
    """False: more waits to be rolled up than was added."""


async def ask(
    connection: AsyncConnection,
    site: str,
    points: Collection[str],
    from_us: int,
    to_us: int,
    step: Step,
) -> Rollups:
    """Return the roll-ups of whole intervals that touch ``[from_us, to_us)``.

    Args:
        points: names; none: all of the site.
        step: not finer than a minute; for raw samples see `telemetry.history`.

    Raises:
        Invalid: more values than one answer may have.
    """
    step_us = max(STEP_US[resolved(step, from_us, to_us)], MINUTE_US)
    from_us -= from_us % step_us
    to_us += -to_us % step_us
    known = await series.find(connection, site, points, SERIES_MAX)
    if len(known) * ((to_us - from_us) // step_us) > rollups.ROWS_MAX:
        raise Invalid(
            f"step: more than {rollups.ROWS_MAX} values are not allowed; fewer points,"
            " a shorter period, a coarser step or an export is expected"
        )
    table = tables.minute if step_us < QUARTER_US else tables.quarter
    stored = await rollups.read(connection, table, [one.id for one in known], from_us, to_us)
    waiting = await roller.pending(
        connection,
        site,
        from_us=from_us,
        to_us=to_us,
        chunks_max=TAIL_CHUNKS_MAX,
        values_max=2**62,
    )
    numbers = {(one.device, one.point): one.id for one in known}
    tail = await asyncio.to_thread(_tail, waiting, frozenset(points), numbers)
    inside = np.flatnonzero((tail.start_us >= from_us) & (tail.start_us < to_us))
    found = rolls.merged(rolls.joined([stored, tail.taken(inside)]), step_us)
    names = {number: name for name, number in numbers.items()}
    return _answer(found, names, step_us, complete=len(waiting) < TAIL_CHUNKS_MAX)


@dataclass(frozen=True, slots=True)
class Extent:
    """How many series there are, and between which instants."""

    series: int
    first_us: int
    last_us: int


async def extent(connection: AsyncConnection, site: str, points: Collection[str]) -> Extent | None:
    """Return where the site's roll-ups of these points begin and end; None: there is nothing."""
    known = await series.find(connection, site, points, SERIES_MAX)
    quarter, note = tables.quarter.c, tables.unrolled.c
    stored = select(func.min(quarter.start_us), func.max(quarter.start_us) + QUARTER_US - 1)
    stored = stored.where(quarter.series.in_([one.id for one in known]))
    waiting = select(func.min(note.t0_us), func.max(note.t1_us)).where(note.site == site)
    edges = [
        edge
        for query in (stored, waiting)
        for edge in (await connection.execute(query)).one()
        if edge is not None
    ]
    return Extent(len(known), min(edges), max(edges)) if edges else None


def _tail(
    waiting: Sequence[Pending],
    points: frozenset[str],
    numbers: dict[tuple[str, str], int],
) -> Rolls:
    """Roll up what waits; series without a number are given one in `numbers`."""
    groups: dict[tuple[str, tuple[str, ...]], list[Columns]] = {}
    for chunk in waiting:
        try:
            block = (
                columns.decode_points(chunk.payload, points)
                if points
                else columns.decode(chunk.payload)
            )
        except BadMessage:
            continue
        if block.points:
            groups.setdefault((block.device, block.points), []).append(block)
    parts = []
    for (device, names), blocks in groups.items():
        found = [numbers.setdefault((device, n), _UNNUMBERED + len(numbers)) for n in names]
        parts.append(rolls.rolled(blocks, np.array(found, dtype=np.int64)))
    return rolls.joined(parts)


def _answer(
    found: Rolls, names: dict[int, tuple[str, str]], step_us: int, *, complete: bool
) -> Rollups:
    present = sorted(set(found.series.tolist()), key=lambda number: names[number])
    listed = tuple(Series(number, *names[number]) for number in present)
    place = {number: index for index, number in enumerate(present)}
    indexes = np.array([place[number] for number in found.series.tolist()], dtype=np.int64)
    order = np.lexsort((found.start_us, indexes))
    ordered = found.taken(order)
    return Rollups(
        step_us=step_us,
        series=listed,
        rolls=Rolls(
            series=indexes[order],
            start_us=ordered.start_us,
            n=ordered.n,
            good=ordered.good,
            total=ordered.total,
            low=ordered.low,
            high=ordered.high,
            last=ordered.last,
            last_us=ordered.last_us,
            quality=ordered.quality,
        ),
        complete=complete,
    )
