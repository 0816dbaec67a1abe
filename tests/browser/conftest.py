"""One running world for all browser tests: a hub, a market, a site with its inverter and agent."""

import json
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support import browser as browsers
from tests.support.browser import Witness, opened_page
from tests.support.system import running_system, wait_until
from tests.support.trade_page import log_in
from tests.support.world import PASSERS_BY, SOLD_KW, World, sell_next_quarter
from wire.clock import QUARTER_HOUR_US, SystemClock, quarter_hour_us

LEAD_S = 25.0
"""From the start of the hub to the next quarter-hour, in which the battery has to deliver."""


HERE = Path(__file__).parent
_running = pytest.StashKey[tuple[ExitStack, Browser]]()


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest) -> Browser:
    """The browser of this folder; each test opens pages of a visitor of its own in it."""
    path = browsers.program()
    if path is None:
        pytest.skip("Chromium is not installed")
    if _running not in request.session.stash:
        stack = ExitStack()
        browser = stack.enter_context(browsers.running_browser(path))
        request.session.stash[_running] = stack, browser
    return request.session.stash[_running][1]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, None, None]:
    """Close the browser before the tests of other folders: while it runs, no event loop can."""
    try:
        yield
    finally:
        if nextitem is None or HERE not in nextitem.path.parents:
            _close_browser(item.session)


def pytest_sessionfinish(session: pytest.Session) -> None:
    _close_browser(session)


def _close_browser(session: pytest.Session) -> None:
    if _running in session.stash:
        session.stash[_running][0].close()
        del session.stash[_running]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A site that has sold power for the quarter-hour that begins soon, in a market that trades."""
    now_us = SystemClock().now_us()
    shift_s = (quarter_hour_us(now_us) + QUARTER_HOUR_US - now_us) / 1e6 - LEAD_S
    folder = tmp_path_factory.mktemp("world")
    with running_system(folder, shift_s) as system:
        for account in ("stadtwerk", "maker", "crowd", *PASSERS_BY):
            system.post("/api/v1/accounts", id=account, name=account.title())
        system.add_site("werk-sued", "stadtwerk")
        box = system.add_box("werk-sued")
        system.start_device("inverter", box.device_port)
        system.start_agent(box)
        viewer = system.post("/api/v1/keys", account="stadtwerk", role="viewer")["key"]
        found = World(system, box, system.trader_key("stadtwerk"), viewer)
        sell_next_quarter(found)
        keys = {role: system.trader_key(role) for role in ("maker", "crowd")}
        (folder / "keys.json").write_text(json.dumps(keys))
        market = ("market", "--hub", system.hub_url, "--keys", str(folder / "keys.json"))
        system.start("market", "simulators.main", *market)
        wait_until(
            lambda: (system.newest("werk-sued").get("ac.power_kw") or 0) > SOLD_KW - 5,
            LEAD_S + 30,
            "the battery delivers what was sold",
        )
        yield found


@pytest.fixture
def visitor(chromium: Browser, world: World) -> Iterator[Witness]:
    """A trader who is logged in, in front of a large screen."""
    with opened_page(chromium, world.system.hub_url) as witness:
        log_in(witness.page, world.trader_key)
        yield witness
