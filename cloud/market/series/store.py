"""Series and statements in the database. Nothing is changed, nothing is deleted."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel.database import insert_or_ignore
from cloud.market.series import chunk
from cloud.market.series.merge import Statement
from cloud.market.series.model import Extent, Kind, Quality, Series
from cloud.market.series.raw import Raw
from cloud.market.series.tables import decision_table, series_table, statement_table

DAY_US_MAX = 25 * 3_600_000_000
_US = 1_000_000
_SERVED = (Quality.GOOD.value, Quality.SIMULATED.value)
_s, _c, _d = series_table.c, statement_table.c, decision_table.c
_DECIDES = "statement_id"


class Decision(NamedTuple):
    """What somebody said of a statement that was set apart."""

    at_us: int
    verdict: str
    account: str
    key_id: str
    reason: str


class Aside(NamedTuple):
    """A statement that is set apart, with its series."""

    number: int
    series: Series
    statement: Statement
    decision: Decision | None


async def number_of(connection: AsyncConnection, series: Series) -> int | None:
    """Return the number of a series, None where nothing is kept of it."""
    query = select(_s.id).where(*_same(series))
    found: int | None = await connection.scalar(query)
    return found


async def make(connection: AsyncConnection, series: Series) -> int:
    """Return the number of a series, new if need be."""
    found = await number_of(connection, series)
    if found is None:
        row = {
            "source": series.source,
            "kind": series.kind.value,
            "area": series.area,
            "resolution_s": series.resolution_s,
            "detail": series.detail,
        }
        await insert_or_ignore(connection, series_table, [row])
        found = await number_of(connection, series)
    assert found is not None, "it was made above"
    return found


async def add(
    connection: AsyncConnection, number: int, resolution_s: int, found: Iterable[Statement]
) -> None:
    """Keep statements; one that is there already is left as it is."""
    rows = [_row(number, resolution_s, one) for one in found]
    await insert_or_ignore(connection, statement_table, rows)


async def statements(
    connection: AsyncConnection, number: int, start_us: int, end_us: int, known_us: int | None
) -> Sequence[Row[Any]]:
    """Return rows of statements that say anything of ``[start_us, end_us)``; see `read`.

    Args:
        known_us: only what was known by then; None: all.
    """
    query = select(statement_table).where(
        _c.series_id == number,
        _c.first_us > start_us - DAY_US_MAX,
        _c.first_us < end_us,
        _c.last_us >= start_us,
    )
    if known_us is not None:
        query = query.where(_c.known_us <= known_us)
    return (await connection.execute(query.order_by(_c.first_us, _c.id))).all()


async def around(
    connection: AsyncConnection, start_us: int, end_us: int, without: Kind
) -> Sequence[Row[Any]]:
    """Return rows of all series but of one kind, with the columns of their series; see `read`."""
    query = (
        select(statement_table, _s.source, _s.kind, _s.area, _s.resolution_s, _s.detail)
        .join(series_table, _c.series_id == _s.id)
        .where(
            _s.kind != without.value,
            _c.first_us > start_us - DAY_US_MAX,
            _c.first_us < end_us,
            _c.last_us >= start_us,
        )
    )
    return (await connection.execute(query.order_by(_c.series_id, _c.first_us, _c.id))).all()


async def raw(
    connection: AsyncConnection, number: int, first_us: int, last_us: int, known_us: int
) -> list[Raw]:
    """Return served statements that begin in ``[first_us, last_us)``, known by an instant."""
    query = select(_c.first_us, _c.slots, _c.known_us, _c.created_us, _c.revision, _c.chunk).where(
        _c.series_id == number,
        _c.first_us >= first_us,
        _c.first_us < last_us,
        _c.known_us <= known_us,
        _c.quality.in_(_SERVED),
    )
    rows = await connection.execute(query.order_by(_c.first_us, _c.id))
    return [Raw._make(row) for row in rows]


def read(rows: Iterable[Row[Any]], resolution_s: int) -> list[Statement]:
    """Return the statements of rows; it costs 10 µs each, and needs no database."""
    return [_statement(row, resolution_s) for row in rows]


async def extents(connection: AsyncConnection) -> list[Extent]:
    """Return what is kept, in order of the series."""
    query = (
        select(
            series_table,
            func.min(_c.first_us).label("first_us"),
            func.max(_c.last_us).label("last_us"),
            func.max(_c.known_us).label("known_us"),
            func.max(_c.received_us).label("received_us"),
            func.count().label("statements"),
        )
        .join(statement_table, _c.series_id == _s.id)
        .group_by(*series_table.c)
    )
    rows = await connection.execute(query)
    found = [
        Extent(
            series_of(row),
            int(row.first_us),
            int(row.last_us),
            int(row.known_us),
            int(row.received_us),
            int(row.statements),
        )
        for row in rows
    ]
    return sorted(found)


async def asides(connection: AsyncConnection, limit: int, open_only: bool = False) -> list[Aside]:
    """Return the statements that are set apart, the last received first."""
    query = _asides().order_by(_c.received_us.desc(), _c.id.desc()).limit(limit)
    if open_only:
        query = query.where(_d.verdict.is_(None))
    return [_aside(row) for row in await connection.execute(query)]


async def waiting(connection: AsyncConnection) -> int:
    """Return how many statements are set apart of which nobody has decided yet."""
    open_ones = _asides().where(_d.verdict.is_(None)).subquery()
    counted: int | None = await connection.scalar(select(func.count()).select_from(open_ones))
    return counted or 0


async def aside(connection: AsyncConnection, number: int) -> Aside | None:
    """Return one statement that is set apart, None where there is none of this number."""
    row = (await connection.execute(_asides().where(_c.id == number))).one_or_none()
    return None if row is None else _aside(row)


async def decide(connection: AsyncConnection, number: int, decision: Decision) -> bool:
    """Keep a decision; False: there was one before, which stays."""
    row = {"statement_id": number, **decision._asdict()}
    await insert_or_ignore(connection, decision_table, [row])
    kept = await aside(connection, number)
    return kept is not None and kept.decision == decision


def _asides() -> Select[Any]:
    decided = [column.label(f"decision_{column.name}") for column in _d if column.name != _DECIDES]
    return (
        select(statement_table, _s.source, _s.kind, _s.area, _s.resolution_s, _s.detail, *decided)
        .join(series_table, _c.series_id == _s.id)
        .outerjoin(decision_table, _d.statement_id == _c.id)
        .where(_c.quality.in_([q.value for q in Quality if q.value not in _SERVED]))
    )


def _aside(row: Row[Any]) -> Aside:
    decision = None
    if row.decision_verdict is not None:
        decision = Decision(*(getattr(row, f"decision_{name}") for name in Decision._fields))
    return Aside(row.id, series_of(row), _statement(row, row.resolution_s), decision)


def series_of(row: Row[Any]) -> Series:
    return Series(row.source, Kind(row.kind), row.area, row.resolution_s, row.detail)


def _same(series: Series) -> list[Any]:
    return [
        _s.source == series.source,
        _s.kind == series.kind.value,
        _s.area == series.area,
        _s.resolution_s == series.resolution_s,
        _s.detail == series.detail,
    ]


def _row(number: int, resolution_s: int, one: Statement) -> dict[str, object]:
    packed = chunk.pack(one.starts_us, one.values, resolution_s * _US)
    said = f"{one.document}\0{one.created_us}\0{one.revision}\0{one.quality}\0".encode()
    return {
        "series_id": number,
        "first_us": one.starts_us[0],
        "last_us": one.starts_us[-1],
        "slots": len(one.starts_us),
        "known_us": one.known_us,
        "assumed": one.assumed,
        "received_us": one.received_us,
        "created_us": one.created_us,
        "revision": one.revision,
        "quality": one.quality.value,
        "document": one.document,
        "licence": one.licence,
        "digest": hashlib.blake2b(said + packed, digest_size=16).digest(),
        "chunk": packed,
    }


def _statement(row: Row[Any], resolution_s: int) -> Statement:
    starts, values = chunk.unpack(row.chunk, row.first_us, resolution_s * _US, row.slots)
    return Statement(
        starts_us=starts,
        values=values,
        known_us=row.known_us,
        assumed=row.assumed,
        received_us=row.received_us,
        created_us=row.created_us,
        revision=row.revision,
        document=row.document,
        quality=Quality(row.quality),
        licence=row.licence,
    )
