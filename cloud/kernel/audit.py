"""The audit log: who did what to what, why, and with which result.

A row is appended in the transaction of what it tells about, and never changed or deleted: the
database itself refuses that. What was refused before it changed anything is not in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Row, String, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel.database import metadata
from cloud.kernel.keys import OPERATOR, Principal
from wire import fields
from wire.fields import TEXT_MAX

LIMIT_MAX = 1_000
SUBJECT_MAX = 200
COMMAND_LINE = "command line"
"""Who did what was done on the hub's own machine: there is no key."""
_BIG = BigInteger().with_variant(Integer(), "sqlite")

audit_table = Table(
    "audit",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=True),
    Column("at_us", BigInteger, nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("account", String(40), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(SUBJECT_MAX), nullable=False, index=True),
    Column("site", String(40), index=True),
    Column("reason", String(TEXT_MAX), nullable=False),
    Column("result", String(TEXT_MAX), nullable=False),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that somebody changed."""

    at_us: int
    key_id: str
    """Of the API key; ``command line`` and ``hub`` for what was done without one."""
    account: str
    action: str
    """Stable, for machines: ``site.create``."""
    subject: str
    """What it was done to: ``gateway gw-5e0c9a71``."""
    site: str | None = None
    reason: str = ""
    result: str = ""


def by(
    principal: Principal, action: str, subject: str, now_us: int, *, site: str | None = None
) -> Entry:
    """Return an entry of what somebody did over the API; `dataclasses.replace` adds the rest."""
    return Entry(
        at_us=now_us,
        key_id=principal.key_id,
        account=principal.account,
        action=action,
        subject=subject,
        site=site,
    )


def by_command_line(action: str, subject: str, now_us: int, *, result: str = "") -> Entry:
    """Return an entry of what was done on the hub's own machine."""
    return Entry(
        at_us=now_us,
        key_id=COMMAND_LINE,
        account=OPERATOR.id,
        action=action,
        subject=subject,
        result=result,
    )


@dataclass(frozen=True, slots=True)
class Audited:
    """An entry that is committed."""

    id: int
    entry: Entry


async def record(connection: AsyncConnection, entry: Entry) -> None:
    """Append the entry; it is there if and only if this transaction is committed."""
    await connection.execute(
        audit_table.insert().values(
            at_us=entry.at_us,
            key_id=entry.key_id,
            account=entry.account,
            action=entry.action,
            subject=fields.cut(entry.subject, SUBJECT_MAX),
            site=entry.site,
            reason=fields.cut(entry.reason),
            result=fields.cut(entry.result),
        )
    )


async def newest(
    connection: AsyncConnection,
    *,
    before: int | None = None,
    site: str | None = None,
    key_id: str | None = None,
    action: str | None = None,
    limit: int = 100,
) -> Sequence[Audited]:
    """Return the last entries, newest first; `before` is for the next page."""
    c = audit_table.c
    query = select(audit_table).order_by(c.id.desc()).limit(min(limit, LIMIT_MAX))
    if before is not None:
        query = query.where(c.id < before)
    wanted = ((c.site, site), (c.key_id, key_id), (c.action, action))
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    return [_audited(row) for row in await connection.execute(query)]


def _audited(row: Row[Any]) -> Audited:
    return Audited(
        row.id,
        Entry(
            at_us=row.at_us,
            key_id=row.key_id,
            account=row.account,
            action=row.action,
            subject=row.subject,
            site=row.site,
            reason=row.reason,
            result=row.result,
        ),
    )
