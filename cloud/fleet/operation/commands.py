"""Commands in the database: issued, fetched, answered, taken back."""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import store as fleet
from cloud.fleet.model import Gateway, Site
from cloud.fleet.operation import command_rows, states, tables
from cloud.fleet.operation.model import OPEN, CommandRow, Standing, Wish
from cloud.fleet.operation.paging import CommandPlace
from cloud.kernel import events
from cloud.kernel.errors import NotFound, Refused
from cloud.kernel.events import NewEvent
from wire import fields
from wire.command import COMMANDS_MAX, Command, CommandResult
from wire.order import AcknowledgeOrder, to_document
from wire.sync import Severity

LIST_MAX = 1_000
KEPT_MAX = 5_000
"""Commands of a gateway; beyond, the oldest that are at their end are forgotten: the audit log
keeps that they were."""
_OPEN = [standing.value for standing in OPEN]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which commands are wanted; None or empty: all."""

    sites: Sequence[str] | None = None
    kind: str | None = None
    standing: Standing | None = None
    only_open: bool = False
    before: CommandPlace | None = None
    """For the next page: behind this place."""
    limit: int = 100


async def issue(
    connection: AsyncConnection, gateway: Gateway, wish: Wish, now_us: int
) -> CommandRow:
    """Make the wish a command of the box; wake `command_topic` of its site after the commit.

    Raises:
        Invalid: see `states.leased`.
        Refused: COMMANDS_MAX, or GATEWAY_REVOKED.
    """
    if gateway.revoked_us is not None:
        raise Refused("GATEWAY_REVOKED", f"gateway {gateway.id!r} is revoked")
    command = states.leased(wish, f"cmd-{secrets.token_hex(8)}", now_us)
    await fleet.gateway(connection, gateway.id, lock=True)
    if command.kind != AcknowledgeOrder.kind:
        await _check_room(connection, gateway.id)
    row = CommandRow(
        id=command.id,
        site=gateway.site,
        gateway=gateway.id,
        kind=command.kind,
        payload=to_document(command.order),
        issued_us=now_us,
        expires_us=command.expires_us,
        priority=command.priority,
        actor=wish.actor.key_id,
        account=wish.actor.account,
        reason=fields.cut(wish.actor.reason),
        standing=Standing.ISSUED,
        changed_us=now_us,
        by_box=False,
        text="",
        read_back_kw=None,
    )
    await connection.execute(tables.command.insert().values(command_rows.values(row)))
    return row


async def pending(connection: AsyncConnection, gateway_id: str, now_us: int) -> tuple[Command, ...]:
    """Return what the box has not yet said that it holds, the most urgent first."""
    c = tables.command.c
    rows = await connection.execute(
        select(tables.command)
        .where(
            c.gateway == gateway_id,
            c.standing == Standing.ISSUED.value,
            c.expires_us > now_us,
        )
        .order_by(c.priority, c.issued_us, c.id)
        .limit(COMMANDS_MAX)
    )
    return tuple(command_rows.command(command_rows.of(row)) for row in rows)


async def take_results(
    connection: AsyncConnection, gateway: Gateway, results: Sequence[CommandResult], now_us: int
) -> int:
    """Note what became of commands; return how many of them changed by it.

    One that this box was never given changes nothing, and is not an error either: the box would
    repeat it for ever. A hub that was restored from a backup knows less than its boxes.
    """
    await fleet.gateway(connection, gateway.id, lock=True)
    changed = 0
    for result in results:
        row = await _find(connection, result.id)
        if row is None or row.gateway != gateway.id:
            _logger.warning(
                "%s tells of a command that it was not given: %s", gateway.id, result.id
            )
            continue
        after = states.told(row, result)
        if after is not None:
            await change(connection, after, now_us)
            changed += 1
    return changed


async def change(connection: AsyncConnection, row: CommandRow, now_us: int) -> None:
    """Store the command's new standing, and its end as an event of the site."""
    c = tables.command.c
    await connection.execute(
        update(tables.command).where(c.id == row.id).values(command_rows.values(row))
    )
    if not row.standing.final:
        return
    site = await fleet.site(connection, row.site)
    assert site is not None, "a command's site is kept by a foreign key"
    await events.append(connection, _ending(row, site, now_us))


async def command(connection: AsyncConnection, command_id: str) -> CommandRow:
    """Return the command.

    Raises:
        NotFound: there is none of this id.
    """
    found = await _find(connection, command_id)
    if found is None:
        raise unknown(command_id)
    return found


async def locked(connection: AsyncConnection, command_id: str) -> CommandRow:
    """Return the command, which nobody else changes until this transaction ends."""
    found = await command(connection, command_id)
    await fleet.gateway(connection, found.gateway, lock=True)
    return await command(connection, command_id)


