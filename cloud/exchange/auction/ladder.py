"""All curves of one period together: what they give at a price, share by share, and at what cost.

Settlement is exact, in ticks and steps: at a tick a straight line gives the nearest whole step
(halves up), and between two ticks nothing. Between what a curve gives one tick below the price
and at the price it may be taken in part. At the lowest price what is sold at any price may be cut
down, at the highest price what is bought at any price: so there always is a price.

The welfare that is maximised is that of the lines themselves, in floating point: it chooses
blocks, and settles nothing. Pure.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cloud.exchange.auction.orders import Curve, Style

Steps = NDArray[np.int64]
Floats = NDArray[np.float64]


class Ladder:
    """The curves of one period between the lowest and the highest price, in ticks."""

    def __init__(self, curves: Sequence[Curve], lowest: int, highest: int) -> None:
        self.count = len(curves)
        self.lowest, self.highest = lowest, highest
        points = [point for curve in curves for point in curve.points]
        sizes = [len(curve.points) for curve in curves]
        self._prices: Steps = np.array([ticks for ticks, _ in points], np.int64)
        self._steps: Steps = np.array([steps for _, steps in points], np.int64)
        self._begins: Steps = np.cumsum([0, *sizes[:-1]], dtype=np.int64)[: self.count]
        self._ends: Steps = self._begins + np.array(sizes, np.int64) - 1
        self._straight = np.array([curve.style is Style.LINEAR for curve in curves], np.bool_)
        self._width = highest - lowest + 1
        self._rows: Steps = np.arange(self.count, dtype=np.int64) * self._width
        self._keys: Steps = np.repeat(self._rows, sizes) + self._prices - lowest
        self.fewest = int(np.minimum(self.at(lowest), 0).sum())
        """Steps, the most that can be bought, as a negative number."""
        self.most = int(np.maximum(self.at(highest), 0).sum())
        """Steps, the most that can be sold."""
        self.quantities, self.prices = self._line()
        """Corners of the marginal price by the quantity, both never falling; in floating point."""
        means = (self.prices[1:] + self.prices[:-1]) / 2
        costs: Floats = np.concatenate([[0.0], np.cumsum(means * np.diff(self.quantities))])
        self._costs = costs
        self._costs = costs - self.cost(0.0)
        self.interval = lru_cache(maxsize=4_096)(self._interval)
        self._total = lru_cache(maxsize=4_096)(lambda ticks: int(self.at(ticks).sum()))

    def at(self, ticks: int) -> Steps:
        """Return what each curve gives at a price within the limits."""
        place = np.searchsorted(self._keys, self._rows + (ticks - self.lowest), "right") - 1
        here = np.maximum(place, self._begins)
        after = np.minimum(here + 1, self._ends)
        rise, run = self._steps[after] - self._steps[here], self._prices[after] - self._prices[here]
        inside = self._straight & (place >= self._begins) & (run > 0)
        gone = np.where(inside, ticks - self._prices[here], 0)
        whole = np.where(run > 0, run, 1)
        given: Steps = self._steps[here] + (2 * rise * gone + whole) // (2 * whole)
        return given

    def bounds(self, ticks: int) -> tuple[Steps, Steps]:
        """Return the least and the most that may be taken of each curve at a price."""
        most = self.at(ticks)
        least = np.minimum(most, 0) if ticks == self.lowest else self.at(ticks - 1)
        if ticks == self.highest:
            most = np.maximum(most, 0)
        return least, most

    def total(self, ticks: int) -> int:
        """Return the most that may be taken of all curves together at a price."""
        return self.most if ticks >= self.highest else self._total(ticks)

    def _interval(self, needed: int) -> tuple[int, int] | None:
        """Return the lowest and the highest price at which the curves can give so many steps."""
        if not self.fewest <= needed <= self.most:
            return None
        # The lines are near, and the rounding of single steps moves a price by little.
        near = min(max(round(self.price(needed)), self.lowest), self.highest)
        first = self._first(lambda ticks: self.total(ticks) >= needed, near)
        if first == self.highest or self.total(first) > needed:
            return first, first
        return first, self._first(lambda ticks: self.total(ticks) > needed, first)

    def _first(self, enough: Callable[[int], bool], near: int) -> int:
        """Return the first price at which there is enough, the highest where there never is."""
        low, high, step = self.lowest, self.highest, 1
        if enough(near):
            high = near
            while near - step > low and enough(near - step):
                high, step = near - step, step * 2
            low = max(low, near - step)
        else:
            low = min(near + 1, high)
            while near + step < high and not enough(near + step):
                low, step = near + step + 1, step * 2
            high = min(high, near + step)
        while low < high:
            middle = (low + high) // 2
            if enough(middle):
                high = middle
            else:
                low = middle + 1
        return low

    def shares(self, ticks: int, needed: int) -> list[int]:
        """Return what is taken of each curve, in all exactly what is needed.

        As much is sold and bought as the price allows; what is too much on one side is cut pro
        rata, a rest of single steps by the largest remainder, then by the order of the curves.
        """
        least, most = self.bounds(ticks)
        sold = np.maximum(least, 0), np.maximum(most, 0)
        bought = np.maximum(-most, 0), np.maximum(-least, 0)
        buying = min(int(bought[1].sum()), int(sold[1].sum()) - needed)
        sales = _pro_rata(sold[0], sold[1], buying + needed)
        purchases = _pro_rata(bought[0], bought[1], buying)
        return [sale - purchase for sale, purchase in zip(sales, purchases, strict=True)]

    def cost(self, quantity: float) -> float:
        """Return what so many steps cost from the curves (ticks x steps), 0 for none: convex."""
        place = int(np.searchsorted(self.quantities, quantity, "right")) - 1
        place = min(max(place, 0), len(self.quantities) - 2)
        before = float(self.quantities[place])
        mean = (float(self.prices[place]) + self.price(quantity)) / 2
        return float(self._costs[place]) + (quantity - before) * mean

    def price(self, quantity: float) -> float:
        """Return the price of the next step at this quantity, in ticks."""
        place = int(np.searchsorted(self.quantities, quantity, "right")) - 1
        place = min(max(place, 0), len(self.quantities) - 2)
        q0, q1 = float(self.quantities[place]), float(self.quantities[place + 1])
        p0, p1 = float(self.prices[place]), float(self.prices[place + 1])
        return p0 if q1 <= q0 else p0 + (p1 - p0) * (quantity - q0) / (q1 - q0)

    def welfare(self) -> float:
        """Return what the curves gain among themselves, in ticks x steps, without any block.

        That is what all buyers would pay for all they want, less what it costs not to give it to
        some of them, and to buy the rest from the sellers.
        """
        inner = self._inner()
        q0, p0 = self._steps[inner - 1], self._prices[inner - 1]
        q1, p1 = self._steps[inner], self._prices[inner]
        bought = np.minimum(q1, 0) - np.minimum(q0, 0)
        until = p0 + (p1 - p0) * bought / np.where(q1 > q0, q1 - q0, 1)
        straight = self._straight[self._owners(inner)] if self.count else inner > 0
        paid = np.where(straight, (p0 + until) / 2, p1) * bought
        rest = self.highest * -np.minimum(self._steps[self._ends], 0)
        return float(paid.sum() + rest.sum() + self._costs[0])

    def _inner(self) -> Steps:
        """Return the places of all points that are not the first of their curve."""
        inner = np.ones(len(self._prices), np.bool_)
        inner[self._begins] = False
        return np.flatnonzero(inner)

    def _owners(self, places: Steps) -> Steps:
        owners: Steps = np.searchsorted(self._begins, places, "right") - 1
        return owners

    def _line(self) -> tuple[Floats, Floats]:
        """Return the corners of the sum of all curves."""
        first, last = self._steps[self._begins], self._steps[self._ends]
        to = self._inner()
        rise, run = self._steps[to] - self._steps[to - 1], self._prices[to] - self._prices[to - 1]
        sloped = (
            self._straight[self._owners(to)] & (run > 0) if self.count else np.zeros(0, np.bool_)
        )
        slope = rise[sloped] / run[sloped]
        prices = np.unique(np.concatenate([[self.lowest, self.highest], self._prices]))
        jump, bend = np.zeros(len(prices)), np.zeros(len(prices))
        np.add.at(jump, 0, np.maximum(first, 0).sum())
        np.add.at(jump, len(prices) - 1, -np.minimum(last, 0).sum())
        np.add.at(jump, np.searchsorted(prices, self._prices[to][~sloped]), rise[~sloped])
        np.add.at(bend, np.searchsorted(prices, self._prices[to - 1][sloped]), slope)
        np.add.at(bend, np.searchsorted(prices, self._prices[to][sloped]), -slope)
        runs = np.concatenate([[0.0], np.cumsum(bend)[:-1] * np.diff(prices)])
        after = np.minimum(first, 0).sum() + np.cumsum(runs + jump)
        corners: Floats = np.maximum.accumulate(np.stack([after - jump, after], 1).ravel())
        return corners, np.repeat(prices, 2).astype(np.float64)


def _pro_rata(least: Steps, most: Steps, total: int) -> list[int]:
    """Share a total out between the least and the most of each, in proportion to the room."""
    room = [int(number) for number in most - least]
    rest, whole = total - int(least.sum()), sum(room)
    assert 0 <= rest <= whole, "the total lies between the sums"
    if not rest:
        return [int(number) for number in least]
    parts = [divmod(one * rest, whole) for one in room]
    left = rest - sum(part for part, _ in parts)
    ranked = sorted(range(len(parts)), key=lambda place: (-parts[place][1], place))
    given = [part for part, _ in parts]
    for place in ranked[:left]:
        given[place] += 1
    return [int(number) + more for number, more in zip(least, given, strict=True)]
