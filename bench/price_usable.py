"""How soon a published day of prices is usable: from the platform's answer to whoever reads it.

A hub in this process asks a simulated platform over real HTTP, prices and forecasts of eight areas,
with two years of history in its store (SQLite). Its clock is moved on from day to day, to when the
prices of tomorrow are there; measured is from the arrival of the question at the platform, so that
the wait for the next question (up to five minutes by the plan) is not in it.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import httpx
import numpy as np
from pydantic import SecretStr

from bench.options import Figures
from cloud.forecast.service.inputs import chosen
from cloud.forecast.service.reading import Reading
from cloud.forecast.service.sources import PRICE
from cloud.kernel.context import Hub
from cloud.main import create_app, open_hub
from cloud.market import overview
from cloud.market.areas import catalogue
from cloud.market.feeds import running
from cloud.market.feeds.base import Wish
from cloud.market.feeds.simulated import Simulated
from cloud.market.series.archive import Archive
from cloud.market.series.model import Kind, Series
from cloud.market.series.opened import archive_of
from cloud.market.series.quarantine import TOPIC as DECIDED
from cloud.market.series.reference import DayAheadPrices
from cloud.settings import HubSettings
from simulators.entsoe_platform import Platform
from simulators.entsoe_server import platform_server
from wire.clock import SetClock

TARGET_S = 5.0
_AREAS = ("AT", "BE", "CZ", "DE-LU", "FR", "HU", "NL", "PL")
_AT = catalogue.load()["AT"]
_PRICES = Series("entsoe", Kind.PRICE_DAY_AHEAD, "AT", 900, "SDAC")
_TODAY = date(2026, 11, 21)
_DAY_US = 86_400_000_000
_NOON_US = 13 * 3_600_000_000
"""From midnight to when the prices of tomorrow are there."""
_PATIENCE_S = 30.0
_LOOK_S = 0.002
_READS = 40
_TOKEN_OF_NOBODY = "letters-of-a-guest"
_FEEDS = """
[[feed]]
source = "entsoe"
areas = [{areas}]
kinds = ["price.day_ahead", "load.forecast", "generation.forecast"]
addresses = ["{address}"]

[reference]
AT = "entsoe"
"""


def figures(days: int, rounds: int) -> Figures:
    return asyncio.run(_measured(days, rounds))


async def _measured(days: int, rounds: int) -> Figures:
    clock = SetClock(_AT.day_us(_TODAY)[0] + _NOON_US)
    platform = Platform(token=_TOKEN_OF_NOBODY, now_us=clock.now_us)
    with tempfile.TemporaryDirectory() as folder:
        async with platform_server(platform) as address:
            file = Path(folder) / "feeds.toml"
            names = ", ".join(f'"{code}"' for code in _AREAS)
            file.write_text(_FEEDS.format(areas=names, address=address))
            settings = HubSettings(
                data_dir=Path(folder),
                port=0,
                market_feeds_file=file,
                entsoe_token=SecretStr(_TOKEN_OF_NOBODY),
            )
            async with open_hub(settings, clock) as hub:
                await _fill(hub, days)
                async with running.running(hub):
                    await _until(lambda: _stored(hub, _TODAY + timedelta(days=1)))
                    found = [await _round(hub, platform, clock, n) for n in range(rounds)]
                    hub.bus.close()
                overview_ms = await _overview_ms(hub)
    worst = {name: max(one[name] for one in found) for name in found[0]}
    return {
        **{f"price_{name}_ms_max": round(value * 1_000) for name, value in worst.items()},
        "price_usable_s_max": round(max(worst.values()), 3),
        "price_usable_days": rounds,
        "overview_made_p95_ms": round(overview_ms, 1),
    }


async def _round(hub: Hub, platform: Platform, clock: SetClock, number: int) -> dict[str, float]:
    """Move on by a day; return in seconds how soon its prices were where."""
    day = _TODAY + timedelta(days=number + 2)
    clock.at_us = _AT.day_us(day - timedelta(days=1))[0] + _NOON_US
    platform.asked.clear()
    hub.bus.wake(DECIDED)  # so that the hub looks at its clock now

    async def is_asked() -> bool:
        return any(_is_of(query, day) for query in platform.asked)

    begun_s = await _until(is_asked)
    at_us = _AT.day_us(day)[0]
    prices = hub.service(DayAheadPrices)

    async def in_memory() -> bool:
        return prices("AT", at_us, at_us + 900_000_000) is not None

    async def over_api() -> bool:
        return await _over_api(hub, day)

    async with asyncio.TaskGroup() as tasks:
        waiting = {
            "stored": tasks.create_task(_until(lambda: _stored(hub, day))),
            "in_memory": tasks.create_task(_until(in_memory)),
            "over_api": tasks.create_task(_until(over_api)),
            "in_forecast_inputs": tasks.create_task(_until(lambda: _in_inputs(hub, day))),
        }
    return {name: task.result() - begun_s for name, task in waiting.items()}


def _is_of(query: dict[str, str], day: date) -> bool:
    """Tell whether the platform was asked for Austria's prices of a day."""
    at = _AT.eic(day)
    return query.get("documentType") == "A44" and query.get("in_Domain") == at


