"""All who are told of a commit once it is safe: prices, feeds, numbers, snapshots, pages."""

from collections.abc import Sequence

from cloud.exchange.facts import Fact
from cloud.exchange.feeds.feeds import TradingFeeds
from cloud.exchange.feeds.signer import Signer
from cloud.exchange.journal.journal import Journal
from cloud.exchange.meters import Meters
from cloud.exchange.prices.gauges import Gauges
from cloud.exchange.read.projection import JOURNAL_TOPIC
from cloud.exchange.room import SNAPSHOT_VENUE, Room
from cloud.exchange.snapshots import Snapshots
from cloud.exchange.standing import Standings
from cloud.exchange.suspension import Suspensions
from cloud.kernel.context import Hub

MARKET_TOPIC = "market"
"""Woken when a view or a price has changed; what is shown then is safe."""


class Audience:
    """Begins with what lives in a venue that was recovered; then `told` after each commit."""

    def __init__(self, hub: Hub, room: Room, journal: Journal) -> None:
        self._bus = hub.bus
        self._journal = journal
        self.prices = room.prices
        self.standings = Standings(room.checks, hub.clock)
        self.feeds = TradingFeeds(
            hub.service(Signer), room.prices, room.catalogue, hub.clock.now_us(), self.standings
        )
        files = hub.settings.markets_file, hub.settings.prices_file
        self.snapshots = Snapshots(
            journal.folder, SNAPSHOT_VENUE, arguments=[str(path or "") for path in files]
        )
        self._meters = Meters(room.prices)
        self._gauges = Gauges(room.prices)
        desk = room.venue.desk
        self.suspensions = Suspensions(room.checks, desk.owners)
        room.prices.open(desk.orders.values())
        self.feeds.open(desk.owners[1:], desk.orders.values(), desk.trades.values())

    def told(self, first: int, facts: Sequence[Fact]) -> None:
        """Show what is safe: prices first, for the feeds are made from them."""
        news = self.prices.take(facts)
        self.feeds.committed(facts, news)
        self._gauges.tell(news)
        self._meters.count(facts)
        self.suspensions.told(facts)
        self.snapshots.look(self._journal.closed_until)
        self._bus.wake(JOURNAL_TOPIC)
        self._bus.wake(MARKET_TOPIC)
