"""API keys: of a key only the SHA-256 is kept.

A key reads ``pho_<id>_<secret>``: the id is for lists and logs, the secret is 256 random bits, so
a plain hash is enough and nothing has to be slow. A key may have scopes and an end; a rotation
makes another one like it and ends it some time later, so that both are good in between.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel.accounts import (
    IDENTIFIER,
    OPERATOR,
    Account,
    account_of_id,
    accounts,
    accounts_table,
    add_account,
    check_account,
    is_identifier,
)
from cloud.kernel.errors import NotFound, Refused
from cloud.kernel.key_table import KeyRecord, keys_table, record_of
from cloud.kernel.roles import Principal, Role, Scope, scopes_text

__all__ = [
    "IDENTIFIER",
    "OPERATOR",
    "Account",
    "KeyRecord",
    "Principal",
    "Role",
    "Scope",
    "account_of_id",
    "accounts",
    "accounts_table",
    "add_account",
    "add_key",
    "check_account",
    "find",
    "id_of",
    "is_identifier",
    "key_records",
    "keys_table",
    "principal_of",
    "principal_of_id",
    "principal_of_text",
    "record_of_text",
    "revoke_key",
    "rotate_key",
    "used",
]

CHANGED_TOPIC = "keys"
"""Woken when a key was revoked, or has another end now."""
KEYS_PER_ACCOUNT_MAX = 1_000
OVERLAP_S_MAX = 30 * 86_400
"""How long a key may still be good after its rotation."""
OVERLAP_S = 86_400
_KEY = re.compile(r"pho_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


async def add_key(
    connection: AsyncConnection,
    account: str,
    role: Role,
    now_us: int,
    *,
    scopes: Collection[Scope] | None = None,
    expires_us: int | None = None,
    replaces: str | None = None,
    person: str | None = None,
) -> str:
    """Create a key for an account that exists and return its text: it cannot be shown again.

    Args:
        person: who is going to use it, see `persons`.
        scopes: what it is narrowed to; None: nothing.
        expires_us: when it ends by itself; None: never.

    Raises:
        Refused: KEYS_MAX; EXPIRED, the end is not ahead.
    """
    await check_account(connection, account)
    if expires_us is not None and expires_us <= now_us:
        raise Refused("EXPIRED", "expires_at: an instant ahead of now is expected")
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
            scopes=None if scopes is None else scopes_text(scopes),
            expires_us=expires_us,
            replaces=replaces,
            person=person,
        )
    )
    return f"pho_{key_id}_{secret}"


async def rotate_key(
    connection: AsyncConnection, key_id: str, now_us: int, overlap_s: int = OVERLAP_S
) -> str:
    """Make another key like this one, which ends `overlap_s` from now; return the new text.

    A key that was made for a time is followed by one for as long a time.

    Raises:
        NotFound: there is no such key.
        Refused: KEY_ENDED, it is not valid any more.
    """
    record = await find(connection, key_id)
    if record is None:
        raise NotFound(f"key {key_id!r} is not known")
    if not record.valid_at(now_us):
        raise Refused("KEY_ENDED", f"key {key_id!r} is not valid any more; make another one")
    lasts_us = None if record.expires_us is None else record.expires_us - record.created_us
    text = await add_key(
        connection,
        record.account,
        record.role,
        now_us,
        scopes=record.scopes,
        expires_us=None if lasts_us is None else now_us + lasts_us,
        replaces=key_id,
        person=record.person,
    )
    ends_us = now_us + overlap_s * 1_000_000
    if record.expires_us is not None:
        ends_us = min(ends_us, record.expires_us)
    await connection.execute(
        update(keys_table).where(keys_table.c.id == key_id).values(expires_us=ends_us)
    )
    return text


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
        Refused: LAST_ADMIN, it is the last key that may administrate for good.
    """
    record = await find(connection, key_id)
    if record is None:
        raise NotFound(f"key {key_id!r} is not known")
    if record.revoked_us is not None:
        return
    if _administrates(record) and await _administrators(connection) == 1:
        raise Refused("LAST_ADMIN", "this is the last admin key; make another one first")
    await connection.execute(
        update(keys_table).where(keys_table.c.id == key_id).values(revoked_us=now_us)
    )


async def key_records(connection: AsyncConnection) -> Sequence[KeyRecord]:
    """Return what is kept of every key, oldest first."""
    rows = await connection.execute(
        select(keys_table).order_by(keys_table.c.created_us, keys_table.c.id)
    )
    return [record_of(row) for row in rows]


async def find(connection: AsyncConnection, key_id: str) -> KeyRecord | None:
    """Return what is kept of the key, revoked or not."""
    rows = await connection.execute(select(keys_table).where(keys_table.c.id == key_id))
    row = rows.one_or_none()
    return None if row is None else record_of(row)


async def principal_of_text(
    connection: AsyncConnection, text: str, now_us: int
) -> Principal | None:
    """Return whose key `text` is; None if it is no key of ours, revoked or expired."""
    record = await record_of_text(connection, text)
    return None if record is None else principal_of(record, now_us)


async def record_of_text(connection: AsyncConnection, text: str) -> KeyRecord | None:
    """Return what is kept of the key `text`, ended or not; None if it is no key of ours."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    rows = await connection.execute(select(keys_table).where(keys_table.c.id == match[1]))
    row = rows.one_or_none()
    if row is None or not hmac.compare_digest(row.secret_sha256, _sha256(match[2])):
        return None
    return record_of(row)


async def principal_of_id(
    connection: AsyncConnection, key_id: str, now_us: int
) -> Principal | None:
    """Return whose key has this id, for a session made with it; None once it has ended."""
    record = await find(connection, key_id)
    return None if record is None else principal_of(record, now_us)


async def used(connection: AsyncConnection, last_us: Mapping[str, int]) -> None:
    """Keep when keys were used last."""
    for key_id, at_us in sorted(last_us.items()):
        await connection.execute(
            update(keys_table).where(keys_table.c.id == key_id).values(used_us=at_us)
        )


def principal_of(record: KeyRecord, now_us: int) -> Principal | None:
    """Return who has the key; None once it has ended."""
    valid = record.valid_at(now_us)
    return Principal(record.key_id, record.account, record.role, record.scopes) if valid else None


def _administrates(record: KeyRecord) -> bool:
    lasting = record.revoked_us is None and record.expires_us is None
    return record.role is Role.ADMIN and record.scopes is None and lasting


async def _administrators(connection: AsyncConnection) -> int:
    return sum(_administrates(record) for record in await key_records(connection))


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
