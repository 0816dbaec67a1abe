"""The open sources as feeds: a wish in, batches out. What they say is read by their own files."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from cloud.market.areas.model import Area
from cloud.market.feeds import awattar, energy_charts, smard
from cloud.market.feeds.base import MarketFeed, Wish
from cloud.market.feeds.errors import FeedRefused
from cloud.market.feeds.limiter import Limiter
from cloud.market.feeds.web import PER_MINUTE, PER_SECOND, Web, open_web
from cloud.market.series.model import Batch, Kind
from wire.clock import Clock

DAYS_AT_ONCE = 31
BLOCKS_MAX = 600
"""Weekly files of SMARD that one wish may need: eleven years."""
_DAY_US = 86_400_000_000


class EnergyCharts:
    """A `MarketFeed`."""

    name = energy_charts.SOURCE

    def __init__(self, web: Web, areas: Mapping[str, Area], clock: Clock) -> None:
        self._web, self._areas, self._clock = web, areas, clock

    def offers(self, kind: Kind, area: str) -> bool:
        return area in self._areas and energy_charts.offers(kind, self._areas[area])

    async def fetch(self, wish: Wish) -> AsyncIterator[Batch]:
        area = _offered(self, wish, self._areas)
        for piece in _pieces(wish):
            body = await self._web.get(*energy_charts.question(piece, area))
            if body is not None:
                now_us = self._clock.now_us()
                for batch in await to_thread(energy_charts.parse, body, piece, area, now_us):
                    yield batch


class Awattar:
    """A `MarketFeed`; each country has an address of its own."""

    name = awattar.SOURCE

    def __init__(self, webs: Mapping[str, Web], areas: Mapping[str, Area], clock: Clock) -> None:
        self._webs, self._areas, self._clock = webs, areas, clock

    def offers(self, kind: Kind, area: str) -> bool:
        return area in self._areas and awattar.offers(kind, self._areas[area])

    async def fetch(self, wish: Wish) -> AsyncIterator[Batch]:
        area = _offered(self, wish, self._areas)
        web = self._webs[area.names[awattar.SOURCE]]
        for piece in _pieces(wish):
            body = await web.get(*awattar.question(piece))
            if body is not None:
                now_us = self._clock.now_us()
                for batch in await to_thread(awattar.parse, body, piece, area, now_us):
                    yield batch


class Smard:
    """A `MarketFeed`."""

    name = smard.SOURCE

    def __init__(self, web: Web, areas: Mapping[str, Area], clock: Clock) -> None:
        self._web, self._areas, self._clock = web, areas, clock

    def offers(self, kind: Kind, area: str) -> bool:
        return area in self._areas and smard.offers(kind, self._areas[area])

    async def fetch(self, wish: Wish) -> AsyncIterator[Batch]:
        area = _offered(self, wish, self._areas)
        for one in smard.filters(wish):
            index = await self._web.get(smard.index_path(one, area))
            names = [] if index is None else smard.blocks(index, wish)
            if len(names) > BLOCKS_MAX:
                raise FeedRefused(f"{len(names)} files; {BLOCKS_MAX} at once are allowed")
            for at_ms in names:
                body = await self._web.get(smard.block_path(one, area, at_ms))
                if body is not None:
                    now_us = self._clock.now_us()
                    for batch in await to_thread(smard.parse, [body], one, wish, area, now_us):
                        yield batch


def _offered(feed: MarketFeed, wish: Wish, areas: Mapping[str, Area]) -> Area:
    if not feed.offers(wish.kind, wish.area):
        raise FeedRefused(f"{feed.name} has no {wish.kind.value} of {wish.area}")
    return areas[wish.area]


def _pieces(wish: Wish) -> Iterator[Wish]:
    step_us = DAYS_AT_ONCE * _DAY_US
    for start_us in range(wish.start_us, wish.end_us, step_us):
        yield wish.within(start_us, min(start_us + step_us, wish.end_us))


@dataclass(frozen=True, slots=True)
class Open:
    """What the open sources have in common."""

    areas: Mapping[str, Area]
    clock: Clock
    limiter: Callable[[], Limiter] = lambda: Limiter(PER_SECOND, PER_MINUTE)


@asynccontextmanager
async def open_source(name: str, common: Open, address: str | None) -> AsyncIterator[MarketFeed]:
    """Open one of the open sources by its name, at its own address or at `address`.

    Raises:
        KeyError: there is none of this name.
    """
    async with AsyncExitStack() as stack:

        async def web(usual: str) -> Web:
            return await stack.enter_async_context(open_web(address or usual, common.limiter()))

        if name == energy_charts.SOURCE:
            yield EnergyCharts(await web(energy_charts.ADDRESS), common.areas, common.clock)
        elif name == smard.SOURCE:
            yield Smard(await web(smard.ADDRESS), common.areas, common.clock)
        elif name == awattar.SOURCE:
            webs = {country: await web(usual) for country, usual in awattar.ADDRESSES.items()}
            yield Awattar(webs, common.areas, common.clock)
        else:
            raise KeyError(name)
