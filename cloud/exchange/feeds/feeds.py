"""The feeds of one hub: books, trades and own orders, from committed facts alone.

After each commit the owner of the exchange calls `committed` with its facts and with what they
changed in the market data, in the loop that serves the sockets. Nothing here waits: messages are
put into the queues of their clients, and a client that reads too slowly is sent away.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from cloud.exchange.facts import Closed, Fact, Listed, Traded
from cloud.exchange.feeds import messages
from cloud.exchange.feeds.canonical import text_of
from cloud.exchange.feeds.own import OwnOrders
from cloud.exchange.feeds.signer import Signer
from cloud.exchange.feeds.stream import Client, Data, Streams, unsigned_of
from cloud.exchange.feeds.wishes import Wish
from cloud.exchange.matching.order import Order, Owner
from cloud.exchange.prices.data import MarketData, News

BOOK_KEPT = 64
"""Deltas of a contract that a client may have missed and get again."""
TRADES_KEPT = 512
ORDERS_KEPT = 128
BOOKS_MAX = 2_000
"""Contracts that are followed; beyond, those that nobody hears just now are forgotten first."""
ACCOUNTS_MAX = 300
NEWEST_TRADES = 50
CLIENTS_MAX = 1_000
CLIENTS_PER_ACCOUNT_MAX = 100


class Standing(Protocol):
    """Where an account stands, told with each message about its orders."""

    def standing(self, account: str) -> Mapping[str, object]:
        """Return ``throttle_remaining`` and ``exposure_snapshot`` as they may be signed."""
        ...


class NoStanding:
    """Nothing is known of limits and exposure."""

    def standing(self, account: str) -> Mapping[str, object]:
        return {}


class TradingFeeds:
    """All that is open; `Hub.service(TradingFeeds)` for the sockets."""

    def __init__(
        self,
        signer: Signer,
        prices: MarketData,
        markets: Iterable[str],
        born_us: int,
        standing: Standing | None = None,
    ) -> None:
        self._signer = signer
        self._prices = prices
        self._standing = standing or NoStanding()
        self.markets = tuple(sorted(markets))
        self.born = str(born_us)
        """What the epoch of every stream of this run begins with."""
        self._books = Streams(self.born, BOOK_KEPT, BOOKS_MAX)
        self._trades = Streams(self.born, TRADES_KEPT, len(self.markets))
        self._orders = Streams(self.born, ORDERS_KEPT, ACCOUNTS_MAX)
        self._own = OwnOrders(self._listing, self._followed)
        self._wide: dict[Client, tuple[str, Wish]] = {}
        """Who follows a market's books, those too that are not there yet."""
        self._counts: dict[str, int] = {}

    def open(
        self, owners: Iterable[Owner], orders: Iterable[Order], trades: Iterable[Traded] = ()
    ) -> None:
        """Begin with what lives in a venue that was recovered: its owners, orders and trades."""
        self._own.open(owners, orders, trades)

    def enters(self, account: str) -> bool:
        """Count a client in; False: there are too many, of this account or of all."""
        own = self._counts.get(account, 0)
        if own >= CLIENTS_PER_ACCOUNT_MAX or self.clients >= CLIENTS_MAX:
            return False
        self._counts[account] = own + 1
        return True

    def leaves(self, account: str, client: Client) -> None:
        """Count a client out and send it nothing more."""
        self.unfollow(client)
        self._counts[account] -= 1
        if not self._counts[account]:
            del self._counts[account]

    @property
    def clients(self) -> int:
        return sum(self._counts.values())

    def committed(self, facts: Sequence[Fact], news: News) -> None:
        """Tell what a commit changed."""
        closed: list[int] = []
        for fact in facts:
            for account, data in self._own.take(fact):
                self._tell(account, data)
            if isinstance(fact, Listed):
                self._listed(fact)
            elif isinstance(fact, Closed):
                closed.append(fact.contract)
        self._told(news)
        for contract in closed:
            listed = self._listing(contract)
            if listed is not None:
                self._books.end(contract, messages.book_end(listed), self._signer.sealed)

    def follow_book(self, client: Client, market: str, wish: Wish, now_us: int) -> None:
        """Send the books of a market that a client wants, and all that changes in them."""
        self.unfollow(client)
        self._wide[client] = market, wish
        for session in list(self._prices.board.sessions.values()):
            listed = session.listed
            if listed.market == market and listed.closes_us > now_us:
                self._join_book(client, listed, wish)

    def follow_trades(self, client: Client, wish: Wish) -> None:
        """Send the newest trades of the markets, and those that come."""
        self.unfollow(client)
        for market in self.markets:
            if wish.markets is None or market in wish.markets:
                resume = wish.resume.get(market)
                self._trades.join(
                    market, client, resume, partial(self._newest, market), self._signer.sealed
                )

    def follow_orders(self, client: Client, account: str, wish: Wish) -> None:
        """Send an account's live orders, and what becomes of them."""
        self.unfollow(client)
        self._orders.join(
            account,
            client,
            wish.resume.get(account),
            lambda: self._live(account),
            self._signer.sealed,
        )

    def unfollow(self, client: Client) -> None:
        """Send nothing more to a client."""
        self._wide.pop(client, None)
        client.leave()

    def say(self, client: Client, data: Data, account: str = "") -> None:
        """Answer one client."""
        standing = self._standing.standing(account) if account else {}
        text = text_of({**data, **standing})
        client.offer(self._signer.sealed(text, unsigned_of(standing)))

    def _told(self, news: News) -> None:
        for delta in news.deltas:
            listed = self._listing(delta.contract)
            stream = self._books.get(delta.contract)
            if listed is not None and stream is not None and stream.seq < delta.sequence:
                data = messages.book_delta(listed, delta)
                self._books.add(delta.contract, data, self._signer.sealed)
        for trade in news.trades:
            listed = self._listing(trade.contract)
            if listed is not None and self._trades.get(listed.market) is not None:
                data = messages.trade(listed, trade)
                self._trades.add(listed.market, data, self._signer.sealed)

    def _tell(self, account: str, data: Data) -> None:
        standing = self._standing.standing(account)
        unsigned = unsigned_of(standing)
        data |= standing
        self._orders.add(account, data, lambda text: self._signer.sealed(text, unsigned))

    def _listed(self, listed: Listed) -> None:
        for client, (market, wish) in list(self._wide.items()):
            if market == listed.market:
                self._join_book(client, listed, wish)

    def _join_book(self, client: Client, listed: Listed, wish: Wish) -> None:
        if wish.starts_us is not None and listed.start_us not in wish.starts_us:
            return
        snapshot = self._prices.snapshot(listed.contract)
        self._books.join(
            listed.contract,
            client,
            wish.resume.get(listed.contract),
            lambda: messages.book(listed, snapshot),
            self._signer.sealed,
            seq=snapshot.sequence,
        )

    def _listing(self, contract: int) -> Listed | None:
        session = self._prices.board.sessions.get(contract)
        return None if session is None else session.listed

    def _followed(self, account: str) -> bool:
        return self._orders.get(account) is not None

    def _newest(self, market: str) -> Data:
        tape = self._prices.tape(market)
        newest: list[Data] = []
        for trade in () if tape is None else tape.newest():
            listed = self._listing(trade.contract)
            if listed is not None:
                newest.append(messages.trade(listed, trade))
            if len(newest) == NEWEST_TRADES:
                break
        return messages.trades(market, newest[::-1])

    def _live(self, account: str) -> Data:
        orders, complete = self._own.live(account)
        return {
            "type": "orders",
            "account": account,
            "orders": orders,
            "complete": complete,
            **self._standing.standing(account),
        }
