"""The calls of old that are neither orders nor trades: battery, telemetry, history of prices."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from cloud.exchange.api.outside import OutsidePrices
from cloud.exchange.api.paces import Feeding, Studying, Telling, Tending, Watching
from cloud.exchange.api.seed_views import (
    BessStatus,
    HistoryPoint,
    HistoryView,
    LongtermView,
    Ok,
    OutsidePrice,
    PriceBody,
    SpanPoint,
    SyncBody,
    SyncView,
    TelemetryBody,
)
from cloud.exchange.entry import market_of
from cloud.exchange.prices.history import HISTORY_HOURS_MAX, LONGTERM_DAYS_MAX, POINTS_MAX
from cloud.exchange.prices.history_store import Fed
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.service import Exchange
from cloud.fleet import service as fleet
from cloud.fleet.live import LiveValues
from cloud.fleet.model import Newest, Site
from cloud.kernel.auth import Principal
from cloud.kernel.bodies import OnceRoute
from cloud.kernel.context import Hub, HubHere
from cloud.kernel.errors import Refused, responses
from cloud.kernel.instants import iso, us_or
from cloud.kernel.keys import IDENTIFIER
from wire.block import Quality, Reading
from wire.clock import micros
from wire.live import Live

router = APIRouter(prefix="/api", tags=["exchange"], route_class=OnceRoute)

ONLINE_US = 300 * 1_000_000
"""An older value is no value."""
DEVICE = "api"
_DAY_US = 86_400_000_000
_SOC, _POWER = "battery.soc_pct", "ac.power_kw"
_TEMPERATURES = ("battery.temp_mean_c", "battery.temp_max_c")
_POINTS = (_SOC, _POWER, *_TEMPERATURES)
_DEFAULT_MARKET = "PHO_AT_INTRADAY_15MIN"

SiteWanted = Annotated[
    str | None, Query(pattern=IDENTIFIER, description="default: the account's only one")
]
MarketWanted = Annotated[str, Query(max_length=40, examples=[_DEFAULT_MARKET])]
_READS = responses(401, 403, 422, 429)


@router.get("/bess-status", summary="The battery now", responses=responses(401, 403, 404, 422, 429))
async def read_status(hub: HubHere, principal: Tending, site: SiteWanted = None) -> BessStatus:
    """Return state of charge, power and temperature; nulls and `offline` without telemetry."""
    found = await _site(hub, principal, site)
    if found is None:
        return _nothing(None)
    async with hub.database.reading() as connection:
        stored = (await fleet.newest_of_sites(connection, [found.id], _POINTS)).get(found.id, ())
    now_us = hub.clock.now_us()
    fresh = [
        each
        for each in hub.service(LiveValues).over(found.id, stored)
        if each.value is not None and 0 <= now_us - each.at_us <= ONLINE_US
    ]
    soc, power = _first(fresh, _SOC), _first(fresh, _POWER)
    temperature = _first(fresh, *_TEMPERATURES)
    shown = [each for each in (soc, power, temperature) if each is not None]
    if not shown:
        return _nothing(found.id)
    return BessStatus(
        site=found.id,
        soc_percent=None if soc is None else soc.value,
        active_power_mw=None if power is None or power.value is None else power.value / 1_000,
        temperature_c=None if temperature is None else temperature.value,
        timestamp=iso(min(each.at_us for each in shown)),
        status="online",
        telemetry_source="API" if shown[0].device == DEVICE else "GATEWAY",
    )


@router.post(
    "/telemetry",
    summary="Tell a battery's state",
    responses=responses(401, 403, 404, 409, 422, 429),
)
async def tell(body: TelemetryBody, hub: HubHere, principal: Telling) -> Ok:
    """Tell the state of a battery that has no box of ours; it counts for a minute.

    Where a box is enrolled its measurements count alone, and this is refused. Nothing of it is
    kept as history.
    """
    found = await _site(hub, principal, body.site)
    if found is None:
        raise OrderRefused("NO_SITE", "site: this account has no site")
    async with hub.database.reading() as connection:
        boxes = await fleet.gateways(connection)
    if any(box.site == found.id and box.revoked_us is None for box in boxes):
        raise Refused("GATEWAY_TELLS", f"site {found.id} has a box, whose measurements count")
    power_mw = body.active_power_mw
    told = {
        _SOC: body.soc_percent,
        _POWER: None if power_mw is None else power_mw * 1_000,
        _TEMPERATURES[0]: body.temperature_c,
    }
    now_us, live = hub.clock.now_us(), hub.service(LiveValues)
    values = tuple(
        (DEVICE, Reading(point, value, Quality.GOOD, now_us))
        for point, value in told.items()
        if value is not None
    )
    live.watch(found.id)
    live.take(found.id, Live(now_us, values))
    hub.bus.wake(fleet.telemetry_topic(found.id))
    hub.bus.wake(fleet.TELEMETRY_TOPIC)
    return Ok()


@router.get("/market/history", summary="Prices by the minute", responses=_READS)
async def read_history(
    hub: HubHere,
    _principal: Studying,
    market: MarketWanted = _DEFAULT_MARKET,
    hours: Annotated[int, Query(ge=1, le=HISTORY_HOURS_MAX)] = 24,
    limit: Annotated[int, Query(ge=1, le=POINTS_MAX)] = 1_000,
) -> HistoryView:
    """Return the newest minutes of these hours, oldest first."""
    exchange = hub.service(Exchange)
    code = market_of(market, exchange.catalogue).code
    points = await exchange.history.history(code, hours, limit)
    rows = [HistoryPoint.of(point) for point in points]
    return HistoryView(market=code, count=len(rows), history=rows)


@router.get("/market/history/longterm", summary="Prices by hour or day", responses=_READS)
async def read_longterm(
    hub: HubHere,
    _principal: Studying,
    market: MarketWanted = _DEFAULT_MARKET,
    days: Annotated[int, Query(ge=1, le=LONGTERM_DAYS_MAX)] = 30,
    aggregation: Literal["hour", "day"] = "hour",
) -> LongtermView:
    """Return hours, or local days, with mean, least and most; oldest first."""
    exchange = hub.service(Exchange)
    code = market_of(market, exchange.catalogue).code
    spans = await exchange.history.longterm(code, days, aggregation)
    rows = [SpanPoint.of(span) for span in spans[-POINTS_MAX:]]
    return LongtermView(market=code, aggregation=aggregation, count=len(rows), history=rows)


@router.post("/market/history/sync", summary="Minutes that a client lacks", responses=_READS)
async def sync(body: SyncBody, hub: HubHere, _principal: Studying) -> SyncView:
    """Return the minutes since `last_sync` that are not in `client_history`; nothing is changed."""
    exchange = hub.service(Exchange)
    code = market_of(body.market, exchange.catalogue).code
    since_us = us_or(body.last_sync, hub.clock.now_us() - _DAY_US)
    known = {micros(point.timestamp) for point in body.client_history}
    points = await exchange.history.sync(code, known, since_us)
    rows = [HistoryPoint.of(point) for point in points]
    return SyncView(market=code, count=len(rows), history=rows)


@router.post("/pricefeed", summary="Feed a price in", responses=_READS)
async def feed(body: PriceBody, hub: HubHere, _principal: Feeding) -> Ok:
    """Tell a price from outside; it is shown beside the market, and moves nothing in it."""
    market = market_of(body.market, hub.service(Exchange).catalogue)
    fed = Fed(body.price, body.volume, hub.clock.now_us())
    await hub.service(OutsidePrices).take(hub.database, market.code, fed)
    return Ok()


@router.get("/pricefeed", summary="The newest price from outside", responses=_READS)
async def read_feed(
    hub: HubHere, _principal: Watching, market: MarketWanted = _DEFAULT_MARKET
) -> OutsidePrice:
    """Return the newest price that a service fed in; null where none ever came."""
    code = market_of(market, hub.service(Exchange).catalogue).code
    fed = await hub.service(OutsidePrices).newest(hub.database, code)
    return OutsidePrice(
        market=code,
        price=None if fed is None else fed.eur_mwh,
        volume=None if fed is None else fed.mwh,
        timestamp=None if fed is None else iso(fed.at_us),
    )


async def _site(hub: Hub, principal: Principal, name: str | None) -> Site | None:
    """Return the site that is meant, None where the account has none.

    Raises:
        NotFound: it is not there, or not visible.
        OrderRefused: SITE_NEEDED, there are several.
    """
    async with hub.database.reading() as connection:
        if name is not None:
            return await fleet.visible_site(connection, name, principal)
        sites = await fleet.visible_sites(connection, principal)
    if len(sites) > 1:
        names = ", ".join(site.id for site in sites[:20])
        raise OrderRefused("SITE_NEEDED", f"site: is missing; say which of {names} is meant")
    return sites[0] if sites else None


def _first(values: list[Newest], *points: str) -> Newest | None:
    """Return the value of the first of these points, of the first device by name."""
    found = (each for point in points for each in values if each.point == point)
    return next(found, None)


def _nothing(site: str | None) -> BessStatus:
    return BessStatus(
        site=site,
        soc_percent=None,
        active_power_mw=None,
        temperature_c=None,
        timestamp=None,
        status="offline",
        telemetry_source=None,
    )
