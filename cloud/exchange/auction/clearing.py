"""Prices for what was taken of the blocks, and what each curve gets: exact, in ticks and steps.

Prices lie where curves and blocks balance. Where that leaves a choice, the middle is taken, unless
a block that was taken would lose there: then the prices nearest to the middle at which none does.
Where there are none, the blocks must not be taken together. Pure but for the solver.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloud.exchange.auction import solver
from cloud.exchange.auction.ladder import Ladder
from cloud.exchange.auction.orders import PPM
from cloud.exchange.auction.solver import Problem
from cloud.exchange.auction.units import Unit

Taken = Mapping[int, tuple[int, ...]]
"""Of each unit that was taken, by its number: steps for each of its parts, signed."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """Prices, or who stands against them."""

    prices: tuple[int, ...]
    """For each period; () where there are none that fit."""
    losers: tuple[int, ...] = ()
    """Blocks that would lose at the middle, the greatest loss first."""
    hopeless: tuple[int, ...] = ()
    """Those of them that lose at all prices that balance."""
    unbalanced: tuple[int, ...] = ()
    """Periods in which the curves cannot give what the blocks need."""


def least_ratio(block: Unit) -> float:
    """Return the least that may be taken of a block: one step of its greatest power, or more."""
    return max(block.min_ratio_ppm / PPM, 1 / max(abs(steps) for _, steps in block.parts))


def whole(block: Unit) -> tuple[int, ...]:
    return tuple(steps for _, steps in block.parts)


def part_of(block: Unit, ratio: float) -> tuple[int, ...]:
    """Return a part of a block in whole steps, never more of a part than the ratio."""
    if ratio >= 1 - 1e-7:
        return whole(block)
    taken = []
    for _, steps in block.parts:
        size = int(abs(steps) * ratio + 1e-6)
        taken.append(size if steps > 0 else -size)
    return tuple(taken)


def injections(blocks: Sequence[Unit], taken: Taken, periods: int) -> list[int]:
    """Return what the blocks sell (+) or buy (-) net in each period."""
    net = [0] * periods
    for number, steps in taken.items():
        for (period, _), size in zip(blocks[number].parts, steps, strict=True):
            net[period] += size
    return net


def surplus(block: Unit, steps: Sequence[int], prices: Sequence[int]) -> int:
    """Return what a block gains at these prices, ticks x steps; below zero it loses."""
    return sum(gains_of(block, steps, prices))


def gains_of(block: Unit, steps: Sequence[int], prices: Sequence[int]) -> list[int]:
    """Return what each of its parts gains, ticks x steps."""
    return [
        size * (prices[period] - ticks)
        for (period, _), ticks, size in zip(block.parts, block.limits, steps, strict=True)
    ]


def clear(
    ladders: Sequence[Ladder], blocks: Sequence[Unit], taken: Taken, seconds: float
) -> Cleared:
    """Return the prices for these blocks, or why there are none."""
    net = injections(blocks, taken, len(ladders))
    spans: list[tuple[int, int]] = []
    unbalanced: list[int] = []
    for period, ladder in enumerate(ladders):
        span = ladder.interval(-net[period])
        if span is None:
            unbalanced.append(period)
        else:
            spans.append(span)
    if unbalanced:
        return Cleared((), unbalanced=tuple(unbalanced))
    middle = tuple((low + high) // 2 for low, high in spans)
    losses = {number: surplus(blocks[number], steps, middle) for number, steps in taken.items()}
    losers = sorted(
        (number for number, gain in losses.items() if gain < 0),
        key=lambda number: (losses[number], number),
    )
    if not losers:
        return Cleared(middle)
    lows, highs = tuple(low for low, _ in spans), tuple(high for _, high in spans)
    hopeless = [
        number
        for number in losers
        if surplus(blocks[number], taken[number], _best(blocks[number], lows, highs)) < 0
    ]
    if hopeless:
        return Cleared((), tuple(losers), tuple(hopeless))
    return Cleared(_nearest(spans, middle, blocks, taken, seconds), tuple(losers))


def _best(block: Unit, lows: Sequence[int], highs: Sequence[int]) -> list[int]:
    """Return the prices that it likes best: high where it sells, low where it buys."""
    prices = list(lows)
    for period, steps in block.parts:
        if steps > 0:
            prices[period] = highs[period]
    return prices


def _nearest(
    spans: Sequence[tuple[int, int]],
    middle: Sequence[int],
    blocks: Sequence[Unit],
    taken: Taken,
    seconds: float,
) -> tuple[int, ...]:
    """Return the prices nearest to the middle at which no block loses, () where there are none."""
    problem = Problem()
    prices: dict[int, int] = {}
    for period in sorted({period for number in taken for period, _ in blocks[number].parts}):
        low, high = spans[period]
        prices[period] = problem.column(0, low, high, whole=True)
        for sign in (1.0, -1.0):
            off = problem.column(1, 0, high - low)
            problem.at_least(sign * middle[period], [prices[period], off], [sign, 1])
    for number, steps in taken.items():
        block = blocks[number]
        columns = [prices[period] for period, _ in block.parts]
        asked = sum(ticks * size for ticks, size in zip(block.limits, steps, strict=True))
        problem.at_least(asked, columns, [float(size) for size in steps])
    values = solver.solve(problem, seconds).values
    if not values:
        return ()
    found = list(middle)
    for period, column in prices.items():
        found[period] = round(values[column])
    # The solver's numbers are rounded ones; what is settled must be right exactly.
    right = all(surplus(blocks[number], steps, found) >= 0 for number, steps in taken.items())
    return tuple(found) if right else ()
