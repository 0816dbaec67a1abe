"""The operator's file of feeds, and the hub that runs by it: one line for what is wrong."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from cloud.kernel.context import Hub
from cloud.market.areas.rows import BadAreas
from cloud.market.feeds import feeds_file, running
from cloud.market.feeds.feeds_file import BadFeeds, FeedsFile
from cloud.market.feeds.states import FeedStates
from cloud.market.series.model import Kind, Series
from cloud.market.series.opened import archive_of
from cloud.market.series.reference import DayAheadPrices
from tests.support.hub import NOON_US
from tests.support.market_series import batch
from tests.support.patience import eventually
from wire.clock import QUARTER_HOUR_US

SIMULATED = """
[[feed]]
source = "simulated"
areas = ["AT"]
kinds = ["price.day_ahead", "load.forecast"]

[reference]
AT = "simulated"
"""


def test_without_a_file_nothing_is_asked_for() -> None:
    assert feeds_file.load(None) == FeedsFile()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[feed]]\nsource = "reuters"\nareas = ["AT"]', "feed.0.source: 'reuters' is not allowed"),
        ('[[feed]]\nsource = "smard"\nareas = ["DE"]', "area 'DE' is not known; one of"),
        ('[[feed]]\nsource = "smard"\nareas = []', "feed.0.areas"),
        ('[[feed]]\nsource = "smard"\nareas = ["AT"]\nkinds = ["prices"]', "feed.0.kinds.0"),
        ('[[feed]]\nsource = "smard"\nareas = ["AT"]\ntoken = "x"', "feed.0.token"),
        ('[[feed]]\nsource = "smard"\nareas = ["AT"]\naddresses = ["ftp://x"]', "https"),
        ('[[feed]]\nsource = "smard"\nareas = ["AT"]\nhistory_days = 90', "only of source 'sim"),
        ('[[feed]]\nsource = "simulated"\nareas = ["AT"]\nhistory_days = 9', "feed.0.history_days"),
        ('[reference]\nAT = "entsoe"', "reference.AT: 'entsoe' is not asked for this area"),
        ('[[compare]]\narea = "AT"\nsources = ["entsoe"]', "compare.0.sources"),
        ("feed = 3", "feed"),
        ("[[feed", "f: "),
    ],
)
def test_what_is_wrong_costs_one_line_that_names_it(text: str, told: str) -> None:
    with pytest.raises(BadFeeds) as raised:
        feeds_file.parse(text, "f")
    assert told in str(raised.value)
    assert str(raised.value).count("\n") == 0


async def test_a_hub_without_the_token_that_its_file_needs_does_not_start(
    hub: Hub, tmp_path: Path
) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text('[[feed]]\nsource = "entsoe"\nareas = ["AT"]\n')
    settings = hub.settings.model_copy(update={"market_feeds_file": path})
    with pytest.raises(BadFeeds, match="PHOENYRA_HUB_ENTSOE_TOKEN: is missing"):
        async with running.running(replace(hub, settings=settings)):
            pass


async def test_a_hub_whose_file_of_areas_is_wrong_does_not_start(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "areas.toml"
    path.write_text('[[area]]\ncode = "ATLANTIS"\n')
    settings = hub.settings.model_copy(update={"areas_file": path})
    with pytest.raises(BadAreas, match="area 'ATLANTIS' is not known"):
        async with running.running(replace(hub, settings=settings)):
            pass


async def test_a_hub_asks_by_its_file_and_has_the_prices_at_hand(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(SIMULATED)
    settings = hub.settings.model_copy(update={"market_feeds_file": path})
    prices = hub.service(DayAheadPrices)
    async with running.running(replace(hub, settings=settings)):
        await eventually(lambda: prices("AT", NOON_US, NOON_US + QUARTER_HOUR_US) is not None)
    states = {state.asked.kind.value: state for state in hub.service(FeedStates)}
    assert set(states) == {"price.day_ahead", "load.forecast"}
    assert states["price.day_ahead"].answered_us == NOON_US


async def test_a_released_price_is_at_hand_at_once(
    hub: Hub, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(SIMULATED)
    here = replace(hub, settings=hub.settings.model_copy(update={"market_feeds_file": path}))
    prices = hub.service(DayAheadPrices)
    series = Series("simulated", Kind.PRICE_DAY_AHEAD, "AT", 900, "SDAC")

    def ticks() -> int | None:
        return prices("AT", NOON_US, NOON_US + QUARTER_HOUR_US)

    async with running.running(here):
        await eventually(lambda: ticks() is not None)
        odd = batch(NOON_US, [4_200.0], NOON_US, series=series, created_us=NOON_US)
        await archive_of(here).append([odd])
        (aside,) = (await admin.get("/api/v1/market/quarantine")).json()["quarantine"]
        body = {"verdict": "released", "reason": "confirmed"}
        answer = await admin.post(f"/api/v1/market/quarantine/{aside['id']}", json=body)
        assert answer.status_code == 200
        await eventually(lambda: ticks() == 420_000)


async def test_the_past_of_a_simulated_market_is_there_when_the_row_asks_for_it(
    hub: Hub, tmp_path: Path
) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text('[[feed]]\nsource = "simulated"\nareas = ["AT"]\nhistory_days = 50\n')
    here = replace(hub, settings=hub.settings.model_copy(update={"market_feeds_file": path}))
    archive = archive_of(here)
    at = archive.areas["AT"]
    first = at.day_of(NOON_US) - timedelta(days=50)
    async with running.running(here):  # it is asked by the plan when the past is there
        await eventually(lambda: any(state.answered_us for state in hub.service(FeedStates)))
    assert {one.first_us for one in await archive.extents()} == {at.day_us(first)[0]}


def test_outages_that_lie_within_each_other_are_asked_for_once() -> None:
    row = '[[feed]]\nsource = "entsoe"\nareas = ["AT"]\nkinds = ["outage.unavailable"]\n'
    assert feeds_file.parse(row + 'details = [""]\n', "f").feed
    assert feeds_file.parse(row + 'details = ["A77", "A76"]\n', "f").feed
    for twice in ('details = ["A77", "A80"]\n', f'\n{row}details = ["A80"]\n'):
        with pytest.raises(BadFeeds, match="of AT outages are asked for twice"):
            feeds_file.parse(row + twice, "f")


def test_the_direction_of_an_imbalance_volume_is_the_operators() -> None:
    row = '[[feed]]\nsource = "entsoe"\nareas = ["AT"]\nkinds = ["volume.imbalance"]\n'
    (usual,) = feeds_file.parse(row, "f").feed
    assert usual.directions == {"A01": 1, "A02": -1}
    (turned,) = feeds_file.parse(row + 'positive_volume = "A02"\n', "f").feed
    assert turned.directions == {"A01": -1, "A02": 1}
    second = 'positive_volume = "A02"\n'
    for wrong in (row + 'positive_volume = "up"\n', row.replace("entsoe", "smard") + second):
        with pytest.raises(BadFeeds, match="positive_volume"):
            feeds_file.parse(wrong, "f")
