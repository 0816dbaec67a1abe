"""``phoenyra-hub key``: API keys from the command line of the hub's machine.

It works on the database beside a running hub, which asks it at every request. What was changed is
in the audit log.
"""

import argparse
import sys

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel import audit, keys
from cloud.kernel.database import Database
from cloud.kernel.keys import Account, Role


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what follows ``phoenyra-hub key``."""
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="make a key, and its account if need be; prints the key")
    add.add_argument("--account", required=True, type=_account)
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    actions.add_parser("list", help="list keys without their secrets")
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
                state = "valid" if record.revoked_us is None else "revoked"
                sys.stdout.write(f"{record.key_id} {record.account} {record.role} {state}\n")
        return
    async with database.transaction() as connection:
        if options.action == "revoke":
            await _revoke(connection, options.id, now_us)
            return
        key = await _add(connection, options.account, Role(options.role), now_us)
    sys.stdout.write(f"{key}\n")


async def _add(connection: AsyncConnection, account: str, role: Role, now_us: int) -> str:
    if await keys.account_of_id(connection, account) is None:
        await keys.add_account(connection, Account(account, account), now_us)
        made = audit.by_command_line("account.create", f"account {account}", now_us)
        await audit.record(connection, made)
    key = await keys.add_key(connection, account, role, now_us)
    subject, said = f"key {keys.id_of(key)}", f"{role} of {account}"
    entry = audit.by_command_line("key.create", subject, now_us, result=said)
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
