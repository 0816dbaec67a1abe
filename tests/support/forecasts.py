"""A market that is simulated, and its past in the store of a hub."""

from collections.abc import Sequence

from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.feeds.base import Wish
from cloud.market.feeds.simulated import Simulated
from cloud.market.series.archive import Archive
from cloud.market.series.model import Kind

DAY_US = 86_400_000_000
KINDS = (Kind.PRICE_DAY_AHEAD, Kind.LOAD_FORECAST, Kind.GENERATION_FORECAST)


async def fill(
    hub: Hub, area: str = "AT", days: int = 40, kinds: Sequence[Kind] = KINDS, seed: int = 1
) -> None:
    """Keep what was published of the last days, each value as of the hour of its publication."""
    archive = Archive(hub.database, catalogue.load())
    now_us = hub.clock.now_us()
    feed = Simulated(seed, archive.areas, hub.clock)
    for kind in kinds:
        wish = Wish(
            kind=kind,
            area=area,
            detail="",
            start_us=now_us - days * DAY_US,
            end_us=now_us + 2 * DAY_US,
            history=True,
        )
        await archive.append([batch async for batch in feed.fetch(wish)])
