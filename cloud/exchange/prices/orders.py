"""Orders as the facts tell them, so that the depth of each contract can be shown. Pure.

The matching book is not asked: it may hold what is not committed yet. What is known here of an
order is what its facts say, hibernated ones included, for `Activated` names nothing but the
number. Orders that never rest (IOC, FOK) are passed over.
"""

from collections.abc import Iterable

from cloud.exchange.facts import (
    Activated,
    Changed,
    Clipped,
    Ended,
    Entered,
    Expired,
    Fact,
    Hibernated,
    Reduced,
    Traded,
    Withdrawn,
)
from cloud.exchange.matching.codes import Execution, Kind, State
from cloud.exchange.matching.order import Order
from cloud.exchange.prices.depth import Delta, Depth

_RESTING = (Execution.NON, Execution.AON)


class _Shown:
    """An order that lives. `visible` of `left` stands in the depth while it is active.

    An iceberg is the clip that it shows, also while it comes in; `Clipped` tells the next one.
    """

    __slots__ = (
        *("active", "aon", "contract", "display", "left", "order_id", "price_ticks", "quantity"),
        *("side", "visible"),
    )

    def __init__(
        self,
        order: Entered | Order,
        left: int,
        quantity: int,
    ) -> None:
        self.order_id = order.order_id
        self.contract = order.contract
        self.side = int(order.side)
        self.price_ticks = order.price_ticks
        self.quantity = quantity
        self.left = left
        self.display = order.display_steps if order.kind is Kind.ICEBERG else 0
        self.visible = 0
        self.aon = order.execution is Execution.AON
        self.active = order.state is State.ACTIVE

    @property
    def clip(self) -> int:
        """What it shows when it comes into the book."""
        if not self.active:
            return 0
        return min(self.display, self.left) if self.display else self.left


class Orders:
    """All live orders of a venue and the depth of each contract."""

    def __init__(self) -> None:
        self.depths: dict[int, Depth] = {}
        self._orders: dict[int, _Shown] = {}
        self._touched: dict[int, None] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def take(self, fact: Fact) -> None:
        """Follow one fact."""
        match fact:
            case Entered():
                self._entered(fact)
            case Traded():
                self._took(fact.maker_id, fact.quantity_steps)
                self._took(fact.taker_id, fact.quantity_steps)
            case Withdrawn() | Ended() | Expired():
                self._left(fact.order_id)
            case Changed():
                self._changed(fact)
            case Clipped():
                self._clipped(fact)
            case Reduced():
                self._took(fact.order_id, fact.steps)
            case Hibernated() | Activated():
                self._switched(fact.order_id, isinstance(fact, Activated))

    def deltas(self, at_us: int) -> list[Delta]:
        """Return what the facts since the last call changed; to be asked at the end of a commit."""
        found = (self.depths[contract].delta(at_us) for contract in self._touched)
        deltas = [delta for delta in found if delta is not None]
        self._touched.clear()
        return deltas

    def open(self, orders: Iterable[Order]) -> None:
        """Begin with what lives in a venue that was recovered: all of it is committed."""
        for order in orders:
            left = order.open_steps + order.hidden_steps
            shown = self._orders[order.order_id] = _Shown(order, left, order.quantity_steps)
            self._show(shown, order.open_steps if shown.active else 0)
        for depth in self.depths.values():
            depth.settle()
        self._touched.clear()

    def forget(self, contract: int) -> None:
        """Forget a contract that nobody can trade any more; its orders have ended before."""
        self.depths.pop(contract, None)
        self._touched.pop(contract, None)

    def _entered(self, fact: Entered) -> None:
        if fact.execution in _RESTING:
            steps = fact.quantity_steps
            order = self._orders[fact.order_id] = _Shown(fact, steps, steps)
            self._show(order, order.clip)

    def _changed(self, fact: Changed) -> None:
        order = self._orders.pop(fact.order_id, None)
        if order is None:
            return
        order.left += fact.quantity_steps - order.quantity
        order.quantity = fact.quantity_steps
        order.display = fact.display_steps if order.display else 0
        if fact.new_id == fact.order_id:
            self._show(order, min(order.visible, order.left))  # what is hidden goes first
        else:
            self._show(order, 0)
            order.order_id = fact.new_id
            order.price_ticks = fact.price_ticks
            self._show(order, order.clip)
        if order.left > 0:
            self._orders[fact.new_id] = order

    def _switched(self, order_id: int, active: bool) -> None:
        order = self._orders.get(order_id)
        if order is not None:
            order.active = active
            self._show(order, order.clip)

    def _left(self, order_id: int) -> None:
        order = self._orders.pop(order_id, None)
        if order is not None:
            self._show(order, 0)

    def _clipped(self, fact: Clipped) -> None:
        order = self._orders.get(fact.order_id)
        if order is not None:
            self._show(order, 0)
            order.price_ticks = fact.price_ticks
            self._show(order, fact.open_steps)

    def _took(self, order_id: int, steps: int) -> None:
        order = self._orders.get(order_id)
        if order is None:
            return
        order.left -= steps
        self._show(order, order.visible - steps)
        if not order.left:
            del self._orders[order_id]

    def _show(self, order: _Shown, visible: int) -> None:
        """Replace what the depth shows of an order."""
        was, order.visible = order.visible, visible
        if visible == was:
            return
        depth = self.depths.get(order.contract)
        if depth is None:
            depth = self.depths[order.contract] = Depth(order.contract)
        orders = (visible > 0) - (was > 0)
        depth.moved(order.side, order.price_ticks, visible - was, orders, order.aon)
        self._touched[order.contract] = None
