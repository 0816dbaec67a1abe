"""The search: best blocks, their prices, cuts where there are none, until nothing better is left.

What is kept is always a result that could be published: prices that balance, and no block that
was taken loses (none is paradoxically accepted). A block that would gain and was not taken is
allowed, and reported. When the time is up the best that was found stands, with its distance to
the best that there could be.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from cloud.exchange.auction.clearing import Cleared, Taken, clear, injections, least_ratio, part_of
from cloud.exchange.auction.ladder import Ladder
from cloud.exchange.auction.master import Master, Ratios, descendants
from cloud.exchange.auction.solver import Status
from cloud.exchange.auction.units import Unit
from cloud.market.contracts import TICKS_PER_EUR

ROUNDS_MAX = 2_000
GAP = 1e-6
"""Relative to the welfare: less is as good as nothing."""
PRICES_S = 5.0
"""For the prices of one combination."""
_REPAIRS_MAX = 24
_DIVE_S = 5.0
"""For one problem of it."""
_DIVES = frozenset((1, 10, 50, 200))
"""Rounds after which a good result is looked for at the cost of the proof."""


@dataclass(slots=True)
class Chosen:
    """What was taken of the blocks, at which prices, and how sure it is that this is best."""

    taken: Taken
    prices: tuple[int, ...]
    cost: float
    """In EUR per hour of a step; below zero is what the blocks add to the welfare."""
    alone: float
    """Welfare of the curves among themselves, in the same unit."""
    bound: float = -inf
    """No other choice costs less."""
    rounds: int = 0
    cuts: int = 0
    complete: bool = False
    """The search came to its end; otherwise its time was up."""

    @property
    def room(self) -> float:
        """Return the cost that is as good as nothing."""
        return GAP * max(1.0, self.alone - self.cost)

    @property
    def gap(self) -> float:
        """Return what might be missing of the welfare, relative to it; 0 for the best."""
        if self.complete or self.bound >= self.cost:
            return 0.0
        return (self.cost - self.bound) / max(1.0, self.alone - self.cost)


def choose(
    ladders: Sequence[Ladder], blocks: Sequence[Unit], left_s: Callable[[], float]
) -> Chosen:
    """Return the best choice of blocks that has prices.

    Args:
        blocks: each is taken or not; with names that are unique in the whole auction.
        left_s: how much time is left; asked now and then.
    """
    master = Master(ladders, blocks)
    alone = sum(ladder.welfare() for ladder in ladders) / TICKS_PER_EUR
    best = Chosen({}, clear(ladders, blocks, {}, PRICES_S).prices, 0.0, alone)
    while best.rounds < ROUNDS_MAX and blocks and (seconds := left_s()) > 0:
        best.rounds += 1
        solution, ratios = master.solve(seconds, best.room / 4, best.taken or None)
        if solution.status is Status.INFEASIBLE:
            best.complete = True
            break
        best.bound = max(best.bound, solution.bound)
        if not solution.values:
            break
        ratios = master.polish(ratios, left_s())
        loose = master.touch(ratios)
        taken, cleared = _settled(ladders, blocks, ratios)
        if cleared.prices:
            _keep(best, master, taken, cleared, blocks)
            if not loose and solution.status is Status.OPTIMAL:
                best.complete = True
                break
        else:
            if not master.guard(cleared.losers, ratios):
                master.forbid(ratios, cleared.hopeless)
            worst = cleared.hopeless or cleared.losers
            taken, cleared = _reduced(ladders, blocks, taken, cleared)
            _keep(best, master, taken, cleared, blocks)
            if best.rounds in _DIVES and worst:
                _dive(best, master, ladders, blocks, frozenset({_smallest(blocks, worst)}), left_s)
        if best.cost - best.bound <= best.room:
            best.complete = True
            break
    best.complete |= not blocks
    best.cuts = master.cuts
    return best


def _dive(
    best: Chosen,
    master: Master,
    ladders: Sequence[Ladder],
    blocks: Sequence[Unit],
    out: frozenset[int],
    left_s: Callable[[], float],
) -> None:
    """Leave out what loses, choose again among the rest, until none loses: a good result.

    Far better than only dropping the losers, and no proof of anything.
    """
    while (seconds := left_s()) > 0:
        solution, ratios = master.solve(min(seconds, _DIVE_S), best.room, out=out)
        if not solution.values:
            return
        ratios = master.polish(ratios, left_s())
        taken, cleared = _settled(ladders, blocks, ratios)
        if cleared.prices:
            _keep(best, master, taken, cleared, blocks)
            return
        worst = cleared.hopeless or cleared.losers
        out |= {_smallest(blocks, worst)} if worst else frozenset(ratios)


def _keep(
    best: Chosen, master: Master, taken: Taken, cleared: Cleared, blocks: Sequence[Unit]
) -> None:
    """Take this for the best if it is."""
    ratios = {number: sum(map(abs, steps)) / blocks[number].size for number, steps in taken.items()}
    cost = master.cost(ratios)
    if cost < best.cost:
        best.taken, best.prices, best.cost = taken, cleared.prices, cost


def _settled(
    ladders: Sequence[Ladder], blocks: Sequence[Unit], ratios: Ratios
) -> tuple[Taken, Cleared]:
    """Return these parts in whole steps, with their prices.

    A block that is taken in part gains nothing, but for rounding; where that turns into a loss,
    a little less of it is taken.
    """
    ratios = dict(ratios)
    taken: Taken = {}
    cleared = Cleared(())
    for repair in range(_REPAIRS_MAX):
        taken = {number: part_of(blocks[number], ratio) for number, ratio in ratios.items()}
        cleared = clear(ladders, blocks, taken, PRICES_S)
        if cleared.prices:
            break
        loose = [n for n in cleared.losers if _shortest(blocks, n, ratios) < ratios[n] < 1]
        if not loose:
            break
        for number in loose:
            sizes = [abs(size) for _, size in blocks[number].parts]
            ratios[number] = max(
                _shortest(blocks, number, ratios),
                ratios[number] - 2 ** (repair // 4) / max(sizes),
            )
            for child in descendants(blocks, number)[1:]:
                if child in ratios:
                    ratios[child] = min(ratios[child], ratios[number])
    return taken, cleared


def _shortest(blocks: Sequence[Unit], number: int, ratios: Ratios) -> float:
    """Return the least that may be left of a block: none of its children is taken beyond it."""
    return max(least_ratio(blocks[n]) for n in descendants(blocks, number) if n in ratios)


def _reduced(
    ladders: Sequence[Ladder], blocks: Sequence[Unit], taken: Taken, cleared: Cleared
) -> tuple[Taken, Cleared]:
    """Drop what loses, one after the other, until there are prices."""
    rest = dict(taken)
    while not cleared.prices:
        if cleared.unbalanced:
            worst = _too_much(ladders, blocks, rest, cleared.unbalanced[0])
        else:
            worst = _smallest(blocks, cleared.hopeless or cleared.losers)
        for number in descendants(blocks, worst):
            rest.pop(number, None)
        cleared = clear(ladders, blocks, rest, PRICES_S)
    return rest, cleared


def _smallest(blocks: Sequence[Unit], numbers: Sequence[int]) -> int:
    """Return the block that is missed least; a large one that just loses may yet have prices."""
    return min(numbers, key=lambda n: (blocks[n].size, n))


def _too_much(ladders: Sequence[Ladder], blocks: Sequence[Unit], taken: Taken, period: int) -> int:
    """Return the block that asks most of a period in which the curves cannot give enough."""
    sells = -injections(blocks, taken, len(ladders))[period] < ladders[period].fewest
    asked = [
        (size if sells else -size, -number)
        for number, steps in taken.items()
        for (at, _), size in zip(blocks[number].parts, steps, strict=True)
        if at == period
    ]
    return -max(asked)[1]
