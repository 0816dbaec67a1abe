"""Each account's own orders as the facts tell them, and what to say of each change. Pure.

`OwnOrders.take` is given committed facts in their order and returns what to tell which account.
It remembers live orders, and the parties of the newest trades, so that a recall reaches both.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from cloud.exchange import facts
from cloud.exchange.facts import Fact, Listed
from cloud.exchange.feeds import messages
from cloud.exchange.feeds.canonical import ascii_or_none
from cloud.exchange.feeds.stream import Data
from cloud.exchange.matching.codes import Ending, State
from cloud.exchange.matching.order import Order, Owner
from cloud.kernel.instants import iso

TRADES_KEPT = 20_000
"""Trades whose parties are remembered; steps of older ones reach the public feed alone."""
SNAPSHOT_ORDERS_MAX = 1_000
Told = tuple[str, Data]
"""An account and what it is told."""


class _Own:
    """A live order."""

    __slots__ = (
        *("account", "client_order_id", "contract", "execution", "filled", "kind"),
        *("left", "order_id", "price_ticks", "quantity", "revision", "side", "site", "state"),
    )

    account: str
    client_order_id: str
    contract: int
    execution: str
    filled: int
    kind: str
    left: int
    order_id: int
    price_ticks: int
    quantity: int
    revision: int
    side: str
    site: str
    state: State


class OwnOrders:
    """All live orders of a venue, by number and by account."""

    def __init__(
        self, listings: Callable[[int], Listed | None], followed: Callable[[str], bool]
    ) -> None:
        """Know contracts by their number through `listings`; tell only accounts `followed`."""
        self._listings = listings
        self._followed = followed
        self._owners: dict[int, tuple[str, str]] = {}
        self._orders: dict[int, _Own] = {}
        self._accounts: dict[str, dict[int, _Own]] = {}
        self._parties: OrderedDict[int, tuple[tuple[str, int], tuple[str, int]]] = OrderedDict()
        self._handlers: dict[type[Fact], Callable[[Any], list[Told]]] = {
            facts.Joined: self._joined,
            facts.Entered: self._entered,
            facts.Refused: self._refused,
            facts.Changed: self._changed,
            facts.Hibernated: self._switched,
            facts.Activated: self._switched,
            facts.Withdrawn: self._withdrawn,
            facts.Expired: self._expired,
            facts.Ended: self._ended,
            facts.Reduced: self._reduced,
            facts.Clipped: self._clipped,
            facts.Traded: self._traded,
            facts.TradeMoved: self._moved,
        }

    def open(
        self, owners: Iterable[Owner], orders: Iterable[Order], trades: Iterable[facts.Traded]
    ) -> None:
        """Begin with what lives in a venue that was recovered."""
        for owner in owners:
            self._owners[owner.number] = owner.account, owner.site
        for order in orders:
            own = _Own()
            own.account, own.site = order.owner.account, order.owner.site
            own.order_id, own.contract = order.order_id, order.contract
            own.side = messages.SIDES[order.side]
            own.kind, own.execution = order.kind.value, order.execution.value
            own.price_ticks, own.quantity = order.price_ticks, order.quantity_steps
            own.filled, own.left = order.filled_steps, order.left_steps
            own.client_order_id, own.state = order.client_order_id, order.state
            own.revision = order.revision
            self._keep(own)
        for trade in trades:
            self._met(trade)

    def live(self, account: str) -> tuple[list[Data], bool]:
        """Return an account's live orders, newest first, and whether these are all."""
        own = self._accounts.get(account, {})
        newest = sorted(own, reverse=True)[:SNAPSHOT_ORDERS_MAX]
        return [self._view(own[order_id]) for order_id in newest], len(newest) == len(own)

    def take(self, fact: Fact) -> list[Told]:
        """Follow one fact; return what it means for whom."""
        handler = self._handlers.get(type(fact))
        return [] if handler is None else handler(fact)

    def _joined(self, fact: facts.Joined) -> list[Told]:
        self._owners[fact.owner] = fact.account, fact.site
        return []

    def _entered(self, fact: facts.Entered) -> list[Told]:
        own = _Own()
        own.account, own.site = self._owners[fact.owner]
        own.order_id, own.contract = fact.order_id, fact.contract
        own.side, own.kind = messages.SIDES[fact.side], fact.kind.value
        own.execution, own.state = fact.execution.value, fact.state
        own.price_ticks, own.quantity = fact.price_ticks, fact.quantity_steps
        own.filled, own.left = 0, fact.quantity_steps
        own.client_order_id, own.revision = fact.client_order_id, 1
        self._keep(own)
        return self._told(own, "added", fact.at_us, action=fact.action.value)

    def _refused(self, fact: facts.Refused) -> list[Told]:
        account = self._owners.get(fact.owner, ("", ""))[0]
        if not self._followed(account):
            return []
        return [(account, messages.refusal(fact, self._listings(fact.contract)))]

    def _changed(self, fact: facts.Changed) -> list[Told]:
        own = self._drop(fact.order_id)
        if own is None:
            return []
        own.order_id, own.revision = fact.new_id, fact.revision
        own.price_ticks = fact.price_ticks
        own.left += fact.quantity_steps - own.quantity
        own.quantity = fact.quantity_steps
        if own.left > 0:
            self._keep(own)
        return self._told(
            own,
            "modified",
            fact.at_us,
            action=fact.action.value,
            replaces=str(fact.order_id) if fact.new_id != fact.order_id else None,
        )

    def _switched(self, fact: facts.Hibernated | facts.Activated) -> list[Told]:
        own = self._orders.get(fact.order_id)
        if own is None:
            return []
        asleep = isinstance(fact, facts.Hibernated)
        own.state = State.HIBERNATED if asleep else State.ACTIVE
        own.revision = fact.revision
        if not isinstance(fact, facts.Hibernated):
            return self._told(own, "activated", fact.at_us, action=fact.action.value)
        reason = ascii_or_none(fact.reason) or None
        return self._told(own, "hibernated", fact.at_us, action=fact.action.value, reason=reason)

    def _withdrawn(self, fact: facts.Withdrawn) -> list[Told]:
        action = fact.action.value
        return self._gone(fact.order_id, "deleted", fact.at_us, Ending.CANCELLED, action)

    def _expired(self, fact: facts.Expired) -> list[Told]:
        return self._gone(fact.order_id, "expired", fact.at_us, Ending.EXPIRED, "SDEL")

    def _ended(self, fact: facts.Ended) -> list[Told]:
        event = fact.ending.value.lower()
        return self._gone(fact.order_id, event, fact.at_us, fact.ending, fact.action.value)

    def _reduced(self, fact: facts.Reduced) -> list[Told]:
        own = self._orders.get(fact.order_id)
        if own is None:
            return []
        own.left -= fact.steps
        if own.left <= 0:
            return self._gone(own.order_id, "self_trade", fact.at_us, Ending.SELF_TRADE, "SDEL")
        return self._told(own, "reduced", fact.at_us, action="SMOD")

    def _clipped(self, fact: facts.Clipped) -> list[Told]:
        own = self._orders.get(fact.order_id)
        if own is None:
            return []
        own.price_ticks = fact.price_ticks
        return self._told(own, "clip_added", fact.at_us, action="IADD")

    def _traded(self, fact: facts.Traded) -> list[Told]:
        self._met(fact)
        told: list[Told] = []
        for order_id in (fact.maker_id, fact.taker_id):
            own = self._orders.get(order_id)
            if own is not None:
                told += self._filled(own, fact)
        return told

    def _met(self, fact: facts.Traded) -> None:
        maker = self._owners.get(fact.maker_owner, ("", ""))[0]
        taker = self._owners.get(fact.taker_owner, ("", ""))[0]
        self._parties[fact.trade_id] = (maker, fact.maker_id), (taker, fact.taker_id)
        if len(self._parties) > TRADES_KEPT:
            self._parties.popitem(last=False)

    def _filled(self, own: _Own, fact: facts.Traded) -> list[Told]:
        own.left -= fact.quantity_steps
        own.filled += fact.quantity_steps
        listed = self._listings(own.contract)
        done = own.left <= 0
        if done:
            own.state = State.INACTIVE
            self._drop(own.order_id)
        if not self._followed(own.account):
            return []
        return self._told(
            own,
            "filled" if done else "partially_filled",
            fact.at_us,
            action="FEXE" if done else "PEXE",
            ending=Ending.FILLED.value if done else None,
            trade_id=str(fact.trade_id),
            trade_price=messages.price(fact.price_ticks),
            trade_quantity=None if listed is None else messages.energy(fact.quantity_steps, listed),
            self_trade=fact.self_trade,
        )

    def _moved(self, fact: facts.TradeMoved) -> list[Told]:
        listed = self._listings(fact.contract)
        return [
            (account, messages.own_trade(fact, order_id, listed))
            for account, order_id in self._parties.get(fact.trade_id, ())
            if self._followed(account)
        ]

    def _gone(
        self, order_id: int, event: str, at_us: int, ending: Ending, action: str
    ) -> list[Told]:
        own = self._drop(order_id)
        if own is None:
            return []
        own.state = State.INACTIVE
        return self._told(own, event, at_us, action=action, ending=ending.value)

    def _told(self, own: _Own, event: str, at_us: int, **more: Any) -> list[Told]:
        if not self._followed(own.account):
            return []
        view = self._view(own)
        data: Data = {"type": "order", "event": event, **view, "timestamp": iso(at_us)}
        data |= {name: value for name, value in more.items() if value is not None}
        return [(own.account, data)]

    def _view(self, own: _Own) -> Data:
        listed = self._listings(own.contract)
        data: Data = {
            "order_id": str(own.order_id),
            "client_order_id": ascii_or_none(own.client_order_id) or None,
            "site": own.site or None,
            "side": own.side,
            "order_kind": own.kind,
            "execution": own.execution,
            "price": messages.price(own.price_ticks),
            "state": own.state.value,
            "revision": own.revision,
        }
        if listed is not None:
            data |= messages.contract(listed)
            data |= {
                "quantity": messages.energy(own.quantity, listed),
                "filled": messages.energy(own.filled, listed),
                "open": messages.energy(max(own.left, 0), listed),
            }
        return data

    def _keep(self, own: _Own) -> None:
        self._orders[own.order_id] = own
        self._accounts.setdefault(own.account, {})[own.order_id] = own

    def _drop(self, order_id: int) -> _Own | None:
        own = self._orders.pop(order_id, None)
        if own is not None:
            orders = self._accounts[own.account]
            del orders[order_id]
            if not orders:
                del self._accounts[own.account]
        return own
