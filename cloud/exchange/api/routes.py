"""Version 1 of the exchange as a whole."""

from fastapi import APIRouter

from cloud.exchange.api import operation_routes, order_routes, oversight_routes, own_routes

BYTES_MAX = {"/api/v1/orders/basket": 1024 * 1024}
"""Five hundred orders with all that they may say."""

router = APIRouter()
for _part in (order_routes, own_routes, operation_routes, oversight_routes):
    router.include_router(_part.router)
