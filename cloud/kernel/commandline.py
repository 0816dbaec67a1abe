"""``phoenyra-hub key``: API keys from the command line of the hub's machine.

It works on the database beside a running hub, which asks it at every request. What was changed is
in the audit log.
"""

import argparse
import sys

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel import audit, keys, persons
from cloud.kernel.database import Database
from cloud.kernel.instants import iso
from cloud.kernel.keys import Account, KeyRecord, Role, Scope

_DAYS_MAX = 3_660
_DAY_US = 86_400 * 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what follows ``phoenyra-hub key``."""
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="make a key, and its account if need be; prints the key")
    add.add_argument("--account", required=True, type=_account)
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    text = "narrow the key to this; may be given several times"
    add.add_argument(
        "--scope", action="append", choices=[scope.value for scope in Scope], help=text
    )
    text = "let it end by itself after so many days"
    add.add_argument("--days", type=_days, help=text)
    text = "who is going to use it: what takes two people takes keys that name different ones"
    add.add_argument("--person", type=_person, help=text)
    actions.add_parser("list", help="list keys without their secrets")
    text = "make a key that follows this one, which ends after an overlap; prints the key"
    rotate = actions.add_parser("rotate", help=text)
    rotate.add_argument("id")
    text = "how long the old key is still good, in seconds (default: a day)"
    rotate.add_argument("--overlap-s", type=_overlap_s, default=keys.OVERLAP_S, help=text)
    revoke = actions.add_parser("revoke", help="end a key at once")
    revoke.add_argument("id")


async def run(database: Database, options: argparse.Namespace, now_us: int) -> None:
    """Do what the command line says and print what came of it.

    Raises:
        HubError: it is against the rules, or there is no such key.
    """
    if options.action == "list":
        async with database.reading() as connection:
            for record in await keys.key_records(connection):
                sys.stdout.write(_line(record, now_us))
        return
    async with database.transaction() as connection:
        if options.action == "revoke":
            await _revoke(connection, options.id, now_us)
            return
        if options.action == "rotate":
            key = await _rotate(connection, options.id, options.overlap_s, now_us)
        else:
            key = await _add(connection, options, now_us)
    sys.stdout.write(f"{key}\n")


def _line(record: KeyRecord, now_us: int) -> str:
    state = "valid" if record.valid_at(now_us) else "expired"
    if record.revoked_us is not None:
        state = "revoked"
    parts = [record.key_id, record.account, record.role, state]
    if record.scopes is not None:
        parts.append(",".join(sorted(record.scopes)))
    if record.expires_us is not None and record.revoked_us is None:
        parts.append(f"until {iso(record.expires_us)}")
    if record.person is not None:
        parts.append(f"by {record.person}")
    if record.used_us is not None:
        parts.append(f"used {iso(record.used_us)}")
    return " ".join(parts) + "\n"


async def _add(connection: AsyncConnection, options: argparse.Namespace, now_us: int) -> str:
    account, role = options.account, Role(options.role)
    if await keys.account_of_id(connection, account) is None:
        await keys.add_account(connection, Account(account, account), now_us)
        made = audit.by_command_line("account.create", f"account {account}", now_us)
        await audit.record(connection, made)
    key = await keys.add_key(
        connection,
        account,
        role,
        now_us,
        scopes=None if options.scope is None else {Scope(name) for name in options.scope},
        expires_us=None if options.days is None else now_us + options.days * _DAY_US,
        person=options.person,
    )
    record = await keys.find(connection, keys.id_of(key))
    assert record is not None
    subject = f"key {record.key_id}"
    entry = audit.by_command_line("key.create", subject, now_us, result=record.said())
    await audit.record(connection, entry)
    return key


async def _rotate(connection: AsyncConnection, key_id: str, overlap_s: int, now_us: int) -> str:
    key = await keys.rotate_key(connection, key_id, now_us, overlap_s)
    said = f"followed by {keys.id_of(key)}; ends within {overlap_s} s"
    entry = audit.by_command_line("key.rotate", f"key {key_id}", now_us, result=said)
    await audit.record(connection, entry)
    return key


async def _revoke(connection: AsyncConnection, key_id: str, now_us: int) -> None:
    await keys.revoke_key(connection, key_id, now_us)
    entry = audit.by_command_line("key.revoke", f"key {key_id}", now_us)
    await audit.record(connection, entry)


def _account(text: str) -> str:
    if not keys.is_identifier(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not allowed; up to 40 of a-z, 0-9 and - are expected"
        )
    return text


def _person(text: str) -> str:
    try:
        return persons.checked(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; {error}") from error


def _days(text: str) -> int:
    return _whole(text, 1, _DAYS_MAX)


def _overlap_s(text: str) -> int:
    return _whole(text, 0, keys.OVERLAP_S_MAX)


def _whole(text: str, low: int, high: int) -> int:
    if not text.isdecimal() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not allowed; a whole number of {low} to {high} is expected"
        )
    return int(text)
