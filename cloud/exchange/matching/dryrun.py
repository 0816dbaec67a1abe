"""What one side of a book would give, without touching it. Pure.

A trial walks the side as a real order does: best price first, each price in its queue, an
all-or-none order only as a whole, an iceberg clip by clip with the prices that its clips move to.
It remembers what it has given, so that several orders of one linked basket can be tried one after
the other: they leave at once or trade, so nothing of them comes to rest in between.
"""

from bisect import bisect_left, insort
from typing import Final

from cloud.exchange.matching.codes import Execution, SelfTrade
from cloud.exchange.matching.ladder import Ladder
from cloud.exchange.matching.order import Order, Owner

_AON: Final = Execution.AON
_ALLOW: Final = SelfTrade.ALLOW
_CANCEL_OLDEST: Final = SelfTrade.CANCEL_OLDEST


class _Clip:
    """A clip of an iceberg that would appear; or what is left of an order that is in the book."""

    __slots__ = ("hidden_steps", "open_steps", "order", "price_ticks")

    def __init__(self, order: Order, price_ticks: int, open_steps: int, hidden_steps: int) -> None:
        self.order = order
        self.price_ticks = price_ticks
        self.open_steps = open_steps
        self.hidden_steps = hidden_steps


class Trial:
    """What a side of a book would give to orders that came now, one after the other."""

    __slots__ = ("_again", "_clips", "_ladder", "_moved", "_touched")

    def __init__(self, ladder: Ladder, *, again: bool = False) -> None:
        self._ladder = ladder
        self._again = again
        """For all-or-none orders that rest and are tried again: they delete nothing."""
        self._touched: dict[int, int] = {}
        """By order number, what of the part that it shows in the book would still be there."""
        self._clips: dict[int, list[_Clip]] = {}
        """By key, the clips that would have appeared at the end of that queue, in their order."""
        self._moved: list[int] = []
        """Their keys, rising."""

    def take(self, owner: Owner, price_ticks: int, steps: int) -> int:
        """Return how much of an order would trade, and count it as taken.

        An own order in the way ends the walk, unless the owner allows the trade, or has his
        older order deleted instead: what was met before counts.
        """
        reach = self._ladder.sign * price_ticks
        left = steps
        key = self._worse_than(None)
        while key is not None and key >= reach:
            queue = self._ladder.queues.get(key)
            order = queue.first if queue is not None else None
            while order is not None:
                left, ended = self._meet_order(owner, order, left)
                if ended or not left:
                    return steps - left
                order = order.behind
            for clip in self._clips.get(key, ()):  # grows while clips follow clips at one price
                left, ended = self._meet(owner, clip, left)
                if ended or not left:
                    return steps - left
            key = self._worse_than(key)
        return steps - left

    def _worse_than(self, key: int | None) -> int | None:
        """Return the next key, of the book or of a clip."""
        keys, moved = self._ladder.keys, self._moved
        if key is None:
            found = keys[-1] if keys else None
            index = len(moved)
        else:
            found = self._ladder.next_key(key)
            index = bisect_left(moved, key)
        if index and (found is None or moved[index - 1] > found):
            found = moved[index - 1]
        return found

    def _meet_order(self, owner: Owner, order: Order, left: int) -> tuple[int, bool]:
        open_steps = self._touched.get(order.order_id, order.open_steps)
        clip = _Clip(order, order.price_ticks, open_steps, order.hidden_steps)
        left, ended = self._meet(owner, clip, left)
        if clip.open_steps != open_steps:
            self._touched[order.order_id] = clip.open_steps
        return left, ended

    def _meet(self, owner: Owner, clip: _Clip, left: int) -> tuple[int, bool]:
        """Return what is left after a clip was met, and whether the walk ends here."""
        open_steps = clip.open_steps
        if not open_steps:
            return left, False
        order = clip.order
        if open_steps > left and order.execution is _AON:
            return left, False
        if order.owner.stp_scope == owner.stp_scope and owner.self_trade is not _ALLOW:
            if self._again or owner.self_trade is not _CANCEL_OLDEST:
                return left, True
            clip.open_steps = 0
            return left, False
        steps = min(open_steps, left)
        clip.open_steps = open_steps - steps
        if not clip.open_steps and clip.hidden_steps:
            self._show_next(order, clip)
        return left - steps, False

    def _show_next(self, order: Order, clip: _Clip) -> None:
        price_ticks = clip.price_ticks + order.delta_ticks
        open_steps = min(order.display_steps, clip.hidden_steps)
        follower = _Clip(order, price_ticks, open_steps, clip.hidden_steps - open_steps)
        key = self._ladder.sign * price_ticks
        if key not in self._clips:
            insort(self._moved, key)
            self._clips[key] = []
        self._clips[key].append(follower)
