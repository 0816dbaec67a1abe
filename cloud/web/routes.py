"""The pages and what only they need: log-in, static files, the live socket, the chart's past."""

import asyncio
from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Query, Request, Response, WebSocket
from fastapi.responses import RedirectResponse

from cloud.exchange.prices import views
from cloud.exchange.service import Exchange
from cloud.fleet import service as fleet
from cloud.kernel import auth
from cloud.kernel.auth import MarketReader, Role, Viewer
from cloud.kernel.context import HubHere, hub_of
from cloud.kernel.errors import Forbidden, NotFound, Unauthenticated
from cloud.web import assets, backtests, exchange_rows, forms, live, trace
from cloud.web.attempts import Attempts
from cloud.web.auction_desk import AuctionDesk
from cloud.web.fleet_desk import FleetDesk
from cloud.web.forecast_desk import ForecastDesk
from cloud.web.market_desk import MarketDesk
from cloud.web.operations_desk import OperationsDesk
from cloud.web.pages import page
from cloud.web.site_desk import SiteDesk
from cloud.web.state import Desk as TradeDesk

FORM_BYTES_MAX = 2_000
INSTANT_US_MAX = 2**53
CANDLES_MAX = 240
"""The newest candles of a contract that its chart gets."""
_ONE_YEAR_S = 365 * 86_400
router = APIRouter(include_in_schema=False)


@router.get("/")
async def start() -> Response:
    return RedirectResponse("/trade", 303)


@router.api_route("/trade", methods=["GET", "HEAD"])
async def trade(request: Request) -> Response:
    principal = await auth.session(request)
    if principal is None:
        return RedirectResponse("/login", 303)
    return page(request, "trade.html", role=principal.role, forms=forms.of_table())


@router.api_route("/auction", methods=["GET", "HEAD"])
async def auction_page(request: Request) -> Response:
    principal = await auth.session(request)
    if principal is None:
        return RedirectResponse("/login", 303)
    return page(request, "auction.html", role=principal.role)


@router.api_route("/forecast", methods=["GET", "HEAD"])
async def forecast_page(request: Request) -> Response:
    principal = await auth.session(request)
    if principal is None:
        return RedirectResponse("/login", 303)
    return page(request, "forecast.html", role=principal.role)


@router.api_route("/market", methods=["GET", "HEAD"])
async def market_page(request: Request) -> Response:
    principal = await auth.session(request)
    if principal is None:
        return RedirectResponse("/login", 303)
    return page(request, "market.html", role=principal.role)


@router.get("/forecast/backtests/{name}/{file}")
async def backtest_report(hub: HubHere, _reader: MarketReader, name: str, file: str) -> Response:
    folder = hub.settings.data_dir
    content = await asyncio.to_thread(backtests.content, folder, name, file)
    if content is None:
        raise NotFound("no such report")
    return Response(content, 200, backtests.HEADERS, backtests.FILES[file])


@router.api_route("/fleet", methods=["GET", "HEAD"])
async def fleet_page(request: Request) -> Response:
    principal = await auth.session(request)
    if principal is None:
        return RedirectResponse("/login", 303)
    return page(request, "fleet.html", role=principal.role)


@router.api_route("/fleet/{site}", methods=["GET", "HEAD"])
async def site_page(request: Request, hub: HubHere, site: str) -> Response:
    principal = await auth.session(request)
    if principal is None:
        return RedirectResponse("/login", 303)
    try:
        async with hub.database.reading() as connection:
            found = await fleet.visible_site(connection, site, principal)
    except NotFound:
        return RedirectResponse("/fleet", 303)
    return page(request, "site.html", role=principal.role, site=found.id, name=found.name)


@router.api_route("/operations", methods=["GET", "HEAD"])
async def operations_page(request: Request) -> Response:
    principal = await auth.session(request)
    if principal is None:
        return RedirectResponse("/login", 303)
    if not principal.is_admin:
        return RedirectResponse("/trade", 303)
    return page(request, "operations.html", role=principal.role)


@router.get("/login")
async def login_page(request: Request) -> Response:
    if await auth.session(request) is not None:
        return RedirectResponse("/trade", 303)
    return page(request, "login.html", problem=None)


