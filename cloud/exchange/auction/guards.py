"""Blocks that lost at some prices: they may be taken only where the prices could let them gain.

Said to the linear problem in terms of its quantities (`hull`): a seller that lost goes out, or the
curves give so much more in its periods that it could gain there; a buyer the other way round, and
a loop in both ways. A combination is not tried again in a thousand shapes that all lose for the
same reason. A hull comes in line by line, where a solution is. Pure.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cloud.exchange.auction.hull import Hull, Line, hull
from cloud.exchange.auction.ladder import Ladder
from cloud.exchange.auction.orders import PPM
from cloud.exchange.auction.solver import Problem
from cloud.exchange.auction.units import Unit
from cloud.market.contracts import TICKS_PER_EUR

SLACK_EUR_MWH = 1e-5
"""The solver's numbers are rounded ones."""


class _Row(NamedTuple):
    """At least so much: of what the curves give, and of the block that is taken or not."""

    lowest: float
    given: dict[int, float]
    block: int
    taken: float


class Guards:
    """What is asked of the blocks that lost."""

    def __init__(
        self,
        blocks: Sequence[Unit],
        ladders: Sequence[Ladder],
        reach: Mapping[int, tuple[int, int]],
        touching: Mapping[int, Sequence[tuple[int, int]]],
    ) -> None:
        """Begin with none.

        Args:
            reach: steps that the curves may have to give, least and most, by period.
            touching: number and steps of the blocks that touch a period.
        """
        self._blocks, self._ladders = blocks, ladders
        self._reach, self._touching = reach, touching
        self._hulls: dict[int, Hull] = {}
        self._rows: list[_Row] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, losers: Sequence[int], given: Mapping[int, float]) -> bool:
        """Guard these where the curves give so much; tell whether that rules anything new out."""
        found = [row for n in losers if (row := self._row(n, given)) is not None]
        new = [row for row in found if row not in self._rows]
        self._rows += new
        return bool(new)

    def put(self, problem: Problem, takes: Sequence[int], given: Mapping[int, int]) -> None:
        """Write them into a problem.

        Args:
            takes: columns of whether a block is taken, by its number.
            given: columns of what the curves give, by period.
        """
        for row in self._rows:
            columns = [*(given[period] for period in row.given), takes[row.block]]
            problem.at_least(row.lowest, columns, [*row.given.values(), row.taken])

    def _row(self, number: int, given: Mapping[int, float]) -> _Row | None:
        """Return what a block asks of the prices; None where it asks nothing that is not so."""
        block = self._blocks[number]
        if block.min_ratio_ppm < PPM and len({steps for _, steps in block.parts}) > 1:
            return None  # a part of it, in whole steps, has not the shape of the whole
        asked = block.asked / block.size / TICKS_PER_EUR
        price = worst = at = 0.0
        slopes: dict[int, float] = {}
        for period, steps in block.parts:
            sign = 1.0 if steps > 0 else -1.0
            share = steps / block.size
            line = self._line(period, sign, given[period])
            slopes[period] = share * line.slope
            at += share * line.at
            price += share * (line.at + line.slope * given[period])
            low, high = self._reach[period]
            worst += share * (line.at + line.slope * (low if sign > 0 else high))
        if price >= asked - SLACK_EUR_MWH:
            return None
        return _Row(worst - at - SLACK_EUR_MWH, slopes, number, worst - asked)

    def _line(self, period: int, sign: float, quantity: float) -> Line:
        """Return the nearest line above the price, or below it, at a quantity."""
        if period not in self._hulls:
            # Whole steps differ from ratios by less than one for each block that is cut down.
            off = sum(self._blocks[n].min_ratio_ppm < PPM for n, _ in self._touching[period])
            self._hulls[period] = hull(self._ladders[period], *self._reach[period], off)
        bounds = self._hulls[period]
        lines = [*(bounds.above if sign > 0 else bounds.below)]
        lines.append(Line(bounds.highest if sign > 0 else bounds.lowest, 0.0))
        return min(lines, key=lambda line: sign * (line.at + line.slope * quantity))
