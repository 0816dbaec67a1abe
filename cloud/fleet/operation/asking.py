"""What the routes of operation share: who asks, for which sites, and whom to wake after."""

from typing import Annotated

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import service as fleet
from cloud.fleet.operation import service
from cloud.fleet.operation.model import Actor
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.kernel.keys import IDENTIFIER

Before = Annotated[
    str, Query(max_length=200, description="for the next page: `next` of the answer before")
]
OfSite = Annotated[str | None, Query(pattern=IDENTIFIER, description="of this site only")]


async def visible(
    connection: AsyncConnection, principal: Principal, site: str | None
) -> list[str] | None:
    """Return the ids of the sites that are asked for; None: all there are."""
    if site is not None:
        return [(await fleet.visible_site(connection, site, principal)).id]
    if principal.is_admin:
        return None
    return [found.id for found in await fleet.visible_sites(connection, principal)]


def actor_of(principal: Principal, reason: str) -> Actor:
    """Return who asks and why, for the audit log."""
    return Actor(key_id=principal.key_id, account=principal.account, reason=reason)


def wake(hub: Hub, site: str, *more: str) -> None:
    """Wake those who wait for news of the site; after the commit."""
    for topic in (*more, *service.topics(site)):
        hub.bus.wake(topic)
