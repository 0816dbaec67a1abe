"""Gateways over HTTP: made, given a code, told to change their key, revoked."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import codes, keys, service
from cloud.fleet import store as fleet
from cloud.fleet.gateway_views import (
    CodeBody,
    CodeMade,
    GatewayBody,
    GatewayMade,
    GatewaysView,
    GatewayView,
    RotateBody,
    RotateMade,
)
from cloud.fleet.model import Gateway
from cloud.fleet.operation import service as operation
from cloud.fleet.operation.model import Actor, Wish
from cloud.kernel import audit
from cloud.kernel.audit import Entry
from cloud.kernel.auth import Admin, Principal
from cloud.kernel.context import HubHere
from cloud.kernel.errors import NotFound, responses
from cloud.kernel.instants import iso, iso_or_none
from cloud.kernel.keys import IDENTIFIER
from wire.enrolment import shown_code
from wire.order import RotateKeyOrder

router = APIRouter(prefix="/api/v1", tags=["gateways"])
GatewayId = Annotated[str, Path(pattern=IDENTIFIER, description="the gateway's name")]


@router.post(
    "/gateways",
    status_code=201,
    summary="Add a gateway",
    responses=responses(401, 403, 404, 409, 422),
)
async def create_gateway(body: GatewayBody, hub: HubHere, admin: Admin) -> GatewayMade:
    """Add a box, with a key whose secret is in this answer only, or without one."""
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        made = await service.add_gateway(connection, body.site, body.gateway, now_us)
        key = await keys.add(connection, made.id, now_us) if body.with_key else None
        await _record(connection, admin, "gateway.create", made, now_us)
    return GatewayMade(
        gateway=made.id,
        site=made.site,
        key_id=None if key is None else key.id,
        secret=None if key is None else key.secret,
    )


@router.get("/gateways", summary="List gateways", responses=responses(401, 403))
async def list_gateways(hub: HubHere, _admin: Admin) -> GatewaysView:
    async with hub.database.reading() as connection:
        found = await service.gateways(connection)
        current = await keys.current_ids(connection)
    return GatewaysView(
        gateways=[
            GatewayView(
                gateway=gateway.id,
                site=gateway.site,
                key_id=current.get(gateway.id),
                created_at=iso(gateway.created_us),
                revoked_at=iso_or_none(gateway.revoked_us),
            )
            for gateway in found
        ]
    )


@router.post(
    "/gateways/{gateway}/code",
    status_code=201,
    summary="Make a one-time code",
    responses=responses(401, 403, 404, 409, 422),
)
async def create_code(gateway: GatewayId, body: CodeBody, hub: HubHere, admin: Admin) -> CodeMade:
    """Make a code that one box can exchange for the gateway's key, once, until it expires.

    An earlier code that was not used is void. When the code is exchanged, all keys that the gateway
    had before end at once: this is also how a box is replaced.
    """
    now_us = hub.clock.now_us()
    secret = await asyncio.to_thread(codes.secret_in, hub.settings.data_dir)
    async with hub.database.transaction() as connection:
        code, expires_us = await codes.make(connection, gateway, body.ttl_s, now_us, secret)
        found = await _gateway(connection, gateway)
        await _record(connection, admin, "gateway.code", found, now_us)
    url = hub.settings.public_url
    return CodeMade(
        gateway=found.id,
        site=found.site,
        code=shown_code(code),
        expires_at=iso(expires_us),
        link=None if url is None else codes.link(url, code),
    )


@router.post(
    "/gateways/{gateway}/rotate",
    status_code=202,
    summary="Ask the box to change its key",
    responses=responses(401, 403, 404, 409, 422),
)
async def rotate_key(
    gateway: GatewayId, body: RotateBody, hub: HubHere, admin: Admin
) -> RotateMade:
    """Issue the command; the box fetches a newer key and uses it, without a lost request."""
    actor = Actor(key_id=admin.key_id, account=admin.account, reason=body.reason)
    async with hub.database.transaction() as connection:
        found = await _gateway(connection, gateway)
        wish = Wish(order=RotateKeyOrder(), actor=actor)
        row = await operation.issue(connection, found, wish, hub.clock.now_us())
    for topic in (operation.command_topic(found.site), *operation.topics(found.site)):
        hub.bus.wake(topic)
    return RotateMade(command=row.id)


@router.delete(
    "/gateways/{gateway}",
    status_code=204,
    summary="Revoke a gateway",
    responses=responses(401, 403, 404),
)
async def delete_gateway(gateway: GatewayId, hub: HubHere, admin: Admin) -> None:
    """The box gets nothing any more, whatever key it has; its data stays."""
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        await service.revoke_gateway(connection, gateway, now_us)
        found = await _gateway(connection, gateway)
        await _record(connection, admin, "gateway.revoke", found, now_us)


async def _gateway(connection: AsyncConnection, gateway_id: str) -> Gateway:
    found = await fleet.gateway(connection, gateway_id)
    if found is None:
        raise NotFound(f"gateway {gateway_id!r} is not known")
    return found


async def _record(
    connection: AsyncConnection, admin: Principal, action: str, gateway: Gateway, now_us: int
) -> None:
    entry = Entry(
        at_us=now_us,
        key_id=admin.key_id,
        account=admin.account,
        action=action,
        subject=f"gateway {gateway.id}",
        site=gateway.site,
    )
    await audit.record(connection, entry)
