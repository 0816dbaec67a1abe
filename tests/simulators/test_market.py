"""The market's traders on a real hub: they trade, and wait for one that goes away."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.desk import AHEAD
from simulators.hub_client import HubUnreachable
from simulators.market import Outage
from simulators.prices import LEVELS, MARKET
from tests.support.system import System, running_system, wait_until

TRADING_S = 40.0


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    """A hub with a site's account and two other traders; their keys lie in keys.json."""
    with running_system(tmp_path) as system:
        for account in ("stadtwerk", "handel", "nachbarn"):
            system.post("/api/v1/accounts", id=account, name=account.title())
        system.add_site("werk-sued", "stadtwerk")
        keys = {"maker": "handel", "crowd": "nachbarn", "sites": "stadtwerk"}
        made = {role: system.trader_key(account) for role, account in keys.items()}
        (tmp_path / "keys.json").write_text(json.dumps(made))
        yield system


def start_market(system: System) -> None:
    keys = str(system.folder / "keys.json")
    system.start("market", "simulators.main", "market", "--hub", system.hub_url, "--keys", keys)


def asked(system: System, path: str, **query: str | int) -> Any:
    with system.admin() as client:
        answer = client.get(path, params=query)
    assert answer.is_success, answer.text
    return answer.json()


def quoted(system: System) -> list[dict[str, Any]]:
    """Return the quarter-hours that somebody quotes on both sides."""
    contracts = asked(system, "/api/v1/contracts", market=MARKET)["contracts"]
    return [row for row in contracts if row["bid"] is not None and row["ask"] is not None]


def positions(system: System) -> dict[str, int]:
    """Return what the site has sold (+) or bought (-) in kW, by start of delivery."""
    rows = asked(system, "/api/v1/positions", site="werk-sued")["positions"]
    return {row["delivery_start"]: row["net_kw"] for row in rows}


def own_orders(system: System, role: str, **query: str | int) -> list[dict[str, Any]]:
    keys = json.loads((system.folder / "keys.json").read_text())
    with system.client(keys[role]) as client:
        orders: list[dict[str, Any]] = client.get("/api/orders", params=query).json()["orders"]
    return orders


@pytest.mark.slow
def test_the_next_quarter_hours_are_quoted_and_the_site_gets_one_position_in_each(
    system: System,
) -> None:
    box = system.add_box("werk-sued")
    system.start_device("inverter", box.device_port)
    system.start_agent(box)
    start_market(system)
    wait_until(lambda: len(quoted(system)) >= AHEAD, TRADING_S, system.log("market"))
    for row in quoted(system):
        assert row["bid"] < row["ask"]
    wait_until(lambda: len(positions(system)) >= AHEAD, TRADING_S, system.log("market"))
    taken = positions(system)
    assert all(10 <= abs(net_kw) <= 70 for net_kw in taken.values()), taken

    orders = own_orders(system, "sites", limit=500)
    starts = [order["delivery_start"] for order in orders if order["filled_mwh"]]
    assert len(starts) == len(set(starts)), "one position for each, then it is left to people"
    assert {order["site"] for order in orders} == {"werk-sued"}
    wait_until(lambda: own_orders(system, "crowd"), TRADING_S, "the crowd trades too")
    assert system.stop("market") == 0
    assert system.log("market") == ""


@pytest.mark.slow
def test_a_hub_that_goes_away_is_waited_for_and_that_is_said_once(system: System) -> None:
    start_market(system)
    wait_until(lambda: quoted(system), TRADING_S, system.log("market"))
    system.kill("hub")
    wait_until(lambda: "no hub at" in system.log("market"), TRADING_S, "the outage is noticed")
    system.start_hub()
    wait_until(lambda: "trading goes on" in system.log("market"), TRADING_S, "it is back")
    before = own_orders(system, "maker", limit=1)[0]["order_id"]
    wait_until(
        lambda: own_orders(system, "maker", limit=1)[0]["order_id"] != before,
        TRADING_S,
        "new quotes",
    )
    assert system.stop("market") == 0
    lines = system.log("market").splitlines()
    assert len(lines) == 2, lines


@pytest.mark.slow
def test_a_restarted_maker_takes_back_what_it_had_left(system: System) -> None:
    start_market(system)
    wait_until(lambda: len(quoted(system)) >= AHEAD, TRADING_S, system.log("market"))
    system.kill("market")
    left = {order["order_id"] for order in own_orders(system, "maker", only_open="true")}
    assert len(left) >= AHEAD * LEVELS
    start_market(system)

    def only_new_ones() -> bool:
        rest = {order["order_id"] for order in own_orders(system, "maker", only_open="true")}
        return bool(rest) and not rest & left

    wait_until(only_new_ones, TRADING_S, system.log("market"))


@pytest.mark.slow
def test_a_key_that_the_hub_does_not_take_ends_it_with_one_line(system: System) -> None:
    (system.folder / "keys.json").write_text('{"maker": "pho_000000000000_nothing"}')
    start_market(system)
    market = system.processes["market"]
    assert market.wait(timeout=TRADING_S) == 2
    assert system.log("market").count("\n") == 1
    assert "--keys: maker: the hub does not take it" in system.log("market")


@pytest.mark.slow
def test_a_market_that_the_hub_does_not_have_ends_it_with_one_line(system: System) -> None:
    keys = str(system.folder / "keys.json")
    market = system.start(
        "market",
        *("simulators.main", "market", "--hub", system.hub_url, "--keys", keys),
        *("--market", "TULIPS"),
    )
    assert market.wait(timeout=TRADING_S) == 2
    assert system.log("market").count("\n") == 1
    assert "'TULIPS' is not allowed; EPEX_AT_INTRADAY_15MIN, " in system.log("market")


def test_an_outage_that_several_notice_is_told_once_and_ends_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    outage = Outage("http://hub")
    for _ in range(3):
        outage.begins("maker", HubUnreachable("refused"))
        outage.begins("sites", HubUnreachable("refused"))
    outage.ends("maker")
    outage.ends("crowd")
    outage.ends("sites")
    outage.ends("sites")
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    outage.begins("crowd", HubUnreachable("refused"))
    assert len(caplog.records) == 3
