"""From all submissions to the result of an auction: prices, and what each member gets.

The same submissions in any order give the same result. Pure but for the solver.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from cloud.exchange.auction.clearing import gains_of, surplus, whole
from cloud.exchange.auction.ladder import Ladder
from cloud.exchange.auction.orders import Submission, Terms
from cloud.exchange.auction.selection import Chosen, choose
from cloud.exchange.auction.units import Unit, taken_of, units
from cloud.market.contracts import TICKS_PER_EUR


class Fate(Enum):
    """What became of a block."""

    ACCEPTED = "ACCEPTED"
    PARTLY_ACCEPTED = "PARTLY_ACCEPTED"
    REJECTED = "REJECTED"
    PARADOXICALLY_REJECTED = "PARADOXICALLY_REJECTED"
    """It would gain at these prices, and could not be taken: with it there would be others."""


@dataclass(frozen=True, slots=True)
class BlockResult:
    name: str
    fate: Fate
    steps: tuple[int, ...]
    """Taken in each of its parts, signed."""
    surplus: int
    """Ticks x steps at the prices: of what was taken, or of the whole of it where nothing was."""


@dataclass(frozen=True, slots=True)
class Award:
    """What one submission got."""

    account: str
    site: str
    steps: tuple[int, ...]
    """Net in each period, curves and blocks together: sold (+) or bought (-)."""
    blocks: tuple[BlockResult, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A submission that did not count, because at the gate it could not be allowed any more."""

    account: str
    site: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an auction."""

    prices: tuple[int | None, ...]
    """Ticks; None where nobody sells, or nobody buys, so that there is no price."""
    volumes: tuple[int, ...]
    """Steps that were sold, and as many bought, in each period."""
    awards: tuple[Award, ...]
    """Sorted by account and site."""
    welfare: int
    """Ticks x steps, rounded: what buyers would have paid less what sellers would have asked."""
    gap: float
    """Relative to the welfare; 0: less than a millionth could be missing."""
    rounds: int
    cuts: int
    left_out: tuple[LeftOut, ...] = ()
    """Sorted by account and site."""


def auction(
    submissions: Sequence[Submission], terms: Terms, left_s: Callable[[], float]
) -> Outcome:
    """Return the result for what was ordered; `orders.mistakes` has found none in it.

    Args:
        left_s: how much time the search for the best blocks still has.
    """
    ranked = sorted(submissions, key=lambda one: (one.account, one.site))
    rows: list[list[tuple[int, int]]] = [[] for _ in range(terms.periods)]
    for number, submission in enumerate(ranked):
        for place, curve in enumerate(submission.curves):
            rows[curve.period].append((number, place))
    ladders = [
        Ladder(
            [ranked[number].curves[place] for number, place in row],
            terms.price_ticks_min,
            terms.price_ticks_max,
        )
        for row in rows
    ]
    blocks = units(ranked)
    chosen = choose(ladders, blocks, left_s)
    return _outcome(ranked, rows, ladders, blocks, chosen)


def _outcome(
    ranked: Sequence[Submission],
    rows: Sequence[Sequence[tuple[int, int]]],
    ladders: Sequence[Ladder],
    blocks: Sequence[Unit],
    chosen: Chosen,
) -> Outcome:
    net = [[0] * len(ladders) for _ in ranked]
    sold, bought = [0] * len(ladders), [0] * len(ladders)

    def take(number: int, period: int, steps: int) -> None:
        net[number][period] += steps
        sold[period] += max(steps, 0)
        bought[period] += max(-steps, 0)

    needed = [0] * len(ladders)
    for block, steps in chosen.taken.items():
        owner = blocks[block].owner
        for (period, _), size in zip(blocks[block].parts, steps, strict=True):
            take(owner, period, size)
            needed[period] -= size
    welfare = (chosen.alone - chosen.cost) * TICKS_PER_EUR
    for period, ladder in enumerate(ladders):
        shares = ladder.shares(chosen.prices[period], needed[period])
        for (member, _), share in zip(rows[period], shares, strict=True):
            take(member, period, share)
    assert sold == bought, "what is sold is bought"
    results = _fates(ranked, blocks, chosen)
    awards = tuple(
        Award(one.account, one.site, tuple(net[number]), tuple(results[number]))
        for number, one in enumerate(ranked)
    )
    prices = tuple(
        ticks if steps or (ladder.fewest < 0 < ladder.most) else None
        for ticks, steps, ladder in zip(chosen.prices, sold, ladders, strict=True)
    )
    return Outcome(
        prices, tuple(sold), awards, round(welfare), chosen.gap, chosen.rounds, chosen.cuts
    )


def _fates(
    ranked: Sequence[Submission], blocks: Sequence[Unit], chosen: Chosen
) -> list[list[BlockResult]]:
    """Return what became of the blocks of each submission."""
    results: list[dict[int, BlockResult]] = [{} for _ in ranked]
    groups = {blocks[number].group for number in chosen.taken}
    names = {blocks[number].name for number in chosen.taken}
    for number, block in enumerate(blocks):
        steps = chosen.taken.get(number)
        if steps is not None and any(steps):
            fate = Fate.ACCEPTED if steps == whole(block) else Fate.PARTLY_ACCEPTED
            counted = steps
        else:
            counted, steps = whole(block), (0,) * len(block.parts)
            gain = surplus(block, counted, chosen.prices)
            barred = (block.group and block.group in groups) or (
                block.parent and block.parent not in names
            )
            fate = Fate.PARADOXICALLY_REJECTED if gain > 0 and not barred else Fate.REJECTED
        gains = taken_of(block, gains_of(block, counted, chosen.prices))
        for (place, own), (_, ticks) in zip(taken_of(block, steps), gains, strict=True):
            name = ranked[block.owner].blocks[place].name
            results[block.owner][place] = BlockResult(name, fate, own, sum(ticks))
    return [[found[place] for place in sorted(found)] for found in results]
