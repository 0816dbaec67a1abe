"""A series of which each day is read as it was known at an instant of its own, in one reading."""

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from cloud.market.series import store
from cloud.market.series.archive import Archive
from cloud.market.series.merge import Statement, Values, merge
from cloud.market.series.model import Series


class Eve(NamedTuple):
    """What is read of ``[start_us, end_us)``: what was known at `known_us`, and nothing later."""

    start_us: int
    end_us: int
    known_us: int


async def of_eves(archive: Archive, series: Series, eves: Sequence[Eve]) -> list[Values]:
    """Return the values of each part, in the order of `eves`, whose spans ascend.

    Raises:
        Unavailable: the database does not answer.
    """
    async with archive.database.reading() as connection:
        number = await store.number_of(connection, series)
        if number is None or not eves:
            return [merge(series, (), one.start_us, one.end_us) for one in eves]
        last_us = max(one.known_us for one in eves)
        rows = await store.statements(
            connection, number, eves[0].start_us, eves[-1].end_us, last_us
        )

    def at_once() -> list[Values]:
        statements = store.read(rows, series.resolution_s)  # in order of their first interval
        firsts = [one.starts_us[0] for one in statements]
        return [_of(series, statements, firsts, one) for one in eves]

    return await asyncio.to_thread(at_once)


def _of(series: Series, statements: Sequence[Statement], firsts: Sequence[int], eve: Eve) -> Values:
    # A statement lies within one local day: only those that begin near the part can tell of it.
    begin = bisect_left(firsts, eve.start_us - store.DAY_US_MAX)
    near = statements[begin : bisect_left(firsts, eve.end_us)]
    known = [
        one for one in near if one.known_us <= eve.known_us and one.starts_us[-1] >= eve.start_us
    ]
    return merge(series, known, eve.start_us, eve.end_us)
