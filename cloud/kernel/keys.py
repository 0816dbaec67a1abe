"""Accounts and their API keys; of a key only the SHA-256 is kept.

A key reads ``pho_<id>_<secret>``: the id is for lists and logs, the secret is 256 random bits, so
a plain hash is enough and nothing has to be slow.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Row, String, Table, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel.database import insert_or_ignore, metadata
from cloud.kernel.errors import NotFound, Refused

ACCOUNTS_MAX = 10_000
KEYS_PER_ACCOUNT_MAX = 1_000
IDENTIFIER = r"^[a-z0-9][a-z0-9-]{0,39}$"
"""What accounts may be called; sites and gateways too."""
_KEY = re.compile(r"pho_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


class Role(StrEnum):
    """What a key may do.

    Everybody reads. Who trades moves no battery by hand, and who operates does not trade: one key
    in wrong hands does one kind of harm.
    """

    VIEWER = "viewer"
    TRADER = "trader"
    OPERATOR = "operator"
    """Sends commands to the account's sites and acknowledges their alarms."""
    ADMIN = "admin"
    """May do everything, and sees every account."""

    def covers(self, needed: "Role") -> bool:
        return self is Role.ADMIN or needed in (Role.VIEWER, self)


@dataclass(frozen=True, slots=True)
class Account:
    """Whom keys, sites, orders and invoices belong to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks."""

    key_id: str
    account: str
    role: Role

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    def sees(self, account: str) -> bool:
        """Say whether what belongs to `account` is visible: an admin sees everything."""
        return self.is_admin or self.account == account


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is kept of a key."""

    key_id: str
    account: str
    role: Role
    created_us: int
    revoked_us: int | None


OPERATOR = Account("operator", "Operator")
"""The account of the first key: whoever runs this hub."""

accounts_table = Table(
    "account",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("created_us", BigInteger, nullable=False),
)
keys_table = Table(
    "api_key",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("account", String(40), ForeignKey("account.id"), nullable=False, index=True),
    Column("role", String(10), nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("revoked_us", BigInteger),
)


async def add_account(connection: AsyncConnection, account: Account, now_us: int) -> None:
    """Create the account.

    Raises:
        Refused: ACCOUNT_EXISTS, or ACCOUNTS_MAX.
    """
    if await account_of_id(connection, account.id) is not None:
        raise Refused("ACCOUNT_EXISTS", f"account {account.id!r} is there already")
    count = await connection.scalar(select(func.count()).select_from(accounts_table))
    if count is not None and count >= ACCOUNTS_MAX:
        raise Refused("ACCOUNTS_MAX", f"at most {ACCOUNTS_MAX} accounts are allowed")
    row = {"id": account.id, "name": account.name, "created_us": now_us}
    await insert_or_ignore(connection, accounts_table, [row])


async def accounts(connection: AsyncConnection) -> Sequence[Account]:
    """Return all accounts, sorted by id."""
    rows = await connection.execute(select(accounts_table).order_by(accounts_table.c.id))
    return [Account(row.id, row.name) for row in rows]


async def account_of_id(connection: AsyncConnection, account_id: str) -> Account | None:
    """Return the account, or None."""
    query = select(accounts_table).where(accounts_table.c.id == account_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Account(row.id, row.name)


async def check_account(connection: AsyncConnection, account_id: str) -> None:
    """Return if the account is there.

    Raises:
        NotFound: it is not.
    """
    if await account_of_id(connection, account_id) is None:
        raise NotFound(f"account {account_id!r} is not known")


async def add_key(connection: AsyncConnection, account: str, role: Role, now_us: int) -> str:
    """Create a key for an account that exists and return its text: it cannot be shown again."""
    await check_account(connection, account)
    count = await connection.scalar(
        select(func.count()).select_from(keys_table).where(keys_table.c.account == account)
    )
    if count is not None and count >= KEYS_PER_ACCOUNT_MAX:
        raise Refused("KEYS_MAX", f"at most {KEYS_PER_ACCOUNT_MAX} keys an account are allowed")
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    await connection.execute(
        keys_table.insert().values(
            id=key_id,
            account=account,
            role=role.value,
            secret_sha256=_sha256(secret),
            created_us=now_us,
            revoked_us=None,
        )
    )
    return f"pho_{key_id}_{secret}"


def is_identifier(text: str) -> bool:
    return re.fullmatch(IDENTIFIER, text) is not None


def id_of(key: str) -> str:
    """Return the id in the text of a key."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise ValueError("this is no key of ours")
    return match[1]


async def revoke_key(connection: AsyncConnection, key_id: str, now_us: int) -> None:
    """End a key at once; a second time changes nothing.

    Raises:
        NotFound: there is no such key.
        Refused: it is the last key that may administrate.
    """
    record = await find(connection, key_id)
    if record is None:
        raise NotFound(f"key {key_id!r} is not known")
    if record.revoked_us is not None:
        return
    if record.role is Role.ADMIN and await _admins(connection) == 1:
        raise Refused("LAST_ADMIN", "this is the last admin key; make another one first")
    await connection.execute(
        update(keys_table).where(keys_table.c.id == key_id).values(revoked_us=now_us)
    )


async def key_records(connection: AsyncConnection) -> Sequence[KeyRecord]:
    """Return what is kept of every key, oldest first."""
    rows = await connection.execute(
        select(keys_table).order_by(keys_table.c.created_us, keys_table.c.id)
    )
    return [_record(row) for row in rows]


async def find(connection: AsyncConnection, key_id: str) -> KeyRecord | None:
    """Return what is kept of the key, revoked or not."""
    row = (
        await connection.execute(select(keys_table).where(keys_table.c.id == key_id))
    ).one_or_none()
    return None if row is None else _record(row)


async def principal_of_text(connection: AsyncConnection, text: str) -> Principal | None:
    """Return whose key `text` is; None if it is no key of ours, or revoked."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    row = (
        await connection.execute(select(keys_table).where(keys_table.c.id == match[1]))
    ).one_or_none()
    if row is None or not hmac.compare_digest(row.secret_sha256, _sha256(match[2])):
        return None
    return _principal(_record(row))


async def principal_of_id(connection: AsyncConnection, key_id: str) -> Principal | None:
    """Return whose key has this id, for a session made with it; None once it is revoked."""
    record = await find(connection, key_id)
    return None if record is None else _principal(record)


def _principal(record: KeyRecord) -> Principal | None:
    if record.revoked_us is not None:
        return None
    return Principal(record.key_id, record.account, record.role)


async def _admins(connection: AsyncConnection) -> int:
    c = keys_table.c
    return (
        await connection.scalar(
            select(func.count())
            .select_from(keys_table)
            .where(c.role == Role.ADMIN.value, c.revoked_us.is_(None))
        )
        or 0
    )


def _record(row: Row[Any]) -> KeyRecord:
    return KeyRecord(
        key_id=row.id,
        account=row.account,
        role=Role(row.role),
        created_us=row.created_us,
        revoked_us=row.revoked_us,
    )


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
