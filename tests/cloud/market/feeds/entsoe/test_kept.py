"""From the platform into the hub's store: nothing lost, nothing twice, the past as it was known.

On both databases; the platform is simulated, the line to it and the store are real.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from cloud.kernel.database import Database
from cloud.market.feeds.backfill import backfill
from cloud.market.feeds.entsoe import client as clients
from cloud.market.feeds.errors import BadAnswer, FeedUnavailable
from cloud.market.feeds.states import Asked
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Kind, Quality, Series
from simulators.entsoe_platform import Fault, Platform
from tests.support.entsoe import AREAS, EIC, LONGEST, NOW_US, STEP_US, Asking, asking, wish

LOAD = Series("entsoe", Kind.LOAD_ACTUAL, "AT", 900)
SDAC = Series("entsoe", Kind.PRICE_DAY_AHEAD, "AT", 900, "SDAC")
MONTHS = 3
FIRST, LAST = date(2026, 2, 1), date(2026, 4, 30)


@pytest.fixture
def archive(database: Database) -> Archive:
    return Archive(database, AREAS)


@pytest.fixture
async def at() -> AsyncIterator[Asking]:
    async with asking(Platform()) as opened:
        yield opened


async def kept(at: Asking, archive: Archive, kind: Kind, later_us: int = 0) -> list[Batch]:
    """Keep what the feed says of the longest day, as if it had arrived `later_us` later."""
    batches = []
    async for batch in at.feed.fetch(wish(kind)):
        at_us = batch.received_us + later_us
        batches.append(replace(batch, received_us=at_us, known_us=at_us))
    await archive.append(batches)
    return batches


async def values(archive: Archive, series: Series, known_us: int | None = None) -> dict[int, float]:
    asked = wish(series.kind)
    return (await archive.as_of(series, asked.start_us, asked.end_us, known_us)).by_start()


async def test_a_correction_is_read_from_when_it_came_and_not_before(
    at: Asking, archive: Archive
) -> None:
    await kept(at, archive, Kind.LOAD_ACTUAL)
    before = at.published(f"A65A16{EIC}")
    at.platform.shift, at.platform.revision = 5.0, 2
    at.platform.created_us += 1_000_000
    await kept(at, archive, Kind.LOAD_ACTUAL, later_us=3_600_000_000)
    assert await values(archive, LOAD, NOW_US + 3_599_999_999) == before
    assert await values(archive, LOAD, NOW_US + 3_600_000_000) == at.published(f"A65A16{EIC}")
    assert await values(archive, LOAD, NOW_US - 1) == {}


@pytest.mark.parametrize("body", [b"", b"<html/>", b"<GL_MarketDocument>", b"PK\x03\x04"])
async def test_after_a_bad_answer_the_last_good_data_are_still_there(
    body: bytes, at: Asking, archive: Archive
) -> None:
    await kept(at, archive, Kind.LOAD_ACTUAL)
    at.platform.faults.append(Fault(200, body))
    with pytest.raises(BadAnswer):
        await kept(at, archive, Kind.LOAD_ACTUAL)
    assert await values(archive, LOAD) == at.published(f"A65A16{EIC}")


async def test_two_prices_of_one_auction_are_kept_apart_and_neither_is_served(
    at: Asking, archive: Archive
) -> None:
    (batch,) = [
        batch async for batch in at.feed.fetch(wish(Kind.PRICE_DAY_AHEAD)) if batch.series == SDAC
    ]
    first = replace(batch, starts_us=batch.starts_us[:1], values=(1.0,), quality=Quality.CONFLICT)
    rest = replace(batch, starts_us=batch.starts_us[1:], values=batch.values[1:])
    await archive.append([rest, first, replace(first, values=(2.0,))])
    served = await values(archive, SDAC)
    assert len(served) == 99
    assert batch.starts_us[0] not in served
    assert len(await archive.quarantine()) == 2


async def test_the_past_is_filled_in_once_and_goes_on_where_it_broke_off(
    at: Asking, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "BACKOFF_S", 0.0)
    asked = Asked("entsoe", "AT", Kind.PRICE_DAY_AHEAD)
    days = (LAST - FIRST).days + 1
    with pytest.raises(FeedUnavailable):
        async for progress in backfill(archive, at.feed, asked, FIRST, LAST):
            if progress.done:
                at.platform.faults += [Fault(500)] * clients.TRIES_MAX
    at.platform.asked.clear()
    steps = [progress async for progress in backfill(archive, at.feed, asked, FIRST, LAST)]
    assert steps[0].total == steps[-1].done == days - 31
    assert len(at.platform.asked) == MONTHS - 1
    again = [progress async for progress in backfill(archive, at.feed, asked, FIRST, LAST)]
    assert [(progress.done, progress.total) for progress in again] == [(0, 0)]
    assert len(at.platform.asked) == MONTHS - 1
    area = AREAS["AT"]
    start_us, end_us = area.day_us(FIRST)[0], area.day_us(LAST)[1]
    served = (await archive.as_of(SDAC, start_us, end_us)).by_start()
    published = at.published(f"A44{EIC}1", FIRST, days)
    assert served == published
    assert len(served) == (end_us - start_us) // STEP_US
    noon_us = area.day_us(date(2026, 3, 1))[0] - 12 * 3_600_000_000
    known = (await archive.as_of(SDAC, start_us, end_us, noon_us)).by_start()
    assert max(known) == area.day_us(date(2026, 3, 1))[0] - STEP_US


async def test_a_day_counts_as_complete_with_all_its_quarter_hours(
    at: Asking, archive: Archive
) -> None:
    await kept(at, archive, Kind.LOAD_ACTUAL)
    whole = await archive.complete(LOAD, LONGEST)
    assert (whole.is_complete, whole.expected) == (True, 100)
    assert not (await archive.complete(LOAD, LONGEST + timedelta(days=1))).is_complete
