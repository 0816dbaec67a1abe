"""What the venue knows: contracts, owners, orders, answers, halts, and its counters. Pure.

Everything here is changed by one writer, by a message or by its replay, and is the same after
both. Dictionaries are read in the order in which they were filled, never by hash.
"""

from collections import deque
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from cloud.exchange.facts import Fact, Halted, Joined, Listed, Refused, Stopped, Traded
from cloud.exchange.matching.codes import SelfTrade, State, TradeState, Validity
from cloud.exchange.matching.order import Order, Owner
from cloud.exchange.venue.answers import Answers
from cloud.exchange.venue.guard import Guard, Post
from cloud.exchange.venue.profile import CLOSED_KEPT_S, FACES_MAX, OWNERS_MAX, Profile
from cloud.exchange.venue.stall import ContractKey, Stall, contract_of
from cloud.market.contracts import Contract

FAR_US: Final = 1 << 62
EXPIRY: Final = 0
CLOSING: Final = 1
"""What a timer is for; at one instant orders expire before gates close."""
_TIMERS_SPARE: Final = 1_000
_GTD: Final = Validity.GTD
_ACTIVE: Final = State.ACTIVE
_INACTIVE: Final = State.INACTIVE

Lookup = Callable[[str, int, int], Contract | None]
"""The catalogue's contract or block of a market, from start to end; None: not known any more."""


class Moved(NamedTuple):
    """Where the recall or cancellation of a trade stands."""

    state: TradeState
    by: str
    """Who made the last step."""


