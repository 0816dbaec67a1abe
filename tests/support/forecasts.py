"""A market that is simulated, its past in the store of a hub, and forecasts asked of it."""

from collections.abc import Sequence

import httpx

from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.feeds.base import Wish
from cloud.market.feeds.simulated import Simulated
from cloud.market.series.archive import Archive
from cloud.market.series.model import Kind
from tests.support.hub import NOON_US

DAY_US = 86_400_000_000
MORNING_US = NOON_US - 5_400_000_000
"""10:30Z, before the gate of tomorrow's auction."""
ASK = "/api/forecast/dayahead"
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


async def asked(client: httpx.AsyncClient, **body: object) -> str:
    answer = await client.post(ASK, json={"area": "AT", **body})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == answer.json()["status_url"]
    job_id: str = answer.json()["job_id"]
    return job_id


async def status(client: httpx.AsyncClient, job_id: str) -> dict[str, object]:
    answer = await client.get(f"/api/forecast/status/{job_id}")
    assert answer.status_code == 200, answer.text
    return dict[str, object](answer.json())
