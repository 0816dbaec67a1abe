"""Who asks, and may they? The dependencies that every route takes one of.

A key comes as ``Authorization: Bearer pho_…``, as ``X-API-Key: pho_…``, or through the session
cookie of a browser that logged in with it. A cookie is sent by the browser on its own, so a
cookie request that changes something must also carry ``X-Requested-With: phoenyra``, which no
foreign page can add; a socket opened with a cookie must come from our own origin. A key that is
narrowed to scopes, or a service's, opens no page.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request, Security, WebSocket, WebSocketException, status
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from cloud.kernel import keys
from cloud.kernel.context import Hub, hub_of
from cloud.kernel.errors import Forbidden, Unauthenticated
from cloud.kernel.keys import Principal, Role, Scope
from cloud.kernel.known_keys import KnownKeys
from cloud.kernel.roles import scopes_text
from cloud.kernel.sessions import COOKIE
from cloud.kernel.uses import Uses

__all__ = [
    "Admin",
    "Anybody",
    "Gateway",
    "MarketReader",
    "Operator",
    "OrderReader",
    "OrderWriter",
    "PriceFeeder",
    "Principal",
    "Role",
    "Scope",
    "Trader",
    "Viewer",
    "admin",
    "allowed",
    "authenticate_websocket",
    "log_in",
    "log_out",
    "operator",
    "trader",
    "viewer",
]

REQUESTED_WITH = "phoenyra"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Found = TypeVar("Found", Principal, Principal | None)

_bearer = HTTPBearer(auto_error=False, description="an API key: `pho_…`")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="an API key: `pho_…`")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="a browser that logged in")


async def log_in(hub: Hub, response: Response, key: str, *, https: bool) -> Principal:
    """Start a browser session with an API key; the cookie is put on `response`.

    Raises:
        Unauthenticated: the key is not known, has ended, or is good for programs only.
    """
    now_us = hub.clock.now_us()
    async with hub.database.reading() as connection:
        principal = await keys.principal_of_text(connection, key.strip(), now_us)
    if principal is None:
        raise Unauthenticated("this API key is not known or no longer valid")
    if principal.scopes is not None or principal.role is Role.GATEWAY:
        raise Unauthenticated("this API key is for programs: it opens no page")
    hub.sessions.log_in(response, principal.key_id, hub.clock.now_us(), https=https)
    return principal


def log_out(hub: Hub, response: Response) -> None:
    """End the browser session behind `response`."""
    hub.sessions.log_out(response)


async def session(connection: HTTPConnection) -> Principal | None:
    """Return who is logged in by cookie, or None; for pages that send others to the log-in."""
    cookie = connection.cookies.get(COOKIE)
    hub = hub_of(connection)
    now_us = hub.clock.now_us()
    key_id = None if cookie is None else hub.sessions.key_id(cookie, now_us)
    if key_id is None:
        return None
    async with hub.database.reading() as database:
        return _noted(hub, await keys.principal_of_id(database, key_id, now_us))


async def authenticate_websocket(
    websocket: WebSocket, needed: Role = Role.VIEWER, scope: Scope | None = None
) -> Principal:
    """Return who opens the socket; call it before accepting.

    Raises:
        WebSocketException: nobody we know, too low a role, or a foreign page; the opening is
            refused, which a browser sees as a failed connection.
    """
    principal = await _by_key(websocket)
    if principal is None and _same_origin(websocket):
        principal = await session(websocket)
    if principal is None or not principal.may(needed, scope):
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "an API key is needed")
    return principal


def allowed(
    needed: Role, scope: Scope | None = None, *, anyhow: bool = False
) -> Callable[..., Awaitable[Principal]]:
    """Return a dependency: who asks, if role and scopes of the key reach.

    Args:
        scope: what opens the route to narrowed keys; None: nothing does.
        anyhow: it is open to every key, whatever it is narrowed to.
    """

    async def dependency(
        request: Request,
        _bearer_key: Annotated[object, Security(_bearer)],
        _header_key: Annotated[object, Security(_header)],
        _cookie_key: Annotated[object, Security(_cookie)],
    ) -> Principal:
        principal = await _by_key(request)
        if principal is None:
            principal = await _by_cookie(request)
        if not principal.role.covers(needed):
            raise Forbidden(f"role {needed} is needed; the role of this key is {principal.role}")
        if not anyhow and not principal.may(needed, scope):
            wanted = "a key without scopes" if scope is None else f"scope {scope}"
            has = scopes_text(principal.scopes or ()) or "none"
            raise Forbidden(f"{wanted} is needed; this key has {has}", "SCOPE")
        return principal

    return dependency


async def _by_key(connection: HTTPConnection) -> Principal | None:
    """Return whose key the headers carry; None without one.

    Raises:
        Unauthenticated: there is one, and it is wrong.
    """
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    text = connection.headers.get("x-api-key")
    if scheme.lower() == "bearer":
        text = credentials.strip()
    if text is None:
        return None
    hub = hub_of(connection)
    known, now_s = hub.service(KnownKeys), asyncio.get_running_loop().time()
    record = known.get(text, now_s)
    if record is None:
        changes = known.changes
        async with hub.database.reading() as database:
            record = await keys.record_of_text(database, text)
        if record is not None:
            known.keep(text, record, now_s, changes)
    principal = None if record is None else keys.principal_of(record, hub.clock.now_us())
    if principal is None:
        raise Unauthenticated("this API key is not known or no longer valid")
    return _noted(hub, principal)


async def _by_cookie(request: Request) -> Principal:
    principal = await session(request)
    if principal is None:
        raise Unauthenticated(
            "an API key is needed: header 'Authorization: Bearer pho_…' or 'X-API-Key: pho_…'"
        )
    changes = request.method not in _SAFE_METHODS
    if changes and request.headers.get("x-requested-with") != REQUESTED_WITH:
        raise Forbidden(f"a browser session needs the header X-Requested-With: {REQUESTED_WITH}")
    return principal


def _noted(hub: Hub, principal: Found) -> Found:
    if principal is not None:
        hub.service(Uses).note(principal.key_id, hub.clock.now_us())
    return principal


def _same_origin(websocket: WebSocket) -> bool:
    return urlsplit(websocket.headers.get("origin", "")).netloc == websocket.headers.get("host")


viewer = allowed(Role.VIEWER)
trader = allowed(Role.TRADER)
operator = allowed(Role.OPERATOR)
admin = allowed(Role.ADMIN)

Anybody = Annotated[Principal, Depends(allowed(Role.VIEWER, anyhow=True))]
"""The type of a route's parameter: whoever has a key, narrowed or not."""
Viewer = Annotated[Principal, Depends(viewer)]
"""Whoever has a key. Nothing is changed by them."""
Trader = Annotated[Principal, Depends(trader)]
Operator = Annotated[Principal, Depends(operator)]
Gateway = Annotated[Principal, Depends(allowed(Role.GATEWAY))]
Admin = Annotated[Principal, Depends(admin)]
MarketReader = Annotated[Principal, Depends(allowed(Role.VIEWER, Scope.MARKET_READ))]
OrderReader = Annotated[Principal, Depends(allowed(Role.VIEWER, Scope.ORDERS_READ))]
OrderWriter = Annotated[Principal, Depends(allowed(Role.TRADER, Scope.ORDERS_WRITE))]
PriceFeeder = Annotated[Principal, Depends(allowed(Role.GATEWAY, Scope.PRICEFEED))]
