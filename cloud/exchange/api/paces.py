"""Who may call the exchange's routes, and how often a key may; a bucket a key and group."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from cloud.fleet.sync.rates import Rate, Rates
from cloud.kernel.auth import allowed
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Forbidden
from cloud.kernel.roles import Principal, Role, Scope

ENTRIES = Rate(5_000, 2_000)
"""Requests that change orders; what a market allows is the throttle policy's."""
READS = Rate(1_000, 200)
LONG_READS = Rate(200, 20)
"""History, candles, indices: each may read thousands of rows."""
OPERATIONS = Rate(200, 20)


def _paced(
    group: str, rate: Rate, role: Role, scope: Scope | None = None, *, or_service: bool = False
) -> Callable[..., Awaitable[Principal]]:
    """Return a dependency; `or_service`: a service that no scopes narrow may, too."""
    base = allowed(role, scope, anyhow=or_service)

    async def dependency(principal: Annotated[Principal, Depends(base)], hub: HubHere) -> Principal:
        service = or_service and principal.role is Role.GATEWAY and principal.scopes is None
        if not service and not principal.may(role, scope):
            raise Forbidden(f"scope {scope} is needed", "SCOPE")
        now_s = asyncio.get_running_loop().time()
        hub.service(Rates).take(f"exchange {group}", principal.key_id, rate, now_s)
        return principal

    return dependency


Entering = Annotated[Principal, Depends(_paced("entry", ENTRIES, Role.TRADER, Scope.ORDERS_WRITE))]
Own = Annotated[Principal, Depends(_paced("own", READS, Role.VIEWER, Scope.ORDERS_READ))]
Tending = Annotated[
    Principal, Depends(_paced("own", READS, Role.VIEWER, Scope.ORDERS_READ, or_service=True))
]
"""The battery itself: whoever sees the orders, and the service that tells its state."""
Watching = Annotated[Principal, Depends(_paced("market", READS, Role.VIEWER, Scope.MARKET_READ))]
Studying = Annotated[
    Principal, Depends(_paced("history", LONG_READS, Role.VIEWER, Scope.MARKET_READ))
]
Operating = Annotated[Principal, Depends(_paced("operation", OPERATIONS, Role.ADMIN))]
Feeding = Annotated[Principal, Depends(_paced("pricefeed", READS, Role.GATEWAY, Scope.PRICEFEED))]
Telling = Annotated[Principal, Depends(_paced("telemetry", READS, Role.GATEWAY))]


def acting(principal: Principal, account: str | None) -> tuple[str, str]:
    """Return for which account something is done, and the administrator who does it for another.

    Raises:
        Forbidden: only an administrator acts for others.
    """
    if account is None or account == principal.account:
        return principal.account, ""
    if not principal.is_admin:
        raise Forbidden(f"account: {account!r} is not this key's; an admin may name another")
    return account, principal.key_id
