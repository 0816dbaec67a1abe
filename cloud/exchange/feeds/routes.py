"""The three sockets: a market's books, public trades, own orders.

    /ws/book/{market}   book, then book_delta; book_end when the gate closes
    /ws/trades          trades, then trade and trade_state
    /ws/orders          orders, then order and own_trade; orders can be entered here too

With ``?auto=false`` nothing comes until the client says ``{"type":"subscribe",…}``, see `wishes`.
Each message is a signed envelope, see `envelope`; ``seq`` rises by one in each stream.
"""

from typing import Annotated

from fastapi import APIRouter, Query, WebSocket, status

from cloud.exchange.feeds import wishes
from cloud.exchange.feeds.desk import OrderDesk, Request
from cloud.exchange.feeds.feeds import TradingFeeds
from cloud.exchange.feeds.socket import Session
from cloud.exchange.feeds.stream import Client
from cloud.kernel.auth import Role, Scope, authenticate_websocket
from cloud.kernel.context import hub_of

router = APIRouter()

AtOnce = Annotated[bool, Query(alias="auto")]


class Counter:
    """Where orders of sockets are taken; provided by whoever runs the exchange."""

    def __init__(self, desk: OrderDesk) -> None:
        self.desk = desk


@router.websocket("/ws/book/{market}")
async def book(websocket: WebSocket, market: str, auto: AtOnce = True) -> None:
    """Follow the books of one market."""
    hub = hub_of(websocket)
    principal = await authenticate_websocket(websocket, Role.VIEWER, Scope.MARKET_READ)
    feeds = hub.service(TradingFeeds)
    await websocket.accept()
    if market not in feeds.markets:
        known = ", ".join(feeds.markets)
        reason = f"MARKET_UNKNOWN: {known} are known"[:120]
        await websocket.close(status.WS_1008_POLICY_VIOLATION, reason)
        return

    def subscribe(client: Client, request: Request) -> None:
        wish = wishes.book_wish(request.body)
        feeds.follow_book(client, market, wish, hub.clock.now_us())

    await Session(websocket, hub, principal, feeds, subscribe).serve(at_once=auto)


@router.websocket("/ws/trades")
async def trades(websocket: WebSocket, auto: AtOnce = True) -> None:
    """Follow the public trades of all markets, or of some."""
    hub = hub_of(websocket)
    principal = await authenticate_websocket(websocket, Role.VIEWER, Scope.MARKET_READ)
    feeds = hub.service(TradingFeeds)
    await websocket.accept()

    def subscribe(client: Client, request: Request) -> None:
        feeds.follow_trades(client, wishes.trades_wish(request.body))

    await Session(websocket, hub, principal, feeds, subscribe).serve(at_once=auto)


@router.websocket("/ws/orders")
async def orders(websocket: WebSocket, auto: AtOnce = True) -> None:
    """Follow the orders of the key's account, and enter some."""
    hub = hub_of(websocket)
    principal = await authenticate_websocket(websocket, Role.VIEWER, Scope.ORDERS_READ)
    feeds = hub.service(TradingFeeds)
    await websocket.accept()

    def subscribe(client: Client, request: Request) -> None:
        wish = wishes.orders_wish(request.body, principal.account)
        feeds.follow_orders(client, principal.account, wish)

    desk = hub.service(Counter).desk
    await Session(websocket, hub, principal, feeds, subscribe, desk).serve(at_once=auto)
