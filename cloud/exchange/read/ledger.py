"""What is known while a stretch of facts is folded, and what they have changed so far. Pure."""

from collections.abc import Mapping
from typing import Final

from cloud.exchange.facts import Joined, Listed
from cloud.exchange.matching.codes import Action
from cloud.exchange.read.changes import Audit, Changes, Trade
from cloud.exchange.read.orders import Order, plain

DAY_US: Final = 24 * 3600 * 1_000_000
ENTERED, CHANGED, WITHDRAWN, REFUSED, TRADES, TRADED_WH = range(6)
"""Columns of `venue_activity`, behind its key."""


class Gap(Exception):
    """A fact refers to something that no fact before it told: this is not our journal."""


class Ledger:
    """Changes, and the rows that they are made on."""

    def __init__(
        self,
        orders: dict[int, Order],
        trades: dict[int, Trade],
        contracts: Mapping[int, Listed],
        owners: Mapping[int, Joined],
    ) -> None:
        self.orders = orders
        """Fetched, with `Changes.entered` in it as they come."""
        self.trades = trades
        self.contracts = dict(contracts)
        self.owners = dict(owners)
        self.changes = Changes()

    def order(self, order_id: int) -> Order:
        """Return an order that is going to change.

        Raises:
            Gap: there is none.
        """
        order = self.orders.get(order_id)
        if order is None:
            raise Gap(f"order {order_id}")
        if order_id not in self.changes.entered:
            self.changes.touched[order_id] = order
        return order

    def owner(self, number: int) -> Joined:
        """Raises: Gap, there is none."""
        owner = self.owners.get(number)
        if owner is None:
            raise Gap(f"owner {number}")
        return owner

    def contract(self, number: int) -> Listed:
        """Raises: Gap, there is none."""
        contract = self.contracts.get(number)
        if contract is None:
            raise Gap(f"contract {number}")
        return contract

    def acted(
        self,
        sequence: int,
        order: Order,
        at_us: int,
        action: Action,
        *,
        by: str = "",
        steps: int = 0,
        trade_id: int = 0,
        code: str = "",
        text: str = "",
    ) -> None:
        """Note what happened to an order, and how it stands now.

        Args:
            by: the administrator; '' is the owner where the code of the action begins with U.
        """
        who = by
        if not by and action.value[0] == "U":
            owner = self.owners.get(order.owner)
            who = order.account if owner is None else owner.user or owner.account
        self.changes.actions.append(
            (
                order.initial_id,
                sequence,
                order.order_id,
                at_us,
                action.value,
                who,
                order.revision,
                order.price_ticks,
                order.quantity_steps,
                order.filled_steps,
                order.open_steps,
                steps,
                trade_id,
                code,
                plain(text),
            )
        )

    def watched(
        self, sequence: int, order: Order, at_us: int, action: Action, code: str, steps: int
    ) -> None:
        """Note for surveillance what an order did, or would have done."""
        self.changes.surveillance.append(
            (
                sequence,
                at_us,
                order.owner,
                order.account,
                order.contract,
                order.order_id,
                order.client_order_id,
                action.value,
                code,
                "",
                steps,
                order.basket,
                "",
            )
        )

    def count(self, account: str, at_us: int, column: int, more: int = 1) -> None:
        """Add to what an account did in that UTC day."""
        key = account, at_us - at_us % DAY_US
        counts = self.changes.activity.get(key)
        if counts is None:
            counts = self.changes.activity[key] = [0, 0, 0, 0, 0, 0]
        counts[column] += more

    def audit(
        self, sequence: int, at_us: int, who: str, action: str, subject: str, reason: str
    ) -> None:
        """Note for the audit log who did what."""
        self.changes.audits[sequence] = Audit(sequence, at_us, who, action, subject, plain(reason))

    def audit_of_order(
        self, sequence: int, order: Order, at_us: int, who: str, action: str, reason: str = ""
    ) -> None:
        """The same for an order; many at once of one account make one row, with their number."""
        key = at_us, who, action, order.account
        first = self.changes.audits.get(key)
        if first is None:
            subject = f"order {order.order_id} of {order.account}"
            self.changes.audits[key] = Audit(sequence, at_us, who, action, subject, plain(reason))
        else:
            self.changes.audits[key] = first._replace(orders=first.orders + 1)