async def listed(connection: AsyncConnection, wanted: Filter) -> Sequence[CommandRow]:
    """Return commands, the newest first."""
    c = tables.command.c
    query = select(tables.command).order_by(c.issued_us.desc(), c.id.desc())
    if wanted.sites is not None:
        query = query.where(c.site.in_(wanted.sites))
    if wanted.kind is not None:
        query = query.where(c.kind == wanted.kind)
    if wanted.standing is not None:
        query = query.where(c.standing == wanted.standing.value)
    if wanted.only_open:
        query = query.where(c.standing.in_(_OPEN))
    if wanted.before is not None:
        query = query.where(tuple_(c.issued_us, c.id) < tuple_(*wanted.before))
    rows = await connection.execute(query.limit(min(wanted.limit, LIST_MAX)))
    return [command_rows.of(row) for row in rows]


async def open_counts(connection: AsyncConnection) -> dict[str, int]:
    """Return how many commands of each gateway are not at their end."""
    c = tables.command.c
    query = select(c.gateway, func.count().label("n")).where(c.standing.in_(_OPEN))
    return {row.gateway: row.n for row in await connection.execute(query.group_by(c.gateway))}


async def overdue(connection: AsyncConnection, now_us: int) -> Sequence[str]:
    """Return the ids of commands that `states.overdue` ends, a page of them."""
    c = tables.command.c
    query = select(tables.command).where(c.standing.in_(_OPEN), c.expires_us <= now_us)
    rows = await connection.execute(query.limit(LIST_MAX))
    return [row.id for row in rows if states.overdue(command_rows.of(row), now_us) is not None]


async def end_overdue(
    connection: AsyncConnection, command_id: str, now_us: int
) -> CommandRow | None:
    """End the command if it is still overdue."""
    after = states.overdue(await locked(connection, command_id), now_us)
    if after is not None:
        await change(connection, after, now_us)
    return after


async def trim(connection: AsyncConnection, gateway_id: str, kept: int = KEPT_MAX) -> int:
    """Forget the oldest commands that are at their end beyond the limit; return how many."""
    c = tables.command.c
    ended = and_(
        c.gateway == gateway_id,
        c.standing.not_in(_OPEN),
        c.id.not_in(select(tables.bundle.c.command).scalar_subquery()),
    )
    oldest = (
        select(c.id).where(ended).order_by(c.issued_us.desc(), c.id).offset(kept).limit(KEPT_MAX)
    )
    gone = await connection.execute(
        delete(tables.command).where(c.id.in_(oldest.scalar_subquery()))
    )
    return gone.rowcount


def taken_back(row: CommandRow, who: str, now_us: int) -> CommandRow:
    """Return the command taken back.

    Raises:
        Refused: COMMAND_ENDED, or COMMAND_RECEIVED.
    """
    after = states.cancelled(row, who, now_us)
    if after is not None:
        return after
    if row.standing.final:
        raise Refused("COMMAND_ENDED", f"command {row.id!r} is at its end: {row.standing.value}")
    raise Refused("COMMAND_RECEIVED", f"the box holds command {row.id!r} already")


def unknown(command_id: str) -> NotFound:
    return NotFound(f"command {command_id!r} is not known")


async def _check_room(connection: AsyncConnection, gateway_id: str) -> None:
    c = tables.command.c
    count = await connection.scalar(
        select(func.count())
        .select_from(tables.command)
        .where(
            c.gateway == gateway_id,
            c.standing.in_(_OPEN),
            c.kind != AcknowledgeOrder.kind,
        )
    )
    if (count or 0) >= states.OPEN_MAX:
        raise Refused(
            "COMMANDS_MAX", f"at most {states.OPEN_MAX} open commands of a gateway are allowed"
        )


async def _find(connection: AsyncConnection, command_id: str) -> CommandRow | None:
    query = select(tables.command).where(tables.command.c.id == command_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else command_rows.of(row)


def _ending(row: CommandRow, site: Site, now_us: int) -> NewEvent:
    well = row.standing in (Standing.DONE, Standing.CANCELLED)
    return NewEvent(
        at_us=row.changed_us if row.by_box else now_us,
        code=f"COMMAND_{row.standing.name}",
        severity=Severity.INFO if well else Severity.WARNING,
        source=row.gateway,
        text=fields.cut(f"{row.kind} {row.id}: {row.text or row.standing.value}"),
        account=site.account,
        site=row.site,
        origin=f"{row.id}/{row.standing.value}/{'box' if row.by_box else 'hub'}",
    )
