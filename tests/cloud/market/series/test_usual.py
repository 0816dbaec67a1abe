"""A load that is far from what the area drew in the weeks before is set apart: another unit."""

from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.series.archive import Appended, Archive
from cloud.market.series.model import LOADS, Batch, Kind, Series
from cloud.market.series.usual import DAYS_MIN, TIMES, Usual, usual
from tests.support.hub import NOON_US
from tests.support.market_series import DAY_US, HOUR_US

LOAD = Series("entsoe", Kind.LOAD_ACTUAL, "AT", 3_600)
SMALL_MW = 640.0
"""A small area: a thousand times as much is less than all of Europe draws."""


def day_of(back: int, value: float, hours: int = 24, series: Series = LOAD) -> Batch:
    """Return some hours of a day so many days ago, known at its end."""
    start_us = NOON_US - back * DAY_US
    known_us = start_us + DAY_US
    return Batch(
        series=series,
        starts_us=tuple(start_us + hour * HOUR_US for hour in range(hours)),
        values=tuple(value + hour for hour in range(hours)),
        known_us=known_us,
        received_us=known_us,
        created_us=known_us,
    )


async def weeks(archive: Archive, days: int = 20, series: Series = LOAD) -> None:
    await archive.append(day_of(back, SMALL_MW, series=series) for back in range(days, 0, -1))


@pytest.mark.parametrize("kind", LOADS)
@pytest.mark.parametrize("times", [1000.0, 1 / 1000.0, 25.0, 1 / 25.0])
async def test_a_load_in_another_unit_is_set_apart_with_its_reason_and_the_day_before_stays(
    hub: Hub, admin: httpx.AsyncClient, kind: Kind, times: float
) -> None:
    archive, series = Archive(hub.database, catalogue.load()), replace(LOAD, kind=kind)
    await weeks(archive, series=series)
    assert await archive.append([day_of(0, SMALL_MW * times, 3, series)]) == Appended(apart=3)
    assert (await archive.as_of(series, NOON_US, NOON_US + DAY_US)).values == ()
    (aside,) = (await admin.get("/api/v1/market/quarantine")).json()["quarantine"]
    assert (aside["quality"], aside["why"]) == ("implausible", "unusual")
    assert (aside["low"], aside["high"]) == (None, None), "it was of that day"


@pytest.mark.parametrize("times", [0.2, 1.0, 5.0, 15.0])
async def test_a_load_that_a_rare_day_may_have_is_served(hub: Hub, times: float) -> None:
    archive = Archive(hub.database, catalogue.load())
    await weeks(archive)
    assert (await archive.append([day_of(0, SMALL_MW * times)])).apart == 0


async def test_before_two_weeks_are_known_nothing_is_judged(hub: Hub) -> None:
    archive = Archive(hub.database, catalogue.load())
    await weeks(archive, DAYS_MIN - 1)
    assert (await archive.append([day_of(0, SMALL_MW * 1000.0)])).apart == 0


async def test_only_loads_are_judged_by_their_past_for_the_sun_has_nights(hub: Hub) -> None:
    archive = Archive(hub.database, catalogue.load())
    sun = replace(LOAD, kind=Kind.GENERATION_ACTUAL, detail="B16")
    await weeks(archive, series=sun)
    assert (await archive.append([day_of(0, 0.0, series=sun)])).apart == 0


async def test_what_a_person_releases_is_served_and_becomes_the_usual(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    archive = Archive(hub.database, catalogue.load())
    await weeks(archive, DAYS_MIN)
    for back in range(0, -DAYS_MIN - 1, -1):
        await archive.append([day_of(back, SMALL_MW * 100.0)])
        for aside in await archive.quarantine(open_only=True):
            said = {"verdict": "released", "reason": "two areas became one"}
            answer = await admin.post(f"/api/v1/market/quarantine/{aside.number}", json=said)
            assert answer.status_code == 200, answer.text
    assert (await archive.append([day_of(-20, SMALL_MW * 100.0)])).apart == 0


@given(
    st.lists(st.floats(1.0, 1e5), min_size=24 * DAYS_MIN, max_size=24 * DAYS_MIN + 9),
    st.floats(1e-6, 1e9),
)
def test_half_of_the_past_is_always_usual(values: list[float], scale: float) -> None:
    found = usual([value * scale for value in values], 3_600)
    assert found is not None
    inside = [found.low <= value * scale <= found.high for value in values]
    assert sum(inside) * 2 >= len(values) or max(values) > TIMES * min(values)


def test_a_past_of_nothing_says_nothing() -> None:
    assert usual([], 900) is None
    assert usual([0.0] * 96 * DAYS_MIN, 900) is None
    assert usual([5.0] * (96 * DAYS_MIN - 1), 900) is None
    assert usual([5.0] * 96 * DAYS_MIN, 900) == Usual(0.25, 100.0)
