"""Documents of a made platform, read as a feed would, and a feed that asks such a platform."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cloud.market.areas.catalogue import load
from cloud.market.feeds.base import Wish
from cloud.market.feeds.entsoe import batches as made_batches
from cloud.market.feeds.entsoe.document import Document, parse
from cloud.market.feeds.entsoe.feed import EntsoeFeed, open_feed
from cloud.market.feeds.entsoe.identity import SEQUENCE
from cloud.market.feeds.entsoe.request import pieces
from cloud.market.feeds.limiter import Limiter
from cloud.market.series.model import Batch, Kind, Series
from simulators.entsoe_documents import MadeDocument, MadePeriod, MadeSeries, xml
from simulators.entsoe_platform import Platform
from simulators.entsoe_server import platform_server
from wire.clock import SetClock, micros

LONGEST = date(2026, 10, 25)
NOW_US = micros(datetime(2026, 10, 24, 13, tzinfo=UTC))
AREAS = load()
AT = AREAS["AT"]
EIC = "10YAT-APG------L"
OTHER = "10YCH-SWISSGRIDZ"
DAY = date(2026, 3, 29)
START_US, END_US = AT.day_us(DAY)
STEP_US = 900_000_000
AFTER_US = START_US - 10 * 3_600_000_000
"""14:00 of the day before in Vienna, less an hour: the coupled auction has opened."""
PRICE = {
    "in_Domain.mRID": EIC,
    "out_Domain.mRID": EIC,
    "currency_Unit.name": "EUR",
    "price_Measure_Unit.name": "MWH",
}
POWER = {"inBiddingZone_Domain.mRID": EIC, "quantity_Measure_Unit.name": "MAW"}
Values = Sequence[float | None]


def period(values: Values, first: int = 0, resolution: str = "PT15M") -> MadePeriod:
    start_us = START_US + first * STEP_US
    return MadePeriod(start_us=start_us, resolution=resolution, values=values)


def price(values: Values, sequence: str = "1") -> MadeSeries:
    numbered = {SEQUENCE: sequence} if sequence else {}
    return MadeSeries(texts={**PRICE, **numbered}, periods=[period(values)])


def power(values: Values, plant: str = "", **texts: str) -> MadeSeries:
    return MadeSeries(
        texts={**POWER, **texts}, periods=[period(values)], value="quantity", plant=plant
    )


def document(*series: MadeSeries, type: str = "A44", **more: Any) -> Document:
    root = "Publication_MarketDocument" if type in ("A44", "A11") else "GL_MarketDocument"
    found = parse(xml(MadeDocument(root=root, type=type, series=series, **more)))
    assert isinstance(found, Document)
    return found


def read(
    *documents: Sequence[Document] | Document,
    kind: Kind = Kind.PRICE_DAY_AHEAD,
    start_us: int = START_US,
    end_us: int = END_US,
    detail: str = "",
    history: bool = False,
    received_us: int = AFTER_US,
) -> tuple[list[Batch], list[str]]:
    """Return the batches of a wish for AT, and what was told."""
    wish = Wish(
        kind=kind, area="AT", start_us=start_us, end_us=end_us, detail=detail, history=history
    )
    (piece,) = pieces(wish, AREAS)
    told: list[str] = []
    reading = made_batches.Reading(area=AT, received_us=received_us, tell=told.append)
    answers = [said if isinstance(said, Sequence) else [said] for said in documents]
    return made_batches.batches(piece, answers, reading), told


@dataclass
class Asking:
    feed: EntsoeFeed
    platform: Platform
    told: list[str]

    async def get(
        self,
        kind: Kind,
        first: date = LONGEST,
        days: int = 1,
        detail: str = "",
        history: bool = False,
    ) -> dict[Series, dict[int, float]]:
        """Return all values by series and start."""
        found: dict[Series, dict[int, float]] = {}
        async for batch in self.feed.fetch(wish(kind, first, days, detail, history)):
            values = found.setdefault(batch.series, {})
            assert not values.keys() & set(batch.starts_us)
            values.update(zip(batch.starts_us, batch.values, strict=True))
        return found

    def published(self, name: str, first: date = LONGEST, days: int = 1) -> dict[int, float]:
        """Return what the platform has under a name of its own."""
        asked = wish(Kind.LOAD_ACTUAL, first, days)
        starts_us = range(asked.start_us, asked.end_us, STEP_US)
        return {at_us: self.platform.value(name, at_us) for at_us in starts_us}


def wish(
    kind: Kind, first: date = LONGEST, days: int = 1, detail: str = "", history: bool = False
) -> Wish:
    area = AREAS["AT"]
    return Wish(
        kind=kind,
        area="AT",
        start_us=area.day_us(first)[0],
        end_us=area.day_us(first + timedelta(days=days))[0],
        detail=detail,
        history=history,
    )


@asynccontextmanager
async def asking(platform: Platform, token: str = "") -> AsyncIterator[Asking]:
    told: list[str] = []
    async with (
        platform_server(platform) as address,
        open_feed(
            token or platform.token,
            AREAS,
            SetClock(NOW_US),
            limiter=Limiter(10_000, 100_000),
            tell=lambda _wish, line: told.append(line),
            addresses=(address,),
        ) as feed,
    ):
        yield Asking(feed, platform, told)
