"""Version 1 of the exchange as a whole."""

from fastapi import APIRouter

from cloud.exchange.api import (
    market_routes,
    operation_routes,
    order_routes,
    oversight_routes,
    own_routes,
    price_routes,
    seed_routes,
)
from cloud.exchange.api.outside import OutsidePrices
from cloud.exchange.auction import routes as auction_routes

BYTES_MAX = {
    "/api/v1/orders/basket": 1024 * 1024,
    "/api/market/history/sync": 2 * 1024 * 1024,
    **auction_routes.BYTES_MAX,
}
"""Five hundred orders, ten thousand minutes, a whole day's curves, with all that they may say."""

router = APIRouter()
for _part in (
    order_routes,
    own_routes,
    market_routes,
    price_routes,
    seed_routes,
    operation_routes,
    oversight_routes,
    auction_routes,
):
    router.routes.extend(_part.router.routes)


def memories() -> tuple[object, ...]:
    """Return what one hub process remembers for these routes."""
    return (OutsidePrices(),)
