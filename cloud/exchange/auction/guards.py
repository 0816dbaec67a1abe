"""Blocks that lost at some prices: they may be taken only where the prices could let them gain.

Said to the linear problem in terms of its quantities (`hull`): a seller that lost goes out, or the
curves give so much more in its periods that it could gain there; a buyer the other way round. A
combination is not tried again in a thousand shapes that all lose for the same reason. Pure.
"""

from collections.abc import Mapping, Sequence

from cloud.exchange.auction.hull import Hull, hull
from cloud.exchange.auction.ladder import Ladder
from cloud.exchange.auction.orders import PPM, Block
from cloud.exchange.auction.solver import Problem
from cloud.market.contracts import TICKS_PER_EUR

SLACK_EUR_MWH = 1e-5
"""The solver's numbers are rounded ones."""


class Guards:
    """The blocks that are guarded, and the bounds of the prices of their periods."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        self._guarded: set[int] = set()
        self._hulls: dict[int, Hull] = {}

    def __len__(self) -> int:
        return len(self._guarded)

    def add(
        self,
        losers: Sequence[int],
        ladders: Sequence[Ladder],
        reach: Mapping[int, tuple[int, int]],
        touching: Mapping[int, Sequence[tuple[int, int]]],
    ) -> bool:
        """Guard these too; tell whether any was not guarded before.

        Args:
            reach: steps that the curves may have to give, least and most, by period.
            touching: number and steps of the blocks that touch a period.
        """
        new = {n for n in losers if _is_even(self._blocks[n])} - self._guarded
        self._guarded |= new
        for period in {period for number in new for period, _ in self._blocks[number].parts}:
            if period not in self._hulls:
                # Whole steps differ from ratios by less than one for each block that is cut down.
                off = sum(self._blocks[n].min_ratio_ppm < PPM for n, _ in touching[period])
                self._hulls[period] = hull(ladders[period], *reach[period], off)
        return bool(new)

    def put(self, problem: Problem, takes: Sequence[int], given: Mapping[int, int]) -> None:
        """Write them into a problem.

        Args:
            takes: columns of whether a block is taken, by its number.
            given: columns of what the curves give, by period.
        """
        dearest, cheapest = {}, {}
        for period, bounds in sorted(self._hulls.items()):
            dearest[period] = problem.column(0, bounds.lowest, bounds.highest)
            cheapest[period] = problem.column(0, bounds.lowest, bounds.highest)
            for at, slope in bounds.above:
                problem.at_most(at, [dearest[period], given[period]], [1, -slope])
            for at, slope in bounds.below:
                problem.at_least(at, [cheapest[period], given[period]], [1, -slope])
        for number in sorted(self._guarded):
            block = self._blocks[number]
            sells = block.parts[0][1] > 0
            whole = sum(steps for _, steps in block.parts)
            shares = {period: steps / whole for period, steps in block.parts}
            asked = block.price_ticks / TICKS_PER_EUR
            worst = sum(
                share * (self._hulls[period].lowest if sells else self._hulls[period].highest)
                for period, share in shares.items()
            )
            sign = 1.0 if sells else -1.0
            if sign * (asked - worst) <= 0:
                continue  # it gains at every price
            prices = [(dearest if sells else cheapest)[period] for period in shares]
            problem.at_least(
                sign * worst - SLACK_EUR_MWH,
                [*prices, takes[number]],
                [*(sign * share for share in shares.values()), sign * (worst - asked)],
            )


def _is_even(block: Block) -> bool:
    """Say whether a part of a block has the shape of the whole, in whole steps too."""
    return block.min_ratio_ppm == PPM or len({steps for _, steps in block.parts}) == 1
