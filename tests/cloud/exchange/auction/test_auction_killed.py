"""An auction in a real hub that is killed at and after the gate: one result, counted once."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cloud.exchange.auction import calendar
from cloud.exchange.auction.calendar import Session
from tests.support.system import System, running_system, wait_until
from wire.clock import SystemClock, utc

CODE = "PHO_AT_DAY_AHEAD_15MIN"
KILLS = 2
SAID = f"auction {CODE}"
"""What the hub logs when it has worked out the result, and before it publishes it."""


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running_system(tmp_path) as started:
        for account in ("stadtwerk", "handel"):
            started.post("/api/v1/accounts", id=account)
        yield started


def path_of(session: Session) -> str:
    return f"/api/v1/auctions/{CODE}/{session.day}"


def read(system: System, key: str, path: str, **params: str) -> Any:
    with system.client(key) as client:
        return client.get(path, params=params).json()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_auction_that_is_killed_again_and_again_is_published_once(system: System) -> None:
    now_us = SystemClock().now_us()
    held = calendar.load()[CODE]
    session = held.session(held.day_of(now_us) + timedelta(days=2))
    assert session is not None
    sale = [{"period": t, "style": "STEP", "points": [[-500, 0], [20, 60]]} for t in range(90)]
    block = {"name": "b", "price_eur_mwh": 80, "parts": [[t, -30] for t in range(40)]}
    keys = {account: system.trader_key(account) for account in ("stadtwerk", "handel")}
    for account, body in (("stadtwerk", {"curves": sale}), ("handel", {"blocks": [block]})):
        with system.client(keys[account]) as client:
            answer = client.put(f"{path_of(session)}/orders", json=body)
            assert answer.status_code == 200, answer.text

    system.kill("hub")
    system.shift_s = (session.gate_us - now_us) / 1e6 + 1
    for _ in range(KILLS):
        said = system.log("hub").count(SAID)
        system.start_hub()
        wait_until(partial(_settled, system, keys, session, said), 60, "the result")
        system.kill("hub")
    system.start_hub()

    def published() -> bool:
        found: str = read(system, keys["handel"], path_of(session))["stage"]
        return found == "PUBLISHED"

    wait_until(published, 60, "publication")
    result = read(system, keys["handel"], path_of(session))
    assert [one["volume_kw"] for one in result["results"][:41]] == [30] * 40 + [0]
    span = {"from": utc(session.start_us).isoformat()}
    for account, sign in (("stadtwerk", 1), ("handel", -1)):
        found = read(system, keys[account], "/api/v1/positions", **span)["positions"]
        assert [one["net_kw"] for one in found] == [sign * 30] * 40


def _settled(system: System, keys: dict[str, str], session: Session, said: int) -> bool:
    """Tell whether the hub has worked something out since it started, or had nothing to do."""
    if system.log("hub").count(SAID) > said:
        return True
    stage: str = read(system, keys["handel"], path_of(session))["stage"]
    return stage == "PUBLISHED"