@router.post("/login")
async def login(request: Request, hub: HubHere) -> Response:
    address = request.client.host if request.client else ""
    now_us = hub.clock.now_us()
    if not _from_here(request):
        return page(request, "login.html", 403, problem="login.foreign")
    attempts = hub.service(Attempts)
    if attempts.exhausted(address, now_us):
        return page(request, "login.html", 429, problem="login.too_many")
    response = RedirectResponse("/trade", 303)
    try:
        key = await _posted_key(request)
        who = await auth.log_in(hub, response, key, https=request.url.scheme == "https")
    except Unauthenticated:
        attempts.failed(address, now_us)
        return page(request, "login.html", 401, problem="login.wrong")
    if who.role is Role.OPERATOR:
        response.headers["location"] = "/fleet"
    return response


@router.post("/logout", status_code=204)
async def logout(request: Request, hub: HubHere) -> Response:
    if request.headers.get("x-requested-with") != auth.REQUESTED_WITH:
        raise Forbidden(f"the header X-Requested-With: {auth.REQUESTED_WITH} is needed")
    response = Response(status_code=204)
    auth.log_out(hub, response)
    return response


@router.get("/static/{version}/{path:path}")
async def static(request: Request, version: str, path: str) -> Response:
    known = assets.load()
    asset = known.files.get(path)
    if asset is None or version != known.version:
        raise NotFound("no such file")
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        "Cache-Control": f"public, max-age={_ONE_YEAR_S}, immutable",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.packed if packed else asset.body, 200, headers, asset.media_type)


@router.get("/trade/trace")
async def past(
    hub: HubHere,
    principal: Viewer,
    site: str,
    from_us: Annotated[int, Query(ge=0)],
    step_s: Annotated[int, Query(ge=1, le=trace.STEP_S_MAX)] = 1,
) -> dict[str, object]:
    now_us = hub.clock.now_us()
    begin_us = max(from_us, now_us - trace.SPAN_US_MAX)
    async with hub.database.reading() as connection:
        found = await fleet.visible_site(connection, site, principal)
        history = await fleet.history(connection, found.id, trace.POINTS, begin_us, now_us + 1)
    return {"site": found.id, "rows": trace.rows(history, step_s * 1_000_000)}


@router.get("/trade/candles")
async def candles(
    hub: HubHere,
    _reader: Viewer,
    market: str,
    start_us: Annotated[int, Query(ge=0, le=INSTANT_US_MAX)],
    minutes: Literal["1", "5", "15", "60"],
    indicator: Literal["sma", "ema", "bollinger", "rsi", "atr"] | None = None,
) -> dict[str, object]:
    exchange = hub.service(Exchange)
    if market not in exchange.catalogue:
        raise NotFound(f"market {market} is not known")
    listed = exchange.listed(market, start_us)
    found = (
        []
        if listed is None
        else views.contract_candles(
            exchange.prices, listed.contract, int(minutes), listed.opens_us, listed.end_us
        )
    )
    return {"candles": exchange_rows.candles(found, indicator)[-CANDLES_MAX:]}


@router.websocket("/ws/live")
async def feed(websocket: WebSocket, page: str = "trade", site: str = "") -> None:
    principal = await auth.authenticate_websocket(websocket)
    await websocket.accept()
    hub = hub_of(websocket)
    desk: live.Desk
    match page:
        case "fleet":
            desk = FleetDesk(hub, principal)
        case "site":
            desk = SiteDesk(hub, principal, site)
        case "auction":
            desk = AuctionDesk(hub, principal)
        case "forecast":
            desk = ForecastDesk(hub, principal)
        case "market":
            desk = MarketDesk(hub, principal)
        case "operations" if principal.is_admin and principal.scopes is None:
            desk = OperationsDesk(hub, principal)
        case _:
            desk = TradeDesk(hub, principal)
    await live.follow(websocket, hub, principal, desk)


def _from_here(request: Request) -> bool:
    """Say whether a form came from our own page; a client that is no browser sends no origin."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


async def _posted_key(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise Unauthenticated("more than a key was posted")
    values = parse_qs(body.decode("ascii", "replace")).get("key", [""])
    return values[0]
