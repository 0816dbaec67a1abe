"""The series that the hub keeps: appended to, and read as they were known at any instant.

Nothing is overwritten. The same batch may come as often as it likes: what was known already is not
kept again. Reading and weighing a lot happens in a thread, for the loop has others to serve.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ParamSpec, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel.database import Database
from cloud.market.areas.model import Area
from cloud.market.series import checking, days, store
from cloud.market.series.checking import BadBatch
from cloud.market.series.days import Completeness, Gap
from cloud.market.series.merge import Statement, Values, merge
from cloud.market.series.model import LOADS, Batch, Extent, Kind, Quality, Series
from cloud.market.series.store import Aside
from cloud.market.series.usual import DAYS, Usual, usual

DAYS_AT_ONCE = 100
"""Of a batch: so many are kept in one transaction."""
READ_DAYS_MAX = 1_100
"""Three years, in one reading."""
ASIDES_MAX = 1_000
_AT_ONCE = 32
"""Statements that are read without a thread: they take less than a millisecond."""
_US = 1_000_000

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Appended:
    """What came of batches, in values."""

    new: int = 0
    known: int = 0
    """Said before, and not kept again."""
    apart: int = 0
    """Kept, and not served."""

    def __add__(self, other: "Appended") -> "Appended":
        return Appended(self.new + other.new, self.known + other.known, self.apart + other.apart)


class Archive:
    """All series of one hub; `database` is the truth, nothing is remembered here."""

    def __init__(self, database: Database, areas: dict[str, Area]) -> None:
        self.database, self.areas = database, areas

    def area_of(self, series: Series) -> Area:
        """Return the area of a series.

        Raises:
            BadBatch: it is not known.
        """
        area = self.areas.get(series.area)
        if area is None:
            raise BadBatch(f"{series}: area {series.area} is not known")
        return area

    async def append(self, batches: Iterable[Batch]) -> Appended:
        """Keep what is new in `batches`; committed when it returns, idempotent.

        Raises:
            BadBatch: one of them may not be kept, and none is.
            Unavailable: the database does not answer; some may be kept.
        """
        by_series: dict[Series, list[Statement]] = {}
        believed: dict[Series, Usual | None] = {}
        for batch in batches:
            area = self.area_of(batch.series)
            if batch.series not in believed:
                believed[batch.series] = await self._usual(batch)
            many = len(batch.values) > 1_000
            parts = await _aside(many, _parts, batch, area, believed[batch.series])
            by_series.setdefault(batch.series, []).extend(parts)
        total = Appended()
        for series, said in by_series.items():
            for first in range(0, len(said), DAYS_AT_ONCE):
                total += await self._append(series, said[first : first + DAYS_AT_ONCE])
        return total

    async def as_of(
        self, series: Series, start_us: int, end_us: int, known_us: int | None = None
    ) -> Values:
        """Return the values of intervals that start in ``[start_us, end_us)``.

        Args:
            known_us: as it was known at this instant; None: all that is known.

        Raises:
            ValueError: more than `READ_DAYS_MAX` days.
        """
        if end_us - start_us > READ_DAYS_MAX * 86_400 * _US:
            raise ValueError(f"{READ_DAYS_MAX} days are read at once")
        async with self.database.reading() as connection:
            number = await store.number_of(connection, series)
            rows: Sequence[Any] = ()
            if number is not None:
                rows = await store.statements(connection, number, start_us, end_us, known_us)

        def read() -> Values:
            return merge(series, store.read(rows, series.resolution_s), start_us, end_us)

        return await _aside(len(rows) > _AT_ONCE, read)

    async def around(
        self, start_us: int, end_us: int, without: Kind
    ) -> dict[Series, list[Statement]]:
        """Return what was said of ``[start_us, end_us)``, of all series but of one kind."""
        async with self.database.reading() as connection:
            rows = await store.around(connection, start_us, end_us, without)

        def read() -> dict[Series, list[Statement]]:
            found: dict[Series, list[Statement]] = {}
            for row in rows:
                found.setdefault(store.series_of(row), []).extend(
                    store.read([row], row.resolution_s)
                )
            return found

        return await _aside(len(rows) > _AT_ONCE, read)

    async def complete(
        self, series: Series, day: date, known_us: int | None = None
    ) -> Completeness:
        """Return how much of a local day is there."""
        area = self.area_of(series)
        values = await self.as_of(series, *area.day_us(day), known_us)
        return days.completeness(values, area, day)

    async def gaps(
        self, series: Series, start_us: int, end_us: int, known_us: int | None = None
    ) -> list[Gap]:
        """Return what is missing of ``[start_us, end_us)``."""
        values = await self.as_of(series, start_us, end_us, known_us)
        return list(days.gaps(values, start_us, end_us))

    async def extents(self) -> list[Extent]:
        """Return what is kept, in order of the series."""
        async with self.database.reading() as connection:
            return await store.extents(connection)

    async def quarantine(self, limit: int = ASIDES_MAX, open_only: bool = False) -> list[Aside]:
        """Return what is kept and not served, the last received first.

        Args:
            open_only: only that of which nobody has decided yet.
        """
        async with self.database.reading() as connection:
            return await store.asides(connection, min(limit, ASIDES_MAX), open_only)

    async def waiting(self) -> int:
        """Return how many statements are set apart of which nobody has decided yet."""
        async with self.database.reading() as connection:
            return await store.waiting(connection)

    async def _usual(self, batch: Batch) -> Usual | None:
        """Return what is believed of a load after the weeks before it, None: any size is.

        Of several batches of one series the first asks: what is kept with it judges none of them.
        """
        series = batch.series
        if series.kind not in LOADS or not batch.starts_us:
            return None
        end_us = batch.starts_us[0]
        before = await self.as_of(series, end_us - DAYS * 86_400 * _US, end_us)
        return usual(before.values, series.resolution_s)

    async def _append(self, series: Series, parts: Sequence[Statement]) -> Appended:
        async with self.database.transaction() as connection:
            number = await store.make(connection, series)
            there = await self._there(connection, number, parts)

            def weigh() -> list[Statement]:
                known = store.read(there, series.resolution_s)
                return _news(series, parts, known)

            found = await _aside(len(there) + len(parts) > _AT_ONCE, weigh)
            await store.add(connection, number, series.resolution_s, found)
        new, apart = _count(found)
        return Appended(new, sum(len(part.starts_us) for part in parts) - new - apart, apart)

    async def _there(
        self, connection: AsyncConnection, number: int, parts: Sequence[Statement]
    ) -> Sequence[Any]:
        start_us = min(part.starts_us[0] for part in parts)
        end_us = max(part.starts_us[-1] for part in parts) + 1
        return await store.statements(connection, number, start_us, end_us, None)


def _parts(batch: Batch, area: Area, believed: Usual | None) -> list[Statement]:
    return list(checking.statements(batch, area, believed))


def _news(
    series: Series, parts: Sequence[Statement], known: Sequence[Statement]
) -> list[Statement]:
    found: list[Statement] = []
    for part in parts:
        start_us, end_us = part.starts_us[0], part.starts_us[-1] + 1
        there = (*known, *found)
        near = [one for one in there if one.starts_us[0] < end_us and one.starts_us[-1] >= start_us]
        by_then = [one for one in near if one.known_us <= part.known_us]
        arrived = [one for one in near if not one.assumed]
        said = checking.news(
            part,
            merge(series, by_then, start_us, end_us).by_start(),
            merge(series, arrived, start_us, end_us).by_start(),
        )
        if said is not None and not any(checking.is_same_aside(said, one) for one in near):
            found.append(said)
    return found


def _count(found: Iterable[Statement]) -> tuple[int, int]:
    new = apart = 0
    for one in found:
        if one.quality in (Quality.GOOD, Quality.SIMULATED):
            new += len(one.starts_us)
        else:
            apart += len(one.starts_us)
    return new, apart


async def _aside(much: bool, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Return what `work` returns, out of a thread where it is much."""
    if much:
        return await asyncio.to_thread(work, *arguments, **named)
    return work(*arguments, **named)
