"""One-time codes: how a new box comes to its key.

Of a code only a keyed hash is kept. It is good for one box until it expires; the same box may ask
again, because an answer may be lost on the way. Whoever exchanges a code has the gateway: all of
its older keys end at once.
"""

import hashlib
import hmac
import secrets
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import keys, store, tables
from cloud.fleet.model import Gateway
from cloud.kernel.errors import Forbidden, NotFound, Refused
from cloud.kernel.sessions import load_secret
from wire.enrolment import CODE_CHARACTERS, CODE_LENGTH, Credentials, Enrolment, shown_code

TTL_S = 24 * 3_600
TTL_S_MAX = 30 * 24 * 3_600
_c = tables.enrolment.c


def secret_in(data_dir: Path) -> bytes:
    """Return what codes are hashed with: known to this hub alone."""
    return load_secret(data_dir).encode("ascii")


def link(url: str, code: str) -> str:
    """Return what the QR code says."""
    return "phoenyra:enrol?" + urlencode({"url": url, "code": shown_code(code)})


async def make(
    connection: AsyncConnection, gateway_id: str, ttl_s: int, now_us: int, secret: bytes
) -> tuple[str, int]:
    """Return a new code for the gateway and when (µs) it expires; older unused ones are void.

    Raises:
        NotFound: there is no such gateway.
        Refused: GATEWAY_REVOKED.
    """
    gateway = await store.gateway(connection, gateway_id, lock=True)
    if gateway is None:
        raise NotFound(f"gateway {gateway_id!r} is not known")
    if gateway.revoked_us is not None:
        raise Refused("GATEWAY_REVOKED", f"gateway {gateway_id!r} is revoked; add another one")
    code = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
    expires_us = now_us + ttl_s * 1_000_000
    await connection.execute(delete(tables.enrolment).where(_c.gateway == gateway_id))
    await connection.execute(
        tables.enrolment.insert().values(
            code_mac=_mac(secret, "code", code),
            gateway=gateway_id,
            created_us=now_us,
            expires_us=expires_us,
        )
    )
    return code, expires_us


async def exchange(
    connection: AsyncConnection, asked: Enrolment, now_us: int, secret: bytes
) -> Credentials:
    """Return the key that the code is good for.

    Raises:
        Forbidden: CODE_UNKNOWN, CODE_EXPIRED, or GATEWAY_REVOKED.
        Refused: CODE_USED, by another box, or the key that it gave has ended since.
    """
    code_mac, box_mac = _mac(secret, "code", asked.code), _mac(secret, "box", asked.box)
    query = select(_c.gateway).where(_c.code_mac == code_mac)
    gateway_id = await connection.scalar(query)
    gateway = None if gateway_id is None else await store.gateway(connection, gateway_id, lock=True)
    # Read under the lock: of two boxes at once one is the second.
    row = (
        await connection.execute(select(tables.enrolment).where(_c.code_mac == code_mac))
    ).one_or_none()
    if gateway is None or row is None:
        raise Forbidden("this code is not known, or another one was made since", "CODE_UNKNOWN")
    if row.box_mac is not None and not hmac.compare_digest(row.box_mac, box_mac):
        raise Refused("CODE_USED", "another box has used this code; make a new one")
    if now_us >= row.expires_us:
        raise Forbidden("this code has expired; make a new one", "CODE_EXPIRED")
    if gateway.revoked_us is not None:
        raise Forbidden(f"gateway {gateway.id!r} is revoked", "GATEWAY_REVOKED")
    if row.box_mac is not None:
        return await _again(connection, row.key, now_us)
    return await _first(connection, gateway, code_mac, box_mac, now_us)


async def _again(connection: AsyncConnection, key_id: str, now_us: int) -> Credentials:
    found = await keys.find(connection, key_id)
    if found is None or found[1].is_retired(now_us):
        raise Refused("CODE_USED", "this code was used, and its key was replaced since")
    return keys.credentials(*found)


async def _first(
    connection: AsyncConnection, gateway: Gateway, code_mac: str, box_mac: str, now_us: int
) -> Credentials:
    key = await keys.add(connection, gateway.id, now_us)
    await keys.end_others(connection, gateway.id, key.id, now_us)
    await connection.execute(
        update(tables.enrolment).where(_c.code_mac == code_mac).values(box_mac=box_mac, key=key.id)
    )
    await keys.tell(connection, gateway, "GATEWAY_ENROLLED", f"has key {key.id}", now_us)
    return keys.credentials(gateway, key)


def _mac(secret: bytes, kind: str, text: str) -> str:
    return hmac.new(
        secret, f"phoenyra-enrol-1\n{kind}\n{text}".encode(), hashlib.sha256
    ).hexdigest()
