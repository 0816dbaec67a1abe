"""A hub that is fed by a simulated platform, and a day later by one that answers nonsense."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cloud.market.areas import catalogue
from tests.support.system import System, free_port, running_system, wait_until
from wire.clock import SystemClock, micros, utc

WRONG = {
    "BE": "bomb",
    "CZ": "external",
    "FR": "other",
    "HR": "html",
    "HU": "empty",
    "NL": "half",
    "PL": "unit",
    "RO": "kilowatts",
    "SI": "hole",
}
"""What is wrong with all answers on an area, the day after."""
GOOD = "AT"
_DAY_S = 86_400
_ASKED_AT = time(14, 0)
"""By the clock of Vienna: all auctions of the next day are over."""
_FEEDS = """
[[feed]]
source = "entsoe"
areas = [{areas}]
addresses = ["{address}"]

[[feed]]
source = "simulated"
areas = ["AT"]
kinds = ["price.day_ahead", "load.forecast", "generation.forecast"]
history_days = 60

[[compare]]
area = "AT"
sources = ["entsoe", "simulated"]
"""


@dataclass
class MarketWorld:
    """A running hub, and what it was told of by its platform."""

    system: System
    port: int
    token: str = "letters-of-a-guest"

    def start(self, wrong: dict[str, str]) -> None:
        """Start platform and hub; `wrong` is by area."""
        areas = catalogue.load()
        today = utc(SystemClock().now_us()).date()
        spoiled = [f"{areas[code].eic(today)}={what}" for code, what in wrong.items()]
        spoils = [word for one in spoiled for word in ("--spoil", one)]
        where = ("transparency", "--port", str(self.port), "--token", self.token)
        self.system.start("platform", "simulators.main", *where, *spoils)
        file = self.system.folder / "feeds.toml"
        names = ", ".join(f'"{code}"' for code in (GOOD, *WRONG))
        address = f"http://127.0.0.1:{self.port}/api"
        file.write_text(_FEEDS.format(areas=names, address=address))
        self.system.start_hub(
            PHOENYRA_HUB_MARKET_FEEDS_FILE=str(file), PHOENYRA_HUB_ENTSOE_TOKEN=self.token
        )

    def overview(self) -> dict[str, Any]:
        with self.system.admin() as client:
            found: dict[str, Any] = client.get("/api/v1/market/overview").json()
        return found

    def prices(self) -> dict[str, dict[str, Any]]:
        """Return the coupled auction's prices of the platform by area."""
        return {
            one["area"]: one
            for one in self.overview()["series"]
            if (one["source"], one["detail"]) == ("entsoe", "SDAC")
        }

    def feeds(self) -> dict[str, dict[str, Any]]:
        return {one["area"]: one for one in self.overview()["feeds"] if one["source"] == "entsoe"}


@contextmanager
def market_world(folder: Path) -> Iterator[MarketWorld]:
    """A day on which all was well, and the next one, on which most is not."""
    now_us = SystemClock().now_us()
    vienna = ZoneInfo("Europe/Vienna")
    noon = datetime.combine(utc(now_us).astimezone(vienna).date(), _ASKED_AT, vienna)
    shift_s = (micros(noon) - now_us) / 1e6
    with running_system(folder, shift_s) as system:
        world = MarketWorld(system, free_port())
        for name in ("platform", "hub"):
            if name in system.processes:
                system.stop(name)
        world.start({})
        wait_until(lambda: _all_whole(world), 90, "every area has its prices of tomorrow")
        for name in ("hub", "platform"):
            system.stop(name)
        system.shift_s += _DAY_S
        world.start(WRONG)
        wait_until(lambda: _all_asked(world), 90, "every area was asked again")
        yield world


def _all_whole(world: MarketWorld) -> bool:
    found = world.prices()
    return set(found) >= {GOOD, *WRONG} and all(
        len(one["days"]) == 3 and one["days"][2]["complete"] for one in found.values()
    )


def _all_asked(world: MarketWorld) -> bool:
    """Tell whether each area has answered, or failed, since the start."""
    found = world.feeds()
    return set(found) >= {GOOD, *WRONG} and all(
        one["answered"] or one["failures"] for one in found.values()
    )
