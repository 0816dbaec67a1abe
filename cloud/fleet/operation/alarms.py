"""Alarms in the database: told by boxes, raised by the hub, acknowledged by people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import store as fleet
from cloud.fleet.model import Gateway
from cloud.fleet.operation import alarm_rows, conditions, tables
from cloud.fleet.operation.conditions import HUB_PREFIX, Finding
from cloud.fleet.operation.model import AlarmCount, AlarmRow
from cloud.fleet.operation.paging import AlarmPlace
from cloud.fleet.tables import gateway as gateways
from cloud.kernel import events
from cloud.kernel.errors import NotFound
from cloud.kernel.events import NewEvent
from wire import fields
from wire.alarm import Alarm
from wire.sync import Severity

LIST_MAX = 1_000
KEPT_MAX = 5_000
"""Alarms of a gateway; beyond, the oldest that are over are forgotten."""


class Phase(StrEnum):
    """Where an alarm is on its way."""

    RAISED = "raised"
    """It lasts, and nobody has seen it."""
    ACKNOWLEDGED = "acknowledged"
    """It lasts, and somebody has seen it."""
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which alarms are wanted; None: all."""

    sites: Sequence[str] | None = None
    phase: Phase | None = None
    severity: Severity | None = None
    code: str | None = None
    before: AlarmPlace | None = None
    """For the next page: behind this place."""
    limit: int = 100


async def take(connection: AsyncConnection, gateway: Gateway, told: Sequence[Alarm]) -> int:
    """Merge changes of a box's alarms; return how many rows changed.

    The caller holds the lock of the gateway's row.
    """
    told = [alarm for alarm in told if not alarm.id.startswith(HUB_PREFIX)]
    here = await _of_ids(connection, gateway.id, {alarm.id for alarm in told})
    changed: dict[str, Alarm] = {}
    for alarm in told:
        after = conditions.merged(changed.get(alarm.id, here.get(alarm.id)), alarm)
        if after is not None:
            changed[alarm.id] = after
    await alarm_rows.store(connection, gateway, changed.values())
    return len(changed)


async def reconcile(
    connection: AsyncConnection, gateway: Gateway, found: Mapping[str, Finding], now_us: int
) -> int:
    """Raise and clear the hub's own alarms of a box; return how many changed.

    The caller holds the lock of the gateway's row.
    """
    here = await hub_alarms(connection, gateway.id)
    raised = [_raised(f, gateway, now_us) for code, f in found.items() if code not in here]
    cleared = [
        replace(alarm, change=alarm.change + 1, cleared_us=now_us)
        for code, alarm in here.items()
        if code not in found
    ]
    await alarm_rows.store(connection, gateway, [*raised, *cleared])
    if raised or cleared:
        site = await fleet.site(connection, gateway.site)
        assert site is not None, "a gateway's site is kept by a foreign key"
        happened = [_event(alarm, gateway, site.account) for alarm in (*raised, *cleared)]
        await events.append(connection, *happened)
    return len(raised) + len(cleared)


async def hub_alarms(connection: AsyncConnection, gateway_id: str) -> dict[str, Alarm]:
    """Return the hub's own alarms of a box that last, by code."""
    c = tables.alarm.c
    rows = await connection.execute(
        select(tables.alarm).where(
            c.gateway == gateway_id, c.cleared_us.is_(None), c.id.startswith(HUB_PREFIX)
        )
    )
    return {row.code: alarm_rows.alarm(row) for row in rows}


async def hub_codes(connection: AsyncConnection) -> dict[str, set[str]]:
    """Return which of the hub's own alarms last, by gateway."""
    c = tables.alarm.c
    query = select(c.gateway, c.code).where(c.cleared_us.is_(None), c.id.startswith(HUB_PREFIX))
    codes: dict[str, set[str]] = {}
    for row in await connection.execute(query):
        codes.setdefault(row.gateway, set()).add(row.code)
    return codes