async def _until(there: Callable[[], Awaitable[bool]]) -> float:
    end_s = time.perf_counter() + _PATIENCE_S
    while time.perf_counter() < end_s:
        if await there():
            return time.perf_counter()
        await asyncio.sleep(_LOOK_S)
    raise TimeoutError(f"not within {_PATIENCE_S:g} s")


async def _stored(hub: Hub, day: date) -> bool:
    archive = archive_of(hub)
    return (await archive.complete(_PRICES, day)).is_complete


async def _in_inputs(hub: Hub, day: date) -> bool:
    """Tell whether a job of now would read the day."""
    archive = archive_of(hub)
    read = Reading(archive, _AT, await chosen(archive, _AT), hub.clock.now_us())
    return bool(np.isfinite(await read.days(PRICE, day, 1)).all())


async def _over_api(hub: Hub, day: date) -> bool:
    async with _client(hub) as client:
        answer = await client.get(
            "/api/v1/market/series/values",
            params={"series": str(_PRICES), "from": f"{day}T00:00:00+01:00"},
        )
    return answer.status_code == 200 and answer.json()["days"][0]["complete"] is True


def _client(hub: Hub) -> httpx.AsyncClient:
    key = (hub.settings.data_dir / "admin.key").read_text().strip()
    with suppress(KeyError):
        return hub.service(_Shared).client(key)
    hub.provide(_Shared(hub))
    return hub.service(_Shared).client(key)


class _Shared:
    """One application for all requests."""

    def __init__(self, hub: Hub) -> None:
        self._app = create_app(hub)

    def client(self, key: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self._app),
            base_url="http://hub",
            headers={"X-API-Key": key},
        )


async def _overview_ms(hub: Hub) -> float:
    """Return the 95th of 100 overviews, each made anew."""
    took_ms = []
    for _ in range(_READS):
        begun_s = time.perf_counter()
        await overview.made(hub)
        took_ms.append((time.perf_counter() - begun_s) * 1_000)
    return sorted(took_ms)[int(_READS * 0.95)]


async def _fill(hub: Hub, days: int) -> None:
    archive = Archive(hub.database, catalogue.load())
    now_us = hub.clock.now_us()
    feed = Simulated(1, archive.areas, hub.clock)
    for kind in (Kind.PRICE_DAY_AHEAD, Kind.LOAD_FORECAST, Kind.GENERATION_FORECAST):
        for area in _AREAS[:2]:
            wish = Wish(
                kind=kind,
                area=area,
                start_us=now_us - days * _DAY_US,
                end_us=now_us,
                history=True,
            )
            await archive.append([batch async for batch in feed.fetch(wish)])
