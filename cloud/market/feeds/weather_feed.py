"""Weather forecasts as a feed: the newest from one address, those of earlier days from another."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cloud.market.areas.model import Area
from cloud.market.feeds import weather
from cloud.market.feeds.base import MarketFeed, Wish
from cloud.market.feeds.errors import FeedError, FeedRefused
from cloud.market.feeds.limiter import Limiter
from cloud.market.feeds.weather import Asked, Place
from cloud.market.feeds.web import PER_MINUTE, PER_SECOND, Web, open_web
from cloud.market.series.model import Batch, Kind
from wire.clock import Clock

DAYS_AT_ONCE = 31
_DAY_US = 86_400_000_000
_HIDDEN = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator's row says."""

    addresses: tuple[str, ...]
    """Of the newest forecasts, then of the old ones; with one address no history is asked for."""
    places: Mapping[str, Sequence[Place]]
    """By area."""
    delay_us: int
    key: str = ""
    """Sent as `apikey`; "": none."""


class Weather:
    """A `MarketFeed`."""

    name = weather.SOURCE

    def __init__(
        self, webs: Sequence[Web], settings: Settings, areas: Mapping[str, Area], clock: Clock
    ) -> None:
        self._webs, self._settings, self._areas, self._clock = webs, settings, areas, clock

    def offers(self, kind: Kind, area: str) -> bool:
        return kind in weather.NAMES and bool(self._settings.places.get(area))

    async def fetch(self, wish: Wish) -> AsyncIterator[Batch]:
        if not self.offers(wish.kind, wish.area):
            raise FeedRefused(f"{weather.SOURCE} has no {wish.kind.value} of {wish.area}")
        if wish.history and len(self._webs) < 2:
            return
        if not wish.history and wish.end_us <= self._clock.now_us():
            return  # of what is over nobody has a forecast any more
        web = self._webs[-1] if wish.history else self._webs[0]
        area = self._areas[wish.area]
        step_us = DAYS_AT_ONCE * _DAY_US
        for start_us in range(wish.start_us, wish.end_us, step_us):
            piece = wish.within(start_us, min(start_us + step_us, wish.end_us))
            for place in self._settings.places[wish.area]:
                if wish.detail in ("", place.name):
                    for batch in await self._of_place(web, piece, place, area):
                        yield batch

    async def _of_place(self, web: Web, piece: Wish, place: Place, area: Area) -> list[Batch]:
        query = weather.question(piece, place)
        key = self._settings.key
        try:
            body = await web.get(weather.PATH, query | ({"apikey": key} if key else {}))
        except FeedError as error:
            if key and key in str(error):  # a service that repeats what it was asked
                raise type(error)(str(error).replace(key, _HIDDEN)) from None
            raise
        if body is None:
            return []
        asked = Asked(
            wish=piece,
            place=place,
            area=area,
            received_us=self._clock.now_us(),
            delay_us=self._settings.delay_us,
        )
        return await to_thread(weather.parse, body, asked)


@asynccontextmanager
async def open_weather(
    settings: Settings,
    areas: Mapping[str, Area],
    clock: Clock,
    limiter: Callable[[], Limiter] = lambda: Limiter(PER_SECOND, PER_MINUTE),
) -> AsyncIterator[MarketFeed]:
    """Open the service at its addresses; both share a limiter."""
    shared = limiter()
    addresses = settings.addresses
    async with open_web(addresses[0], shared) as newest, open_web(addresses[-1], shared) as old:
        webs = [newest] if len(addresses) < 2 else [newest, old]
        yield Weather(webs, settings, areas, clock)
