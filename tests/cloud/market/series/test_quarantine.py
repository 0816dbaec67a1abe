"""cloud.market.series.quarantine: what is set apart says why, and is decided on once, for good."""

from datetime import date

import pytest

from cloud.kernel import audit, events
from cloud.kernel.auth import Role
from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.series.archive import Archive
from cloud.market.series.model import Kind, Quality, Series
from tests.support.hub import NOON_US, add_key, admin_key, client_of, clock_of
from tests.support.market_series import HOUR_US, PRICES, QUARTER_US, batch, local_us

START_US = local_us(2026, 11, 22)
END_US = START_US + 24 * HOUR_US
PATH = "/api/v1/market/quarantine"
WHY = "the exchange confirmed it by telephone"
LOAD = Series("entsoe", Kind.LOAD_FORECAST, "AT", 900)


@pytest.fixture
def archive(hub: Hub) -> Archive:
    return Archive(hub.database, catalogue.load())


async def set_apart(archive: Archive) -> None:
    """A good day, then a price that nobody may believe by himself."""
    await archive.append([batch(START_US, [50.0] * 96, NOON_US - HOUR_US, document="good")])
    await archive.append([batch(START_US, [4_200.0], NOON_US - 60, document="odd")])


async def prices(archive: Archive, known_us: int | None = None) -> float:
    return (await archive.as_of(PRICES, START_US, END_US, known_us)).values[0]


async def test_what_is_set_apart_says_why_and_what_is_allowed(hub: Hub, archive: Archive) -> None:
    await set_apart(archive)
    await archive.append([batch(START_US, [-5.0], NOON_US - 50, series=LOAD, document="load")])
    await archive.append(
        [batch(START_US + QUARTER_US, [7e9], NOON_US - 45, series=LOAD, document="kW")]
    )
    for name, quality in (("early", Quality.IMPLAUSIBLE), ("two", Quality.CONFLICT)):
        one = batch(START_US + HOUR_US, [61.0], NOON_US - 40, document=name, quality=quality)
        await archive.append([one])
    async with client_of(hub, admin_key(hub)) as client:
        found = (await client.get(PATH)).json()["quarantine"]
    told = {one["document"]: (one["why"], one["low"], one["high"]) for one in found}
    assert told == {
        "odd": ("limits", -500.0, 4_000.0),
        "load": ("negative_load", 0.0, 1_000_000.0),
        "kW": ("size", 0.0, 1_000_000.0),
        "early": ("early", -500.0, 4_000.0),
        "two": ("conflict", None, None),
    }


async def test_a_released_value_is_served_from_then_on_and_not_before(
    hub: Hub, archive: Archive
) -> None:
    await set_apart(archive)
    released_us = clock_of(hub).at_us = NOON_US + HOUR_US
    async with client_of(hub, admin_key(hub)) as client:
        (aside,) = (await client.get(PATH)).json()["quarantine"]
        body = {"verdict": "released", "reason": WHY}
        answer = await client.post(f"{PATH}/{aside['id']}", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["decision"]["reason"] == WHY
        again = await client.post(f"{PATH}/{aside['id']}", json=body | {"verdict": "rejected"})
        assert (again.status_code, again.json()["code"]) == (409, "DECIDED")
        assert (await client.get(PATH, params={"open": "true"})).json() == {"quarantine": []}
        assert len((await client.get(PATH)).json()["quarantine"]) == 1, "it is kept and shown"
    assert await prices(archive) == 4_200.0
    assert await prices(archive, released_us - 1) == 50.0, "nobody knew it before"
    await archive.append([batch(START_US, [4_200.0], released_us + 5, document="odd")])
    assert await prices(archive) == 4_200.0
    await archive.append([batch(START_US, [70.0], released_us + HOUR_US, document="corrected")])
    assert await prices(archive) == 70.0, "a correction counts as always"
    async with hub.database.reading() as connection:
        (entry,) = await audit.newest(connection, action="market.released")
        codes = [one.code for one in await events.after(connection, 0) if one.source == "market"]
    assert (entry.entry.reason, entry.entry.result) == (WHY, "4200 EUR/MWh")
    assert codes == ["MARKET_VALUE_RELEASED"]


async def test_a_rejected_value_stays_apart(hub: Hub, archive: Archive) -> None:
    await set_apart(archive)
    async with client_of(hub, admin_key(hub)) as client:
        (aside,) = (await client.get(PATH)).json()["quarantine"]
        body = {"verdict": "rejected", "reason": "a typing error"}
        assert (await client.post(f"{PATH}/{aside['id']}", json=body)).status_code == 200
    assert await prices(archive) == 50.0
    assert (await archive.complete(PRICES, date(2026, 11, 22))).is_complete


async def test_only_administrators_decide_and_only_on_what_is_there(
    hub: Hub, archive: Archive
) -> None:
    await set_apart(archive)
    body = {"verdict": "released", "reason": WHY}
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.TRADER)) as client:
        (aside,) = (await client.get(PATH)).json()["quarantine"]
        assert (await client.post(f"{PATH}/{aside['id']}", json=body)).status_code == 403
    async with client_of(hub, admin_key(hub)) as client:
        assert (await client.post(f"{PATH}/999", json=body)).status_code == 404
        for wrong in ({"verdict": "maybe"}, {"reason": ""}, {"more": 1}):
            answer = await client.post(f"{PATH}/{aside['id']}", json=body | wrong)
            assert answer.status_code == 422, wrong
    assert await prices(archive) == 50.0
