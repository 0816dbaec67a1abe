"""The feeds of a hub on a real venue and real market data: what a commit says reaches clients."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cloud.exchange.facts import Fact
from cloud.exchange.feeds.envelope import verified
from cloud.exchange.feeds.feeds import TradingFeeds
from cloud.exchange.feeds.signer import Signer, open_signer
from cloud.exchange.feeds.stream import Client
from cloud.exchange.prices.data import MarketData
from tests.support.venues import OPENS_US, Pit
from wire.clock import SetClock

VIENNA = ZoneInfo("Europe/Vienna")
MARKETS = ("AT", "DE")


def market_data() -> MarketData:
    return MarketData(dict.fromkeys(MARKETS, VIENNA))


class Told:
    """Where accounts stand, as the test says."""

    def __init__(self) -> None:
        self.by_account: dict[str, Mapping[str, object]] = {}

    def standing(self, account: str) -> Mapping[str, object]:
        return self.by_account.get(account, {})


@dataclass
class Listener:
    """A client whose messages are verified and read at once."""

    signer: Signer
    clock: SetClock
    client: Client = field(default_factory=lambda: Client(lambda: None))

    def heard(self) -> list[dict[str, Any]]:
        """Return the data of what came since the last call."""
        messages = [self.client.take() for _ in range(len(self.client.queue))]
        return [dict(verified(text, self.signer.ring, self.clock.at_us)) for text in messages]

    def metas(self) -> list[dict[str, Any]]:
        """Return the meta of what came since the last call."""
        count = len(self.client.queue)
        return [json.loads(self.client.take())["meta"] for _ in range(count)]


class Floor:
    """A venue with feeds and no journal: what it decides counts as committed."""

    def __init__(self, folder: Path) -> None:
        self.clock = SetClock(OPENS_US)
        self.pit = Pit()
        self.prices = market_data()
        self.signer = open_signer(folder, None, self.clock)
        self.told = Told()
        self.feeds = TradingFeeds(self.signer, self.prices, MARKETS, 1, self.told)
        self._shown = 0

    def listener(self) -> Listener:
        return Listener(self.signer, self.clock)

    def commit(self) -> None:
        """Show the feeds all that happened since the last time, as one commit."""
        facts = self.pit.past[self._shown :]
        self._shown = len(self.pit.past)
        self.show(facts)

    def show(self, facts: Sequence[Fact]) -> None:
        self.clock.at_us = self.pit.at_us
        self.feeds.committed(facts, self.prices.take(facts))