async def alarm(connection: AsyncConnection, gateway_id: str, alarm_id: str) -> AlarmRow:
    """Return the alarm.

    Raises:
        NotFound: this box has none of this id.
    """
    c = tables.alarm.c
    query = select(tables.alarm).where(c.gateway == gateway_id, c.id == alarm_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise unknown(gateway_id, alarm_id)
    return alarm_rows.of(row)


async def acknowledge(
    connection: AsyncConnection, gateway: Gateway, alarm_id: str, who: str, note: str, now_us: int
) -> tuple[AlarmRow, bool]:
    """Note who has seen the alarm; return it, and whether that was news.

    The caller holds the lock of the gateway's row. The first one stays.

    Raises:
        NotFound: this box has none of this id.
    """
    row = await alarm(connection, gateway.id, alarm_id)
    after = conditions.acknowledged(row.alarm, who, fields.cut(note), now_us)
    if after is None:
        return row, False
    await alarm_rows.store(connection, gateway, [after])
    return replace(row, alarm=after), True


async def listed(connection: AsyncConnection, wanted: Filter) -> Sequence[AlarmRow]:
    """Return alarms, the one raised last first."""
    c = tables.alarm.c
    query = select(tables.alarm).order_by(c.raised_us.desc(), c.gateway.desc(), c.id.desc())
    if wanted.sites is not None:
        query = query.where(c.site.in_(wanted.sites))
    if wanted.phase is not None:
        query = query.where(_in_phase(wanted.phase))
    if wanted.severity is not None:
        query = query.where(c.severity == int(wanted.severity))
    if wanted.code is not None:
        query = query.where(c.code == wanted.code)
    if wanted.before is not None:
        query = query.where(tuple_(c.raised_us, c.gateway, c.id) < tuple_(*wanted.before))
    rows = await connection.execute(query.limit(min(wanted.limit, LIST_MAX)))
    return [alarm_rows.of(row) for row in rows]


async def counts(connection: AsyncConnection) -> dict[str, AlarmCount]:
    """Return how many alarms of each gateway last; one that has none is left out."""
    c = tables.alarm.c
    is_alarm = c.severity == int(Severity.ALARM)
    query = (
        select(
            c.gateway,
            func.sum(case((is_alarm, 0), else_=1)).label("warnings"),
            func.sum(case((is_alarm, 1), else_=0)).label("alarms"),
            func.sum(case((c.acked_us.is_(None), 1), else_=0)).label("unacknowledged"),
        )
        .where(c.cleared_us.is_(None))
        .group_by(c.gateway)
    )
    return {
        row.gateway: AlarmCount(
            warnings=int(row.warnings),
            alarms=int(row.alarms),
            unacknowledged=int(row.unacknowledged),
        )
        for row in await connection.execute(query)
    }


async def forgotten(connection: AsyncConnection, gateway: Gateway, at_us: int) -> int:
    """Clear what a box raised up to `at_us` and knows no more; return how many alarms.

    Their `change` stays, so should the box tell of one again, its word is taken.
    """
    c = tables.alarm.c
    ended = await connection.execute(
        update(tables.alarm)
        .where(
            c.gateway == gateway.id,
            c.cleared_us.is_(None),
            c.raised_us <= at_us,
            c.id.not_like(f"{HUB_PREFIX}%"),
        )
        .values(cleared_us=at_us)
    )
    return ended.rowcount


async def end_of_revoked(connection: AsyncConnection, now_us: int) -> int:
    """Clear what lasts of boxes that may not speak any more; return how many alarms."""
    c = tables.alarm.c
    revoked = select(gateways.c.id).where(gateways.c.revoked_us.isnot(None))
    ended = await connection.execute(
        update(tables.alarm)
        .where(c.cleared_us.is_(None), c.gateway.in_(revoked.scalar_subquery()))
        .values(cleared_us=now_us, change=c.change + 1)
    )
    return ended.rowcount


async def trim(connection: AsyncConnection, gateway_id: str, kept: int = KEPT_MAX) -> int:
    """Forget the oldest alarms that are over beyond the limit; return how many."""
    c = tables.alarm.c
    over = and_(c.gateway == gateway_id, c.cleared_us.isnot(None))
    oldest = (
        select(c.id).where(over).order_by(c.raised_us.desc(), c.id).offset(kept).limit(KEPT_MAX)
    )
    gone = await connection.execute(
        delete(tables.alarm).where(over, c.id.in_(oldest.scalar_subquery()))
    )
    return gone.rowcount


def unknown(gateway_id: str, alarm_id: str) -> NotFound:
    return NotFound(f"alarm {alarm_id!r} of gateway {gateway_id!r} is not known")


def phase(alarm: Alarm) -> Phase:
    if alarm.cleared_us is not None:
        return Phase.CLEARED
    return Phase.RAISED if alarm.acked_us is None else Phase.ACKNOWLEDGED


def _in_phase(wanted: Phase) -> ColumnElement[bool]:
    c = tables.alarm.c
    if wanted is Phase.CLEARED:
        return c.cleared_us.isnot(None)
    seen = c.acked_us.isnot(None) if wanted is Phase.ACKNOWLEDGED else c.acked_us.is_(None)
    return and_(c.cleared_us.is_(None), seen)


def _raised(finding: Finding, gateway: Gateway, now_us: int) -> Alarm:
    return Alarm(
        id=f"{HUB_PREFIX}{finding.code.lower()}-{now_us}",
        change=1,
        code=finding.code,
        severity=finding.severity,
        source=gateway.id,
        text=finding.text,
        raised_us=now_us,
    )


def _event(alarm: Alarm, gateway: Gateway, account: str) -> NewEvent:
    over = alarm.cleared_us is not None
    return NewEvent(
        at_us=alarm.raised_us if alarm.cleared_us is None else alarm.cleared_us,
        code=f"{alarm.code}_OVER" if over else alarm.code,
        severity=Severity.INFO if over else alarm.severity,
        source="hub",
        text=fields.cut(f"{gateway.id}: {'over: ' if over else ''}{alarm.text}"),
        account=account,
        site=gateway.site,
        origin=f"{gateway.id}/{alarm.id}/{alarm.change}",
    )


async def _of_ids(connection: AsyncConnection, gateway_id: str, ids: set[str]) -> dict[str, Alarm]:
    if not ids:
        return {}
    c = tables.alarm.c
    rows = await connection.execute(
        select(tables.alarm).where(c.gateway == gateway_id, c.id.in_(sorted(ids)))
    )
    return {row.id: alarm_rows.alarm(row) for row in rows}
