"""A person pins who is asked, until the end of a day: by role, audited, told as an event."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from cloud.forecast.service.jobs import Jobs
from cloud.forecast.watch.watcher import Watcher
from cloud.kernel import audit, events
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from cloud.market.areas import catalogue
from tests.support.forecasts import ASK, DAY_US, MORNING_US, asked, fill, status
from tests.support.hub import add_key, admin_key, client_of, clock_of, opened_hub

AT = catalogue.load()["AT"]
PIN = "/api/forecast/pin"
WISH = {"area": "AT", "members": "short_windows", "until": "2026-11-25", "reason": "a new regime"}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub in SQLite, where another database would change nothing."""
    async with opened_hub(tmp_path, at_us=MORNING_US) as opened:
        yield opened


@pytest.fixture
async def admin(hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(hub, admin_key(hub)) as client:
        yield client


async def codes(hub: Hub) -> list[str]:
    query = select(events.events_table.c.code).where(
        events.events_table.c.code.startswith("FORECAST_")
    )
    async with hub.database.reading() as connection:
        return list(await connection.scalars(query.order_by(events.events_table.c.id)))


async def test_what_is_pinned_is_asked_and_the_forecast_says_so(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    await fill(hub, days=45)
    first = await asked(admin)
    clock_of(hub).at_us += 1_000_000
    wish = WISH | {"members": "similar_day", "without": ["load"]}
    answer = await admin.put(PIN, json=wish)
    assert answer.status_code == 200, answer.text
    assert answer.json()["until"] == "2026-11-25"
    second = await asked(admin)
    assert second != first, "another forecast of the same inputs"
    assert await asked(admin) == second
    jobs = Jobs(hub)
    try:
        assert await jobs.next()
        assert await jobs.next()
    finally:
        await jobs.workshop.close()
    plain, pinned = await status(admin, first), await status(admin, second)
    assert plain["quality"] == "short_history"
    assert pinned["quality"] == "similar_day"
    flags = pinned["flags"]
    assert isinstance(flags, list)
    assert {"pinned", "models_rest", "similar_day"} <= set(flags)
    watch = (await admin.get("/api/forecast/watch", params={"area": "AT"})).json()
    assert (watch["members"], watch["without"]) == ("similar_day", ["load"])
    assert watch["pin"]["reason"] == "a new regime"
    assert await codes(hub) == ["FORECAST_PINNED", "FORECAST_RETREAT"]


async def test_a_pin_is_taken_back_replaced_and_runs_out(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    await fill(hub, days=10)
    assert (await admin.delete(PIN, params={"area": "AT"})).status_code == 404
    await admin.put(PIN, json=WISH)
    clock_of(hub).at_us += 1
    await admin.put(PIN, json=WISH | {"members": "all", "until": "2026-11-22"})
    watch = (await admin.get("/api/forecast/watch", params={"area": "AT"})).json()
    assert (watch["members"], watch["pin"]["until"]) == ("all", "2026-11-22")
    clock_of(hub).at_us += 2 * DAY_US
    watch = (await admin.get("/api/forecast/watch", params={"area": "AT"})).json()
    assert watch["pin"] is None, "its last day is over, and that of before does not come back"
    watcher = Watcher(hub, [AT], Jobs(hub).stand_in)
    await watcher.look(AT)
    await watcher.look(AT)
    assert [code for code in await codes(hub) if "PIN" in code] == [
        "FORECAST_PINNED", "FORECAST_PINNED", "FORECAST_UNPINNED",
    ]  # fmt: skip
    await admin.put(PIN, json=WISH)
    assert (await admin.delete(PIN, params={"area": "AT"})).status_code == 204
    assert (await admin.delete(PIN, params={"area": "AT"})).status_code == 404
    async with hub.database.reading() as connection:
        done = [one.entry.action for one in await audit.newest(connection, limit=10)]
    assert done.count("forecast.pin") == 3
    assert done.count("forecast.unpin") == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"until": "2026-11-20"}, "2026-11-21 to 2027-02-21"),
        ({"until": "2027-02-22"}, "2026-11-21 to 2027-02-21"),
        ({"members": "best"}, "short_windows"),
        ({"without": ["gas"]}, "renewables"),
        ({"area": "XX"}, "area"),
        ({"reason": ""}, "reason"),
    ],
)
async def test_a_wrong_wish_costs_one_line_that_names_what_is_allowed(
    admin: httpx.AsyncClient, change: dict[str, object], named: str
) -> None:
    answer = await admin.put(PIN, json=WISH | change)
    assert answer.status_code == 422
    assert named in answer.text


async def test_only_an_admin_pins_what_every_account_trades_on(hub: Hub) -> None:
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.TRADER)) as client:
        assert (await client.put(PIN, json=WISH)).status_code == 403
        assert (await client.delete(PIN, params={"area": "AT"})).status_code == 403
        assert (await client.post(ASK, json={"area": "AT"})).status_code in (202, 409)
