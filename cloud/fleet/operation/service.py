"""What running the fleet does for the rest of the hub: the sync API, pages, the command line.

Every function works inside the caller's transaction, and wakes nobody: whoever commits wakes the
topics that are named here. Instants in µs UTC, signs as in `wire`.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import store as fleet
from cloud.fleet.model import Gateway
from cloud.fleet.operation import alarms as alarm_store
from cloud.fleet.operation import commands as command_store
from cloud.fleet.operation import conditions, reports
from cloud.fleet.operation import gaps as gap_store
from cloud.fleet.operation.model import (
    Actor,
    AlarmRow,
    CommandRow,
    FleetRow,
    GapRow,
    GapTotal,
    Wish,
)
from cloud.kernel import audit
from cloud.kernel.audit import Entry
from cloud.kernel.errors import Refused
from cloud.kernel.keys import Principal
from wire.command import Command, CommandResult
from wire.gap import Cause
from wire.order import AcknowledgeOrder, Order
from wire.records import Records
from wire.report import Report

OPERATION_TOPIC = "operation"
"""Woken when a command, alarm, gap or report of any site changed."""


def command_topic(site: str) -> str:
    """Return the bus topic that is woken when a command for the site was issued; the long polls
    wait on it."""
    return f"command:{site}"


def operation_topic(site: str) -> str:
    """Return the bus topic that is woken when a command, alarm, gap or report of the site
    changed; pages wait on it."""
    return f"operation:{site}"


def topics(site: str) -> tuple[str, ...]:
    """Return what to wake after a commit that changed any of this of a site."""
    return (operation_topic(site), OPERATION_TOPIC)


async def take_records(
    connection: AsyncConnection,
    gateway: Gateway,
    epoch: str,
    seq: int,
    records: Records,
    now_us: int,
) -> None:
    """Take in what a frame tells of alarms and gaps; its events are not looked at.

    The caller holds the lock of the gateway's row, and calls this once a frame; a frame that comes
    twice changes nothing.
    """
    for gap in records.gaps:
        if gap.cause is Cause.DAMAGED:
            # The box's alarms lay in the file that it set aside: it knows them no more.
            await alarm_store.forgotten(connection, gateway, gap.at_us)
    if records.alarms:
        await alarm_store.take(connection, gateway, records.alarms)
    if records.gaps:
        await gap_store.take(connection, gateway, epoch, records.gaps, now_us)


async def take_report(
    connection: AsyncConnection, gateway: Gateway, report: Report, now_us: int
) -> None:
    """Replace what is known of the box, and raise or clear what the hub has to say about it."""
    await fleet.gateway(connection, gateway.id, lock=True)
    await reports.take(connection, gateway, report, now_us)
    known = await reports.known(connection, gateway.id)
    found = conditions.findings(known, since_us=0, now_us=now_us)
    await alarm_store.reconcile(connection, gateway, found, now_us)


async def take_results(
    connection: AsyncConnection, gateway: Gateway, results: Sequence[CommandResult], now_us: int
) -> int:
    """Note what became of commands; return how many of them changed by it."""
    return await command_store.take_results(connection, gateway, results, now_us)


async def pending_commands(
    connection: AsyncConnection, gateway: Gateway, now_us: int
) -> tuple[Command, ...]:
    """Return what the box has not yet said that it holds, the most urgent first."""
    return await command_store.pending(connection, gateway.id, now_us)


async def issue(
    connection: AsyncConnection, gateway: Gateway, wish: Wish, now_us: int
) -> CommandRow:
    """Make the wish a command, and a row in the audit log; wake `command_topic` after the commit.

    Raises:
        Invalid: an end that does not fit.
        Refused: COMMANDS_MAX, or GATEWAY_REVOKED.
    """
    row = await command_store.issue(connection, gateway, wish, now_us)
    entry = _entry(wish.actor, f"command.{row.kind}", f"command {row.id}", row.site, now_us)
    await audit.record(connection, replace(entry, result=f"issued to {row.gateway}"))
    return row


async def issue_for_site(
    connection: AsyncConnection, site_id: str, wish: Wish, now_us: int
) -> CommandRow:
    """Issue the wish to the site's box: of several, the one that spoke last.

    Raises:
        Invalid, Refused: as `issue`; NO_GATEWAY if the site has none that may sign in.
    """
    return await issue(connection, await box_of(connection, site_id), wish, now_us)


async def box_of(connection: AsyncConnection, site_id: str) -> Gateway:
    """Return the site's box: of several that may sign in, the one that spoke last.

    Raises:
        Refused: NO_GATEWAY.
    """
    boxes = [
        gateway
        for gateway in await fleet.gateways(connection)
        if gateway.site == site_id and gateway.revoked_us is None
    ]
    if not boxes:
        raise Refused("NO_GATEWAY", f"site {site_id!r} has no gateway that may sign in")
    if len(boxes) == 1:
        return boxes[0]
    seen = await reports.last_seen_of_all(connection)
    return max(boxes, key=lambda box: (seen.get(box.id, -1), box.created_us, box.id))


async def cancel(
    connection: AsyncConnection, command_id: str, actor: Actor, now_us: int
) -> CommandRow:
    """Take a command back that the box has not yet said that it holds.

    A box that has fetched it in this moment executes it nevertheless; then its word replaces this.

    Raises:
        NotFound: there is none of this id.
        Refused: COMMAND_RECEIVED, COMMAND_ENDED.
    """
    row = await command_store.locked(connection, command_id)
    after = command_store.taken_back(row, actor.key_id, now_us)
    await command_store.change(connection, after, now_us)
    entry = _entry(actor, "command.cancel", f"command {row.id}", row.site, now_us)
    await audit.record(connection, replace(entry, result=after.text))
    return after


async def acknowledge(
    connection: AsyncConnection, gateway_id: str, alarm_id: str, actor: Actor, now_us: int
) -> tuple[AlarmRow, CommandRow | None]:
    """Note that somebody has seen the alarm, and tell its box so by a command.

    The note is the actor's reason. A second acknowledgement changes nothing. Of an alarm of the
    hub, or of a box that was revoked, there is nobody to tell.

    Raises:
        NotFound: there is no such alarm.
    """
    gateway = await fleet.gateway(connection, gateway_id, lock=True)
    if gateway is None:
        raise alarm_store.unknown(gateway_id, alarm_id)
    who, note = actor.key_id, actor.reason
    row, news = await alarm_store.acknowledge(connection, gateway, alarm_id, who, note, now_us)
    if not news:
        return row, None
    subject = f"alarm {alarm_id} of {gateway_id}"
    entry = _entry(actor, "alarm.acknowledge", subject, row.site, now_us)
    await audit.record(connection, replace(entry, result=row.alarm.code))
    if alarm_id.startswith(conditions.HUB_PREFIX) or gateway.revoked_us is not None:
        return row, None
    order: Order = AcknowledgeOrder(alarm_id, who, row.alarm.note, now_us)
    wish = Wish(order=order, actor=actor)
    return row, await command_store.issue(connection, gateway, wish, now_us)


async def gaps(connection: AsyncConnection, gateway_id: str) -> Sequence[GapRow]:
    """Return the ledger of one box, the newest loss first."""
    return await gap_store.of_gateway(connection, gateway_id)


async def gaps_of_site(connection: AsyncConnection, site_id: str) -> Sequence[GapRow]:
    """Return the ledgers of a site's boxes, the newest loss first."""
    return await gap_store.of_site(connection, site_id)


