"""Opens the source that a row of the operator's file names, or a command line."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from cloud.market.areas import catalogue
from cloud.market.feeds import feeds_file
from cloud.market.feeds.base import MarketFeed, TellOf, Wish
from cloud.market.feeds.entsoe.client import ADDRESS
from cloud.market.feeds.entsoe.feed import open_feed
from cloud.market.feeds.feeds_file import BadFeeds, FeedRow
from cloud.market.feeds.limiter import Limiter
from cloud.market.feeds.simulated import Simulated
from cloud.market.feeds.sources import Open, open_source
from cloud.market.feeds.weather import Place
from cloud.market.feeds.weather_feed import Settings as WeatherSettings
from cloud.market.feeds.weather_feed import open_weather
from cloud.settings import HubSettings
from wire.clock import Clock

_logger = logging.getLogger(__name__)


def check(row: FeedRow, settings: HubSettings) -> None:
    """See that a row can be opened.

    Raises:
        BadFeeds: the row needs a token, and there is none.
    """
    if row.source == feeds_file.ENTSOE and settings.entsoe_token is None:
        raise BadFeeds("PHOENYRA_HUB_ENTSOE_TOKEN: is missing; the feed entsoe needs one")


@asynccontextmanager
async def open_row(
    row: FeedRow,
    settings: HubSettings,
    clock: Clock,
    limiter: Limiter,
    tell: TellOf | None = None,
) -> AsyncIterator[MarketFeed]:
    """Open a source; `limiter` is one for all who use the same token.

    Args:
        tell: hears what is strange in answers that are used all the same; None: the log does.

    Raises:
        BadAreas: the operator's file of areas cannot be used.
        BadFeeds: its token is missing, or cannot be one.
    """
    areas = catalogue.load(settings.areas_file)
    if row.source == feeds_file.SIMULATED:
        yield Simulated(row.seed, areas, clock)
        return
    if row.source == feeds_file.WEATHER:
        async with open_weather(_weather(row, settings), areas, clock) as feed:
            yield feed
        return
    if row.source != feeds_file.ENTSOE:
        address = row.addresses[0] if row.addresses else None
        async with open_source(row.source, Open(areas, clock), address) as feed:
            yield feed
        return
    check(row, settings)
    token = settings.entsoe_token
    assert token is not None
    async with AsyncExitStack() as stack:
        try:
            feed = await stack.enter_async_context(
                open_feed(
                    token.get_secret_value().strip(),
                    areas,
                    clock,
                    limiter=limiter,
                    tell=tell or _told,
                    addresses=row.addresses or (ADDRESS,),
                    directions=row.directions,
                )
            )
        except ValueError as error:
            raise BadFeeds(f"PHOENYRA_HUB_ENTSOE_TOKEN or addresses: {error}") from error
        yield feed


def _weather(row: FeedRow, settings: HubSettings) -> WeatherSettings:
    key = settings.weather_key
    return WeatherSettings(
        addresses=row.addresses,
        places={
            area: [
                Place(
                    name=one.name,
                    latitude_degrees=one.latitude,
                    longitude_degrees=one.longitude,
                )
                for one in row.places
                if one.area == area
            ]
            for area in row.areas
        },
        delay_us=round(row.delay_h * 3_600e6),
        key="" if key is None else key.get_secret_value().strip(),
    )


def _told(wish: Wish, line: str) -> None:
    _logger.warning("%s of %s: %s", wish.kind.value, wish.area, line)
