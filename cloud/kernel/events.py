"""Domain events are rows, appended in the transaction that makes them true, read with a cursor.

Numbers rise in the order of commit, also with several hub processes: appending takes a lock that
is held until the commit. So a reader that has seen number n never finds a lower one later.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Row, SmallInteger, String, Table, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel.database import insert_or_ignore, metadata
from wire.fields import TEXT_MAX
from wire.sync import Severity

LIMIT_MAX = 1_000
_APPEND_LOCK = 0x50484F01
_BIG = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only in a column of exactly this type."""

events_table = Table(
    "event",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=True),
    Column("at_us", BigInteger, nullable=False),
    Column("account", String(40), index=True),
    Column("site", String(40), index=True),
    Column("code", String(TEXT_MAX), nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("source", String(TEXT_MAX), nullable=False),
    Column("text", String(TEXT_MAX), nullable=False),
    Column("origin", String(200), unique=True),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What happened, to be appended."""

    at_us: int
    code: str
    """Stable, for machines: ``SCHEDULE_PUBLISHED``."""
    severity: Severity
    source: str
    """The device, gateway or feature that says so."""
    text: str
    account: str | None = None
    site: str | None = None
    origin: str | None = None
    """Who said it first, so that saying it again appends nothing; None: never said again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event that is committed."""

    id: int
    at_us: int
    code: str
    severity: Severity
    source: str
    text: str
    account: str | None
    site: str | None


async def append(connection: AsyncConnection, *events: NewEvent) -> None:
    """Append `events` in this order; one whose origin is there already is left out."""
    if not events:
        return
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_APPEND_LOCK})"))
    rows = [
        {
            "at_us": event.at_us,
            "account": event.account,
            "site": event.site,
            "code": event.code,
            "severity": int(event.severity),
            "source": event.source,
            "text": event.text,
            "origin": event.origin,
        }
        for event in events
    ]
    await insert_or_ignore(connection, events_table, rows)


async def after(
    connection: AsyncConnection, cursor: int, *, site: str | None = None, limit: int = LIMIT_MAX
) -> Sequence[EventRow]:
    """Return the events with numbers above `cursor`, oldest first."""
    query = select(events_table).where(events_table.c.id > cursor)
    if site is not None:
        query = query.where(events_table.c.site == site)
    rows = await connection.execute(query.order_by(events_table.c.id).limit(limit))
    return [_event(row) for row in rows]


async def newest(
    connection: AsyncConnection,
    *,
    site: str,
    before: int | None = None,
    limit: int = 100,
    without: Collection[str] = (),
) -> Sequence[EventRow]:
    """Return the last events of a site, newest first.

    Args:
        before: for the next page: only numbers below this one.
        without: codes that are left out.
    """
    query = select(events_table).where(events_table.c.site == site)
    if without:
        query = query.where(events_table.c.code.not_in(without))
    if before is not None:
        query = query.where(events_table.c.id < before)
    rows = await connection.execute(query.order_by(events_table.c.id.desc()).limit(limit))
    return [_event(row) for row in rows]


async def newest_of(
    connection: AsyncConnection, source: str, *, before: int | None = None, limit: int = 100
) -> Sequence[EventRow]:
    """Return the last events that a feature of the hub told of no site, newest first.

    Args:
        before: for the next page: only numbers below this one.
    """
    c = events_table.c
    query = select(events_table).where(c.site.is_(None), c.source == source)
    if before is not None:
        query = query.where(c.id < before)
    rows = await connection.execute(query.order_by(c.id.desc()).limit(min(limit, LIMIT_MAX)))
    return [_event(row) for row in rows]


def _event(row: Row[Any]) -> EventRow:
    return EventRow(
        id=row.id,
        at_us=row.at_us,
        code=row.code,
        severity=Severity(row.severity),
        source=row.source,
        text=row.text,
        account=row.account,
        site=row.site,
    )
