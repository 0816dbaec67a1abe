"""A venue and its market data, rebuilt from the journal side by side, kept in one snapshot.

To be given to `recovery.recover`, and to the process that makes snapshots, in the place of the
venue. Afterwards `MarketData.open` shows the orders that live.
"""

from collections.abc import Sequence
from typing import Any

from cloud.exchange.facts import Fact
from cloud.exchange.prices.data import MarketData
from cloud.exchange.recovery import Replayable

KEY = "prices"


class Beside:
    """Does what a venue does, and the same to market data."""

    def __init__(self, venue: Replayable, data: MarketData) -> None:
        self.venue, self.data = venue, data

    def replay(self, facts: Sequence[Fact]) -> None:
        """Do whole messages again; raises `ReplayDiffers`."""
        self.venue.replay(facts)
        self.data.replay(facts)

    def dump(self) -> dict[str, Any]:
        """Return the whole state as JSON has it."""
        return {**self.venue.dump(), KEY: self.data.dump()}

    def load(self, state: dict[str, Any]) -> None:
        """Take up what `dump` returned; both are new."""
        self.data.load(state[KEY])
        self.venue.load({key: value for key, value in state.items() if key != KEY})
