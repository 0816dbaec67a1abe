"""cloud.market.series.archive: append only, idempotent, read as of any instant; on both engines."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.kernel.database import Database
from cloud.market.areas import catalogue
from cloud.market.series.archive import Appended, Archive
from cloud.market.series.checking import BadBatch
from cloud.market.series.model import Batch, Kind, Quality, Series
from tests.support.market_series import (
    DAY_US,
    HOUR_US,
    PRICES,
    QUARTER_US,
    batch,
    local_us,
    prices,
)

DAY = date(2026, 11, 22)
START_US = local_us(2026, 11, 22)
NOON_US = local_us(2026, 11, 21, 12)


@pytest.fixture
def archive(database: Database) -> Archive:
    return Archive(database, catalogue.load())


async def values(archive: Archive, known_us: int | None = None) -> tuple[float, ...]:
    found = await archive.as_of(PRICES, START_US, START_US + DAY_US, known_us)
    return found.values


async def test_the_past_is_read_as_it_was_known(archive: Archive) -> None:
    first, second = prices(DAY, 96), prices(DAY, 96)
    second[7] = -12.5
    await archive.append([batch(START_US, first, NOON_US)])
    await archive.append([batch(START_US, second, NOON_US + HOUR_US)])
    assert await values(archive, NOON_US - 1) == ()
    assert await values(archive, NOON_US) == tuple(first)
    assert await values(archive, NOON_US + HOUR_US - 1) == tuple(first)
    assert await values(archive, NOON_US + HOUR_US) == tuple(second)
    assert await values(archive) == tuple(second)


async def test_the_same_batch_may_come_as_often_as_it_likes(archive: Archive) -> None:
    one = batch(START_US, prices(DAY, 96), NOON_US)
    again = batch(START_US, prices(DAY, 96), NOON_US + HOUR_US)
    assert await archive.append([one, one]) == Appended(new=96, known=96)
    assert await archive.append([one, again]) == Appended(known=192)
    (extent,) = await archive.extents()
    assert (extent.series, extent.statements, extent.known_us) == (PRICES, 1, NOON_US)


async def test_a_correction_that_comes_again_is_kept_once_and_stays(archive: Archive) -> None:
    old = batch(START_US, [1.0], NOON_US, created_us=5, document="m")
    new = batch(START_US, [2.0], NOON_US + 1, created_us=6, document="m", revision=2)
    for one in (old, new, old, new):
        await archive.append([one])
    assert await values(archive) == (2.0,)
    (extent,) = await archive.extents()
    assert extent.statements == 2


async def test_a_price_that_goes_back_is_news_again(archive: Archive) -> None:
    for at, value in enumerate((1.0, 2.0, 1.0)):
        await archive.append([batch(START_US, [value], NOON_US + at)])
    assert [await values(archive, NOON_US + at) for at in range(3)] == [(1.0,), (2.0,), (1.0,)]


async def test_a_timetable_adds_nothing_where_the_value_did_arrive(archive: Archive) -> None:
    await archive.append([batch(START_US, [1.0, 2.0], NOON_US)])
    told = batch(START_US, [1.0, 5.0], NOON_US - HOUR_US, assumed=True)
    assert await archive.append([told]) == Appended(new=1, known=1)
    assert await values(archive, NOON_US - 1) == (5.0,)
    assert await values(archive) == (1.0, 2.0)


async def test_days_of_the_clock_change_are_whole_with_92_and_100(archive: Archive) -> None:
    for start_us, day, count in (
        (local_us(2026, 3, 29), date(2026, 3, 29), 92),
        (local_us(2026, 10, 25), date(2026, 10, 25), 100),
    ):
        await archive.append([batch(start_us, prices(day, count), start_us - DAY_US)])
        whole = await archive.complete(PRICES, day)
        assert (whole.expected, whole.present, whole.is_complete) == (count, count, True)


async def test_a_day_with_95_points_is_incomplete_and_never_padded(archive: Archive) -> None:
    one = batch(START_US, prices(DAY, 96), NOON_US)
    starts = one.starts_us[:40] + one.starts_us[41:]
    short = Batch(
        series=PRICES,
        starts_us=starts,
        values=one.values[:40] + one.values[41:],
        known_us=NOON_US,
        received_us=NOON_US,
        created_us=NOON_US,
    )
    await archive.append([short])
    found = await archive.complete(PRICES, DAY)
    assert (found.present, found.expected, found.is_complete) == (95, 96, False)
    (gap,) = await archive.gaps(PRICES, START_US, START_US + DAY_US)
    assert (gap.start_us, gap.end_us) == (one.starts_us[40], one.starts_us[41])


async def test_an_implausible_price_is_kept_apart_once_and_the_last_good_one_stays(
    archive: Archive,
) -> None:
    await archive.append([batch(START_US, [80.0, -30.0, 0.0], NOON_US)])
    for later in (1, 2):  # of a source that does not say when it made its answer
        wrong = batch(START_US, [1e308, -30.0, 0.0], NOON_US + later)
        await archive.append([wrong])
    assert await values(archive) == (80.0, -30.0, 0.0)
    (aside,) = await archive.quarantine()
    assert (aside.series, aside.statement.quality) == (PRICES, Quality.IMPLAUSIBLE)
    assert list(aside.statement.values) == [1e308]


async def test_two_auctions_of_one_source_never_mix(archive: Archive) -> None:
    exaa = Series("entsoe", Kind.PRICE_DAY_AHEAD, "AT", 900, "EXAA")
    hours = Series("entsoe", Kind.PRICE_DAY_AHEAD, "AT", 3_600, "SDAC")
    await archive.append([batch(START_US, [2.0, 3.0], NOON_US, series=exaa)])
    await archive.append([batch(START_US, [4.0], NOON_US, series=hours)])
    assert await values(archive) == ()
    assert (await archive.as_of(exaa, START_US, START_US + DAY_US)).values == (2.0, 3.0)
    assert [extent.series for extent in await archive.extents()] == [exaa, hours]


@pytest.mark.parametrize(
    "wrong",
    [
        batch(START_US + 1, [1.0], NOON_US),
        batch(START_US, [float("nan")], NOON_US),
        batch(START_US, [], NOON_US),
        batch(START_US, [1.0], NOON_US, series=Series("x", Kind.FLOW, "ATLANTIS", 900)),
        batch(0, [1.0], NOON_US, series=Series("x", Kind.FLOW, "AT", 7)),
    ],
)
async def test_what_no_feed_may_give_is_refused_in_one_line_and_nothing_is_kept(
    archive: Archive, wrong: Batch
) -> None:
    with pytest.raises(BadBatch):
        await archive.append([wrong])
    assert await archive.extents() == []


changes = st.lists(
    st.tuples(st.integers(0, 6), st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=4)),
    min_size=1,
    max_size=6,
)


@given(changes)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_what_comes_later_is_never_seen_before(
    archive: Archive, found: list[tuple[int, list[float]]]
) -> None:
    """Each example in an area-year of its own: the database is one for all examples."""
    series = Series(f"s{next(_number)}", Kind.PRICE_DAY_AHEAD, "AT", 900)
    truth: dict[int, float] = {}
    seen = []
    for at, (slot, numbers) in enumerate(found):
        one = batch(START_US + slot * QUARTER_US, numbers, NOON_US + at, series=series)
        await archive.append([one])
        truth |= dict(zip(one.starts_us, one.values, strict=True))
        seen.append(dict(sorted(truth.items())))
    for at, then in enumerate(seen):
        read = await archive.as_of(series, START_US, START_US + DAY_US, NOON_US + at)
        assert read.by_start() == then


_number = iter(range(10**6))