class Desk:
    """The state of a venue; `dump` and `load` of `snapshot` name every part of it."""

    __slots__ = (
        "answers",
        "by_account",
        "closed",
        "faces",
        "guard",
        "halts",
        "last_basket",
        "last_contract",
        "last_order_id",
        "last_trade_id",
        "last_us",
        "lookup",
        "moved",
        "next_us",
        "numbers",
        "orders",
        "owner_keys",
        "owners",
        "places",
        "profile",
        "stalls",
        "stopped",
        "timers",
        "trades",
    )

    def __init__(self, guard: Guard, profile: Profile, lookup: Lookup | None) -> None:
        self.guard = guard
        self.profile = profile
        self.lookup = lookup
        self.stalls: dict[int, Stall] = {}
        """By number, closed ones for a while too."""
        self.numbers: dict[ContractKey, Stall] = {}
        """Those that are not closed."""
        self.places: dict[int, Stall] = {}
        """Single ones by `id` of the contract that they hold: for who asks with the same one."""
        self.closed: deque[tuple[int, int]] = deque()
        """(since when, number), oldest first."""
        self.owners: list[Owner] = [Owner(0, "")]
        self.owner_keys: dict[tuple[str, ...], Owner] = {}
        self.faces: dict[Owner, Owner] = {}
        self.orders: dict[int, Order] = {}
        self.by_account: dict[str, list[Owner]] = {}
        self.timers: list[tuple[int, int, int]] = []
        self.next_us = FAR_US
        self.halts: dict[tuple[str, str], Halted] = {}
        self.stopped: dict[str, Stopped] = {}
        self.trades: dict[int, Traded] = {}
        self.moved: dict[int, Moved] = {}
        self.answers = Answers()
        self.last_us = 0
        self.last_order_id = 0
        self.last_trade_id = 0
        self.last_contract = 0
        self.last_basket = 0

    # owners

    def owner(self, given: Owner, at_us: int, facts: list[Fact]) -> Owner | None:
        """Return the venue's own object for an owner, who joins if he is new; None: too many."""
        key = _owner_key(given)
        owner = self.owner_keys.get(key)
        if owner is None:
            if len(self.owners) > OWNERS_MAX:
                return None
            joined = Joined(at_us, len(self.owners), *key)
            facts.append(joined)
            owner = self.join(joined)
        if len(self.faces) >= FACES_MAX:
            self.faces.clear()
        self.faces[given] = owner
        return owner

    def join(self, joined: Joined) -> Owner:
        owner = Owner(joined.owner, *joined[2:8])
        owner.self_trade = SelfTrade(joined.self_trade)
        owner.stp_scope = joined.stp_scope
        self.owner_keys[_owner_key(owner)] = owner
        self.owners.append(owner)
        self.by_account.setdefault(owner.account, []).append(owner)
        return owner

    # contracts

    def stall(self, contract: Contract, at_us: int, facts: list[Fact]) -> Stall:
        """Return the place of a contract that may be traded now; it is listed if it is new."""
        stall = self.numbers.get((contract.market, contract.start_us, contract.end_us))
        if stall is not None:
            return stall
        parts = tuple(self.stall(part, at_us, facts) for part in contract.parts)
        listed = Listed(
            at_us,
            self.last_contract + 1,
            contract.market,
            contract.area,
            contract.product,
            contract.start_us,
            contract.end_us,
            contract.opens_us,
            contract.closes_us,
            contract.rule.step_kw,
            contract.wh_per_step,
            tuple(part.number for part in parts),
            contract.day,
        )
        facts.append(listed)
        return self.list(listed, contract)

    def list(self, listed: Listed, contract: Contract | None = None) -> Stall:
        parts = tuple(self.stalls[number] for number in listed.parts)
        if contract is None and self.lookup is not None:
            contract = self.lookup(listed.market, listed.start_us, listed.end_us)
        if contract is None:
            contract = contract_of(listed, tuple(part.contract for part in parts))
        stall = Stall(listed, contract, parts)
        self.last_contract = listed.contract
        self.stalls[listed.contract] = self.numbers[stall.key] = stall
        if not parts:
            self.places[id(contract)] = stall
        self.schedule(stall.closes_us, CLOSING, stall.number)
        if self.halts:
            stall.halted = any(stall.covered_by(halt) for halt in self.halts.values())
        return stall

    def close(self, stall: Stall) -> None:
        """Let a contract be one of those that were: nothing is asked of it by name any more."""
        del self.numbers[stall.key]
        self.places.pop(id(stall.contract), None)

    def forget_closed(self, at_us: int) -> None:
        """Drop contracts that have been closed for long."""
        while self.closed and self.closed[0][0] + CLOSED_KEPT_S * 1_000_000 <= at_us:
            del self.stalls[self.closed.popleft()[1]]

    # orders

    def add(self, order: Order) -> None:
        """Let an order live here; the checks are told by whoever knows what it offers."""
        self.orders[order.order_id] = order
        if order.details.validity is _GTD:
            self.schedule(order.details.valid_until_us, EXPIRY, order.order_id)

    def forget(self, order: Order) -> int:
        """Let an order go for good; return -1, or 0 where it was gone already."""
        if self.orders.pop(order.order_id, None) is None:
            return 0
        order.state = _INACTIVE
        return -1

    def remove(self, order: Order) -> None:
        """End an order that lives: stands in its book, or sleeps."""
        stall, owner = self.stalls[order.contract], order.owner
        steps = 0
        if order.state is _ACTIVE:
            stall.book.withdraw(order)
            steps = order.open_steps + order.hidden_steps
        else:
            stall.hibernated.pop(order.order_id, None)
        order.state = _INACTIVE
        del self.orders[order.order_id]
        post = stall.posts.get(owner.number) or self.post(owner, stall)
        post.offered(order.side, order.limit_ticks, -steps, -1)

    def rest(self, order: Order, stall: Stall) -> None:
        """Take an order out of its book, if it stands there."""
        if order.state is _ACTIVE:
            stall.book.withdraw(order)
            self.offered(order, stall, -order.left_steps)

    def drop(self, order: Order, stall: Stall, steps: int) -> None:
        """Let an order go that is not filled, and offered so many steps until now."""
        self.offered(order, stall, -steps, self.forget(order))

    def offered(self, order: Order, stall: Stall, steps: int, orders: int = 0) -> None:
        """Tell the checks what has come to be on offer, or left; see `Post.offered`."""
        self.post(order.owner, stall).offered(order.side, order.limit_ticks, steps, orders)

    def post(self, owner: Owner, stall: Stall) -> Post:
        """Return an owner's post at a contract, made where he is new there."""
        post = stall.posts.get(owner.number)
        if post is None:
            post = stall.posts[owner.number] = self.guard.post(owner, stall.contract)
        return post

    def acted(self, owner: Owner, stall: Stall | None, at_us: int) -> None:
        """Tell the checks of an entry or a change that they were not asked about."""
        if stall is None:
            self.guard.acted(owner, at_us)
        else:
            self.post(owner, stall).acted(at_us)

    def forget_trade(self, number: int) -> None:
        """Let a trade stand for good: `TRADES_KEPT_MAX` newer ones are known."""
        self.trades.pop(number, None)
        self.moved.pop(number, None)

    def refused(self, refused: Refused, *, counts: bool) -> None:
        """Answer a refusal.

        Args:
            counts: as an action that the checks have not been told yet.
        """
        owner = self.owners[refused.owner]
        stall = self.stalls.get(refused.contract)
        if counts and owner.number:
            self.acted(owner, stall, refused.at_us)
        self.last_us = refused.at_us
        if refused.basket:
            self.last_basket = refused.basket
        self.answers.refused(owner.account, refused)

    # time

    def schedule(self, due_us: int, what: int, number: int) -> None:
        """Have a closing or an expiry done before any message of its microsecond."""
        timers = self.timers
        if len(timers) > 2 * (len(self.orders) + len(self.numbers)) + _TIMERS_SPARE:
            timers[:] = dict.fromkeys(filter(self.true, timers))
            heapify(timers)
        heappush(timers, (due_us, what, number))
        self.next_us = timers[0][0]

    def expires(self, order_id: int) -> int:
        """Return the own date of an order, 0 where it has none or is gone."""
        order = self.orders.get(order_id)
        return order.valid_until_us if order is not None and order.validity is _GTD else 0

    def true(self, timer: tuple[int, int, int]) -> bool:
        """Say whether what a timer is for is still to happen."""
        due_us, what, number = timer
        if what == EXPIRY:
            return self.expires(number) == due_us
        stall = self.stalls.get(number)
        return stall is not None and self.numbers.get(stall.key) is stall

    def due(self) -> tuple[int, int, int]:
        """Take the next timer."""
        timer = heappop(self.timers)
        self.next_us = self.timers[0][0] if self.timers else FAR_US
        return timer


def _owner_key(owner: Owner) -> tuple[str, ...]:
    return (
        owner.account,
        owner.member,
        owner.site,
        owner.portfolio,
        owner.strategy,
        owner.user,
        owner.self_trade.value,
        owner.stp_scope,
    )
