"""A forecast that is too good to be true raises an alarm."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from cloud.forecast.service.jobs import Jobs
from cloud.forecast.watch import store
from cloud.forecast.watch.sequence import DAYS, verdict
from cloud.forecast.watch.verdicts import Code, Score
from cloud.forecast.watch.watcher import Watcher
from cloud.market.areas import catalogue
from cloud.market.areas.model import EXAA
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Kind, Quality, Series
from tests.support.forecasts import DAY_US, fill
from tests.support.hub import NOON_US, opened_hub
from tests.support.scores import GOOD

AT = catalogue.load()["AT"]
TRUE = np.random.default_rng(1).normal(60, 20, DAYS * 96)


def test_an_error_below_half_of_the_early_prices_is_not_to_be_believed() -> None:
    early = TRUE + np.where(np.arange(len(TRUE)) % 2, 8.0, -8.0)
    assert verdict(4.1, early, TRUE) is None
    assert "8.00" in str(verdict(3.9, early, TRUE))


def test_an_early_price_that_equals_the_coupled_one_is_the_coupled_one() -> None:
    assert "equals" in str(verdict(2.0, TRUE.copy(), TRUE))
    half = TRUE.copy()
    half[: len(half) // 2] += 5.0
    assert verdict(2.4, half, TRUE) is None


def test_where_a_price_is_missing_nothing_is_said() -> None:
    early = TRUE.copy()
    early[3] = np.nan
    assert verdict(0.0, early, TRUE) is None


async def test_a_mixed_up_sequence_raises_an_alarm_that_ends_with_it(tmp_path: Path) -> None:
    async with opened_hub(tmp_path, at_us=NOON_US) as hub:
        await fill(hub, days=20, kinds=[Kind.PRICE_DAY_AHEAD])
        archive = Archive(hub.database, catalogue.load())
        price = Series("simulated", Kind.PRICE_DAY_AHEAD, "AT", 900, "SDAC")
        known = await archive.as_of(price, NOON_US - 12 * DAY_US, NOON_US + DAY_US)
        batch = Batch(
            series=Series("simulated", Kind.PRICE_DAY_AHEAD, "AT", 900, EXAA),
            starts_us=known.starts_us,
            values=known.values,
            known_us=NOON_US - 1,
            received_us=NOON_US,
            created_us=NOON_US,
            quality=Quality.SIMULATED,
        )
        await archive.append([batch])
        today = AT.day_of(NOON_US)
        async with hub.database.transaction() as connection:
            for back in range(1, DAYS + 1):
                await store.add(connection, score(today - timedelta(days=back)))
        jobs = Jobs(hub)
        watcher = Watcher(hub, [AT], jobs.stand_in)
        await watcher.look(AT)
        async with hub.database.reading() as connection:
            standing = {one.code for one in await store.standing(connection, "AT")}
        assert Code.SEQUENCE in standing
        moved = tuple(value + 6.0 for value in known.values)
        later = Batch(
            series=batch.series,
            starts_us=known.starts_us,
            values=moved,
            known_us=NOON_US,
            received_us=NOON_US,
            created_us=NOON_US,
            revision=2,
            quality=Quality.SIMULATED,
        )
        await archive.append([later])
        await watcher.look(AT)
        async with hub.database.reading() as connection:
            standing = {one.code for one in await store.standing(connection, "AT")}
        assert Code.SEQUENCE not in standing


def score(day: date) -> Score:
    return replace(GOOD, day=day, pinball=None, inside80=None, inside90=None)
