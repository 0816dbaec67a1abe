"""What a submission could come to: the most that it sells and buys, and what that costs. Pure.

Nobody knows before the gate what of it will be taken. So each direction counts by itself, as if all
that goes in this direction were taken and nothing in the other; of an exclusive group the greatest.
Only a loop settles as a whole: it never receives less, or pays more, than its limits come to.
Steps are magnitudes, money is in ticks x steps.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cloud.exchange.auction.orders import Block, Curve, Style, Submission, Terms
from cloud.exchange.auction.units import loops


class Demand(NamedTuple):
    """Of one submission; by period but for the money."""

    sold: tuple[int, ...]
    bought: tuple[int, ...]
    certain: tuple[int, ...]
    """At any price: sold (+) or bought (-)."""
    received: int
    """At the limits of its own orders; the price may be better."""
    paid: int
    """At most: nobody pays more than his limit, and sells at no less."""


def demand(one: Submission, terms: Terms) -> Demand:
    """Return what a submission could come to."""
    sold, bought, certain = [0] * terms.periods, [0] * terms.periods, [0] * terms.periods
    received = paid = 0
    for curve in one.curves:
        sold[curve.period] += max(0, curve.points[-1][1])
        bought[curve.period] += max(0, -curve.points[0][1])
        certain[curve.period] = max(0, curve.points[0][1]) + min(0, curve.points[-1][1])
        amounts = list(_amounts(curve, terms))
        received += max((max(0, amount) for amount in amounts), default=0)
        paid += max((max(0, -amount) for amount in amounts), default=0)
    for group in _groups(one.blocks):
        for period, steps in _greatest(group, 1).items():
            sold[period] += steps
        for period, steps in _greatest(group, -1).items():
            bought[period] += steps
        costs = [
            sum(block.price_ticks * size for block in loop for _, size in block.parts)
            for loop in loops(group)
        ]
        received += max(0, *costs)
        paid += max(0, *(-cost for cost in costs))
    return Demand(tuple(sold), tuple(bought), tuple(certain), received, paid)


def most_steps(one: Submission) -> int:
    """Return the greatest quantity that is named anywhere in it."""
    named = [steps for curve in one.curves for _, steps in curve.points]
    named += [steps for block in one.blocks for _, steps in block.parts]
    return max((abs(steps) for steps in named), default=0)


def _amounts(curve: Curve, terms: Terms) -> Iterator[int]:
    """Return what each piece of a curve receives (+) or pays (-) at its own limit, or more.

    What is bought at a pair is bought up to the price of the next one; what is sold at it, from
    its own price on. Along a straight line the quantity is that of the dearer end.
    """
    points = curve.points
    if points[0][1] > 0:
        yield terms.price_ticks_min * points[0][1]
    for (p0, q0), (p1, q1) in zip(points, (*points[1:], (terms.price_ticks_max, 0)), strict=True):
        if q0 < 0:
            yield p1 * q0
        if q0 > 0:
            yield p0 * q0
        if q1 > 0 and curve.style is Style.LINEAR:
            yield p0 * q1


def _groups(blocks: Sequence[Block]) -> Iterable[list[Block]]:
    """Return the blocks of each exclusive group, and each loop or block without one by itself."""
    found: dict[str, list[Block]] = {}
    for number, block in enumerate(blocks):
        alone = f"\0{block.loop}" if block.loop else f"\0\0{number}"
        found.setdefault(block.group or alone, []).append(block)
    return found.values()


def _greatest(blocks: Iterable[Block], sign: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for block in blocks:
        for period, steps in block.parts:
            found[period] = max(found.get(period, 0), sign * steps)
    return found
