"""The keys of gateways: several for each, one after the other, so that none is missed.

A newer key is made *pending*; the first request that it signs makes it *current*, and the one
before goes on for `RETIRE_US`, for requests that are still on their way. A gateway asks with its
current key; asking again replaces a key that is pending, but never on the word of an older request.
"""

import secrets
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import store, tables
from cloud.fleet.model import Gateway, GatewayKey
from cloud.kernel import events
from cloud.kernel.errors import Refused
from cloud.kernel.events import NewEvent
from wire.enrolment import Credentials
from wire.signing import Key
from wire.sync import Severity

RETIRE_US = 600 * 1_000_000
"""How long the key before goes on after the newer one was first used."""
KEEP_US = 30 * 86_400 * 1_000_000
"""How long a retired key is remembered, to be told apart from one that never was."""
KEYS_MAX = 50
"""Keys of one gateway that are remembered; beyond, retired ones go earlier."""
_KEY_ID_BYTES = 8
_SECRET_BYTES = 32
_c = tables.gateway_key.c


async def add(
    connection: AsyncConnection,
    gateway_id: str,
    now_us: int,
    *,
    pending: bool = False,
    asked_us: int = 0,
) -> GatewayKey:
    """Make a key, current at once unless it is to be pending."""
    key = GatewayKey(
        id=f"gwk-{secrets.token_hex(_KEY_ID_BYTES)}",
        gateway=gateway_id,
        secret=secrets.token_hex(_SECRET_BYTES),
        created_us=now_us,
        asked_us=asked_us,
        used_us=None if pending else now_us,
    )
    await connection.execute(
        tables.gateway_key.insert().values(
            id=key.id,
            gateway=key.gateway,
            secret=key.secret,
            created_us=key.created_us,
            asked_us=key.asked_us,
            used_us=key.used_us,
        )
    )
    return key


async def find(connection: AsyncConnection, key_id: str) -> tuple[Gateway, GatewayKey] | None:
    """Return whose key this is, and the key; None: there is none of this id."""
    return (await find_each(connection, {key_id})).get(key_id)


async def find_each(
    connection: AsyncConnection, key_ids: Collection[str]
) -> dict[str, tuple[Gateway, GatewayKey]]:
    """Return whose keys these are, and the keys; an id that there is none of is left out."""
    c = tables.gateway.c
    query = select(
        tables.gateway_key, c.site, c.created_us.label("since_us"), c.revoked_us
    ).join_from(tables.gateway_key, tables.gateway)
    return {
        row.id: (
            Gateway(
                id=row.gateway, site=row.site, created_us=row.since_us, revoked_us=row.revoked_us
            ),
            _key(row),
        )
        for row in await connection.execute(query.where(_c.id.in_(key_ids)))
    }


async def of_gateway(connection: AsyncConnection, gateway_id: str) -> Sequence[GatewayKey]:
    """Return all keys of a gateway, the newest first."""
    query = select(tables.gateway_key).where(_c.gateway == gateway_id)
    rows = await connection.execute(query.order_by(_c.created_us.desc(), _c.id))
    return [_key(row) for row in rows]


async def current_ids(connection: AsyncConnection) -> dict[str, str]:
    """Return the id of each gateway's current key; a gateway without one is left out."""
    query = select(_c.gateway, _c.id).where(_c.used_us.is_not(None), _c.ends_us.is_(None))
    return {row.gateway: row.id for row in await connection.execute(query)}


async def promote(connection: AsyncConnection, gateway: Gateway, key_id: str, now_us: int) -> bool:
    """Make a pending key the current one; the one before retires. False: it is gone."""
    await store.gateway(connection, gateway.id, lock=True)
    first = await connection.execute(
        update(tables.gateway_key)
        .where(_c.id == key_id, _c.used_us.is_(None))
        .values(used_us=now_us)
    )
    if first.rowcount == 0:
        # Another request was first, or a newer key has taken its place.
        return await find(connection, key_id) is not None
    await end_others(connection, gateway.id, key_id, now_us + RETIRE_US)
    await tell(connection, gateway, "GATEWAY_KEY_CHANGED", f"uses key {key_id}", now_us)
    return True


async def end_others(
    connection: AsyncConnection, gateway_id: str, key_id: str, ends_us: int
) -> None:
    """Let all other keys of the gateway end by `ends_us`; one that is pending is gone."""
    await connection.execute(
        delete(tables.gateway_key).where(
            _c.gateway == gateway_id, _c.id != key_id, _c.used_us.is_(None)
        )
    )
    await connection.execute(
        update(tables.gateway_key)
        .where(
            _c.gateway == gateway_id,
            _c.id != key_id,
            func.coalesce(_c.ends_us, ends_us + 1) > ends_us,
        )
        .values(ends_us=ends_us)
    )


async def renew(
    connection: AsyncConnection, gateway: Gateway, key_id: str, asked_us: int, now_us: int
) -> Credentials:
    """Make a pending key for whoever signed with `key_id`; one that was pending is gone.

    Raises:
        Refused: KEY_NOT_CURRENT, a newer one is in use; KEY_REQUEST_OLD, a newer request for a
            key was answered already.
    """
    await store.gateway(connection, gateway.id, lock=True)
    known = await of_gateway(connection, gateway.id)
    if not any(key.id == key_id and key.is_current for key in known):
        raise Refused("KEY_NOT_CURRENT", "a newer key is in use; ask with that one")
    if any(key.asked_us >= asked_us for key in known):
        raise Refused("KEY_REQUEST_OLD", "a newer request for a key was answered already")
    retired = [key for key in known if key.is_retired(now_us)]
    gone = [key.id for key in known if key.used_us is None]
    gone += [key.id for key in retired if (key.ends_us or 0) <= now_us - KEEP_US]
    spare = len(known) - len(gone) - KEYS_MAX + 1
    if spare > 0:
        gone += [key.id for key in reversed(retired) if key.id not in gone][:spare]
    await connection.execute(delete(tables.gateway_key).where(_c.id.in_(gone)))
    key = await add(connection, gateway.id, now_us, pending=True, asked_us=asked_us)
    return credentials(gateway, key)


def credentials(gateway: Gateway, key: GatewayKey) -> Credentials:
    return Credentials(gateway=gateway.id, site=gateway.site, key=wire_key(key))


def wire_key(key: GatewayKey) -> Key:
    return Key(key.id, bytes.fromhex(key.secret))


async def tell(
    connection: AsyncConnection, gateway: Gateway, code: str, text: str, now_us: int
) -> None:
    """Append an event of the gateway's site."""
    site = await store.site(connection, gateway.site)
    event = NewEvent(
        at_us=now_us,
        code=code,
        severity=Severity.INFO,
        source=gateway.id,
        text=f"gateway {gateway.id} {text}",
        account=None if site is None else site.account,
        site=gateway.site,
    )
    await events.append(connection, event)


def _key(row: Row[Any]) -> GatewayKey:
    return GatewayKey(
        id=row.id,
        gateway=row.gateway,
        secret=row.secret,
        created_us=row.created_us,
        asked_us=row.asked_us,
        used_us=row.used_us,
        ends_us=row.ends_us,
    )
