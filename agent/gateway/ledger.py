"""The SQL of commands and alarms: steps of the buffer's transactions."""

import json
from collections.abc import Sequence
from dataclasses import replace

import aiosqlite

from agent.gateway.lease import Lease
from wire import alarm as alarms
from wire import command as commands
from wire import fields
from wire.alarm import Alarm
from wire.command import Command, State
from wire.fields import BadMessage
from wire.order import ConfigurationOrder

Database = aiosqlite.Connection
_CURSOR = "alarms"


async def read_leases(database: Database) -> list[Lease]:
    """Return all commands that are kept; a row that cannot be read is left out."""
    rows = await database.execute("SELECT issued_us, said, command, result, memo FROM commands")
    found: list[Lease] = []
    async for issued_us, said, command, result, memo in rows:
        try:
            found.append(_lease(issued_us, said, command, result, memo))
        except (BadMessage, ValueError):
            continue
    await rows.close()
    return found


def _lease(issued_us: int, said: str, command: str, result: str, memo: str) -> Lease:
    return Lease(
        command=commands.from_document(fields.parse(command)) if command else None,
        result=commands.result_from_document(fields.parse(result)),
        issued_us=issued_us,
        said=State(said) if said else None,
        memo=memo,
    )


async def write_leases(database: Database, leases: Sequence[Lease]) -> None:
    await database.executemany(
        "INSERT INTO commands (id, issued_us, state, said, command, result, memo)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " state = excluded.state, said = excluded.said, command = excluded.command,"
        " result = excluded.result, memo = excluded.memo",
        [
            (
                *(lease.id, lease.issued_us, lease.state.value, lease.said or ""),
                _command_text(lease),
                fields.compact(commands.result_to_document(lease.result)),
                lease.memo,
            )
            for lease in leases
        ],
    )


def _command_text(lease: Lease) -> str:
    command = _without_secrets(lease)
    return "" if command is None else fields.compact(commands.to_document(command))


def _without_secrets(lease: Lease) -> Command | None:
    """Settings may hold secrets: they are not kept beyond the command's end."""
    command = lease.command
    if command is None or not isinstance(command.order, ConfigurationOrder):
        return command
    if not lease.state.final:
        return command
    return replace(command, order=ConfigurationOrder("#", command.order.dry_run))


async def forget_leases(database: Database, ids: Sequence[str]) -> None:
    await database.executemany("DELETE FROM commands WHERE id = ?", [(one,) for one in ids])


async def read_alarms(database: Database) -> list[Alarm]:
    """Return all alarms that are kept, the oldest first; an unreadable row is left out."""
    rows = await database.execute("SELECT body FROM alarms ORDER BY raised_us, id")
    found: list[Alarm] = []
    async for (body,) in rows:
        try:
            found.append(alarms.from_document(fields.parse(body)))
        except BadMessage:
            continue
    await rows.close()
    return found


async def write_alarms(database: Database, changed: Sequence[Alarm]) -> None:
    await database.executemany(
        "INSERT INTO alarms (id, raised_us, lasts, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET lasts = excluded.lasts, body = excluded.body",
        [
            (
                *(alarm.id, alarm.raised_us, alarm.cleared_us is None),
                fields.compact(alarms.to_document(alarm)),
            )
            for alarm in changed
        ],
    )


async def forget_alarms(database: Database, most: int) -> None:
    """Delete the oldest of the cleared ones beyond `most`."""
    await database.execute(
        "DELETE FROM alarms WHERE NOT lasts AND id NOT IN"
        " (SELECT id FROM alarms ORDER BY lasts DESC, raised_us DESC LIMIT ?)",
        (most,),
    )


async def read_cursor(database: Database) -> tuple[str, int]:
    """Return epoch and number of the last frame that alarms were made of; "", -1: none."""
    rows = await database.execute("SELECT body FROM document WHERE name = ?", (_CURSOR,))
    row = await rows.fetchone()
    if row is None:
        return "", -1
    epoch, seq = json.loads(row[0])
    return str(epoch), int(seq)


async def write_cursor(database: Database, epoch: str, seq: int) -> None:
    body = json.dumps([epoch, seq])
    await database.execute(
        "INSERT INTO document VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = ?",
        (_CURSOR, body, body),
    )


_Payloads = list[tuple[int, bytes]]


async def read_events(
    database: Database, after: int, kind: int, most: int
) -> tuple[_Payloads, int]:
    """Return the payloads of the frames of `kind` above `after`, and the newest number of all."""
    rows = await database.execute(
        "SELECT seq, payload FROM frames WHERE seq > ? AND kind = ? ORDER BY seq LIMIT ?",
        (after, kind, most),
    )
    found = [(int(seq), bytes(payload)) async for seq, payload in rows]
    await rows.close()
    newest = await database.execute("SELECT coalesce(max(seq), -1) FROM frames")
    row = await newest.fetchone()
    assert row is not None, "an aggregate always has a row"
    return found, int(row[0])