async def gap_total(connection: AsyncConnection, site_id: str) -> GapTotal:
    """Return what is missing of a site, over all of its boxes."""
    totals = (await gap_store.totals(connection, site_id)).values()
    return GapTotal(
        rows=sum(total.rows for total in totals),
        n_missing=sum(total.n_missing for total in totals),
        unknown=sum(total.unknown for total in totals),
    )


async def alarms(connection: AsyncConnection, wanted: alarm_store.Filter) -> Sequence[AlarmRow]:
    """Return alarms, the one raised last first."""
    return await alarm_store.listed(connection, wanted)


async def commands(
    connection: AsyncConnection, wanted: command_store.Filter
) -> Sequence[CommandRow]:
    """Return commands, the newest first."""
    return await command_store.listed(connection, wanted)


async def fleet_rows(
    connection: AsyncConnection, principal: Principal, site_id: str | None = None
) -> Sequence[FleetRow]:
    """Return a line for each box that may sign in, and for each site without one, by site."""
    return await reports.rows(connection, principal, site_id)


def _entry(actor: Actor, action: str, subject: str, site: str, now_us: int) -> Entry:
    return Entry(
        at_us=now_us,
        key_id=actor.key_id,
        account=actor.account,
        action=action,
        subject=subject,
        site=site,
        reason=actor.reason,
    )
