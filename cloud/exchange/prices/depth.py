"""One contract's book as the public sees it: levels, visible quantity, a number a change. Pure.

All-or-none orders are counted apart from the others of their level (`Level.aon_steps`): a bid
above an ask without a trade is right where one of the two is flagged. What an iceberg hides is
never here.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from cloud.exchange.matching.codes import Side


class Level(NamedTuple):
    """One price of one side."""

    price_ticks: int
    steps: int
    """Visible, of orders that can be filled in part."""
    orders: int
    aon_steps: int
    """Of orders that are filled as a whole or not at all."""
    aon_orders: int


class Change(NamedTuple):
    """What a level is now; without orders it is gone."""

    side: Side
    level: Level


class Snapshot(NamedTuple):
    """All levels of a contract, best first."""

    contract: int
    sequence: int
    """Of the last delta that is in it; 0 before the first."""
    at_us: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Delta(NamedTuple):
    """What one commit changed in a contract's book; `sequence` has no gaps."""

    contract: int
    sequence: int
    at_us: int
    changes: tuple[Change, ...]


_SIDES = (Side.BUY, Side.SELL)
_Numbers = tuple[int, ...]
"""Of a `Level`, without its price."""
_GONE: _Numbers = (0, 0, 0, 0)


class Depth:
    """The levels of one contract. `moved` at once, `delta` when everything of a commit is in."""

    __slots__ = ("_levels", "_prices", "_touched", "at_us", "contract", "sequence")

    def __init__(self, contract: int) -> None:
        self.contract = contract
        self.sequence = 0
        self.at_us = 0
        self._levels: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
        self._prices: tuple[list[int], list[int]] = ([], [])
        """Ascending, on both sides."""
        self._touched: tuple[dict[int, _Numbers], dict[int, _Numbers]] = ({}, {})
        """What each level was at the last delta."""

    def moved(self, side: int, price_ticks: int, steps: int, orders: int, aon: bool) -> None:
        """Add to a level, or take from it: steps and orders below zero."""
        levels, touched = self._levels[side], self._touched[side]
        level = levels.get(price_ticks)
        if price_ticks not in touched:
            touched[price_ticks] = _GONE if level is None else tuple(level)
        if level is None:
            level = levels[price_ticks] = [0, 0, 0, 0]
            insort(self._prices[side], price_ticks)
        at = 2 if aon else 0
        level[at] += steps
        level[at + 1] += orders
        assert level[at] >= 0 <= level[at + 1], "more left a level than was there"
        if not level[1] and not level[3]:
            assert level[0] == level[2] == 0, "a level without orders holds quantity"
            del levels[price_ticks]
            prices = self._prices[side]
            del prices[bisect_left(prices, price_ticks)]

    def delta(self, at_us: int) -> Delta | None:
        """Return what has changed since the last call and give it a number; None: nothing did."""
        changes: list[Change] = []
        for side, levels, touched in zip(_SIDES, self._levels, self._touched, strict=True):
            for price_ticks, was in touched.items():
                level = levels.get(price_ticks)
                now = _GONE if level is None else tuple(level)
                if now != was:
                    changes.append(Change(side, Level(price_ticks, *now)))
            touched.clear()
        if not changes:
            return None
        self.sequence += 1
        self.at_us = at_us
        return Delta(self.contract, self.sequence, at_us, tuple(changes))

    def settle(self) -> None:
        """Take what is here as what everybody knows: a later delta tells what changes from now."""
        for touched in self._touched:
            touched.clear()

    def best(self, side: int, levels_max: int | None = None) -> tuple[Level, ...]:
        """Return the best levels of a side, best first; None: all."""
        prices = self._prices[side]
        ordered = prices[::-1] if side == Side.BUY else prices
        if levels_max is not None:
            ordered = prices[: -levels_max - 1 : -1] if side == Side.BUY else prices[:levels_max]
        return tuple(self._level(side, price) for price in ordered)

    def touch(self, side: int) -> int | None:
        """Return the best price at which part of an order can trade; None: nobody offers."""
        prices = self._prices[side]
        for price in reversed(prices) if side == Side.BUY else prices:
            if self._levels[side][price][1]:
                return price
        return None

    def snapshot(self) -> Snapshot:
        return Snapshot(
            self.contract, self.sequence, self.at_us, self.best(Side.BUY), self.best(Side.SELL)
        )

    def _level(self, side: int, price_ticks: int) -> Level:
        return Level(price_ticks, *self._levels[side].get(price_ticks, _GONE))


class Mirror:
    """A book made from a snapshot and deltas: what a subscriber does, and what a test compares."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.sequence = snapshot.sequence
        self._sides: tuple[dict[int, Level], dict[int, Level]] = (
            {level.price_ticks: level for level in snapshot.bids},
            {level.price_ticks: level for level in snapshot.asks},
        )

    def take(self, delta: Delta) -> bool:
        """Apply a delta; False: one before it is missing, and a snapshot must be asked for.

        A delta that is in already changes nothing.
        """
        if delta.sequence <= self.sequence:
            return True
        if delta.sequence != self.sequence + 1:
            return False
        self.sequence = delta.sequence
        for side, level in delta.changes:
            if level.orders or level.aon_orders:
                self._sides[side][level.price_ticks] = level
            else:
                self._sides[side].pop(level.price_ticks, None)
        return True

    def sha256(self) -> str:
        bids, asks = self._sides
        return book_sha256(
            (bids[price] for price in sorted(bids, reverse=True)),
            (asks[price] for price in sorted(asks)),
        )


def book_sha256(bids: Iterable[Level], asks: Iterable[Level]) -> str:
    """Return the hash of a public book, ``side,price,steps,orders,aon_steps,aon_orders;`` a level.

    Bids from the best price down, then asks from the best price up; side 0 is buy.
    """
    digest = sha256()
    for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
        for level in levels:
            digest.update(b"%d,%d,%d,%d,%d,%d;" % (side, *level))
    return digest.hexdigest()
