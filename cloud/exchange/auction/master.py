"""Which blocks are worth most: a linear problem with whole numbers, made tighter as it is solved.

Its unknowns are the part taken of each block, what the curves must give in each period, and what
that costs. The cost is convex in the quantity, so it is held from below by tangents, and more of
them come where a solution is. Blocks that lost are guarded, and what has no prices yet is cut off.
Money is in EUR per hour of a step, so that the numbers are small.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from cloud.exchange.auction import solver
from cloud.exchange.auction.clearing import least_ratio
from cloud.exchange.auction.guards import Guards
from cloud.exchange.auction.ladder import Ladder
from cloud.exchange.auction.orders import PPM
from cloud.exchange.auction.solver import Problem, Solution
from cloud.exchange.auction.units import Unit
from cloud.market.contracts import TICKS_PER_EUR

TANGENTS_FIRST = 9
"""Of each period, over all that the blocks can ask of it."""
POLISH_MAX = 30
TIGHT = 1e-7
"""Of the cost: how far below it the tangents may be."""

Ratios = dict[int, float]
"""Part taken of each block that was taken, by its number."""


class Master:
    """Problem, tangents and cuts of one auction."""

    def __init__(self, ladders: Sequence[Ladder], blocks: Sequence[Unit]) -> None:
        self._ladders, self._blocks = ladders, blocks
        self._touching: dict[int, list[tuple[int, int]]] = {}
        for number, block in enumerate(blocks):
            for period, steps in block.parts:
                self._touching.setdefault(period, []).append((number, steps))
        self._names = {block.name: number for number, block in enumerate(blocks)}
        self._reach = {period: self._range(period) for period in sorted(self._touching)}
        self._tangents: dict[int, dict[float, tuple[float, float]]] = {}
        for period, (low, high) in self._reach.items():
            self._tangents[period] = {}
            for step in range(TANGENTS_FIRST):
                self._touch(period, low + (high - low) * step / (TANGENTS_FIRST - 1))
        self._cuts: list[tuple[float, dict[int, float]]] = []
        self._guards = Guards(blocks, ladders, self._reach, self._touching)

    @property
    def cuts(self) -> int:
        return len(self._cuts) + len(self._guards)

    def solve(
        self,
        seconds: float,
        gap: float,
        known: Iterable[int] | None = None,
        out: frozenset[int] = frozenset(),
    ) -> tuple[Solution, Ratios]:
        """Return the best parts by what is known so far, and the bound that they prove.

        Args:
            gap: as good as nothing, in EUR per hour of a step.
            known: blocks of a good choice, to begin with.
            out: blocks that are left out; the bound is then only that of the rest.
        """
        return self._solve(seconds, None, out, gap, known)

    def polish(self, ratios: Ratios, seconds: float) -> Ratios:
        """Return the best parts of just these blocks; only those that may be cut down change."""
        if all(self._blocks[number].min_ratio_ppm == PPM for number in ratios):
            return ratios
        for _ in range(POLISH_MAX):
            if not self.touch(ratios):
                break
            solution, found = self._solve(seconds, frozenset(ratios))
            if not solution.values:
                break
            ratios = {number: found.get(number, ratio) for number, ratio in ratios.items()}
        return ratios

    def touch(self, ratios: Ratios) -> bool:
        """Add tangents at these parts; tell whether any was needed."""
        needed = False
        for period, quantity in self._quantities(ratios).items():
            exact = self._ladders[period].cost(quantity) / TICKS_PER_EUR
            held = max(at + slope * quantity for slope, at in self._tangents[period].values())
            if exact - held > TIGHT * (1 + abs(exact)):
                needed = True
                self._touch(period, quantity)
        return needed

    def cost(self, ratios: Mapping[int, float]) -> float:
        """Return what these parts cost, in EUR per hour of a step; welfare is less of it."""
        total = 0.0
        for number, ratio in ratios.items():
            total += self._blocks[number].asked * ratio / TICKS_PER_EUR
        for period, quantity in self._quantities(ratios).items():
            total += self._ladders[period].cost(quantity) / TICKS_PER_EUR
        return total

    def forbid(self, ratios: Ratios, hopeless: Sequence[int]) -> None:
        """Cut a combination off that has no prices, and what cannot have any either."""
        strong = [cut for number in hopeless if (cut := self._loses(ratios, number)) is not None]
        if strong:
            self._cuts += strong
            return
        whole = {number: 1.0 if number in ratios else -1.0 for number in range(len(self._blocks))}
        self._cuts.append((len(ratios) - 1.0, whole))

    def guard(self, losers: Sequence[int], ratios: Ratios) -> bool:
        """Let these be taken only where they could gain; tell whether that rules this out."""
        return self._guards.add(losers, self._quantities(ratios))

    def _loses(self, ratios: Ratios, loser: int) -> tuple[float, dict[int, float]] | None:
        """Return a cut: this one goes out, or some other of its side, or one against it comes in.

        With all that is sold beside it still there, and nothing more bought, the price cannot be
        better for what it sells; the same the other way round, period by period. That holds for
        whole blocks; None where one could be cut down further.
        """
        block = self._blocks[loser]
        beside_it: set[int] = set()
        against_it: set[int] = set()
        for period, steps in block.parts:
            for number, size in self._touching[period]:
                (beside_it if (size > 0) is (steps > 0) else against_it).add(number)
        cut = {loser: 1.0}
        beside = 0
        for number in sorted((beside_it | against_it) - {loser}):
            other = self._blocks[number]
            if number in ratios:
                could_shrink = number in beside_it and ratios[number] > least_ratio(other)
                could_grow = number in against_it and ratios[number] < 1
                if (could_shrink or could_grow) and other.min_ratio_ppm < PPM:
                    return None
                if number in beside_it:
                    cut[number] = 1.0
                    beside += 1
            elif number in against_it:
                cut[number] = -1.0
        if block.min_ratio_ppm < PPM and ratios[loser] > least_ratio(block):
            return None
        return float(beside), cut

    def _solve(
        self,
        seconds: float,
        fixed: frozenset[int] | None,
        out: frozenset[int] = frozenset(),
        gap: float = 1e-6,
        known: Iterable[int] | None = None,
    ) -> tuple[Solution, Ratios]:
        problem = Problem()
        ratios, takes = [], []
        for number, block in enumerate(self._blocks):
            low, high = 0.0, float(number not in out)
            if fixed is not None:
                low = high = float(number in fixed)
            price = block.asked / TICKS_PER_EUR
            if block.min_ratio_ppm == PPM:
                ratio = take = problem.column(price, low, high, whole=fixed is None)
            else:
                ratio = problem.column(price, 0, 1)
                take = problem.column(0, low, high, whole=fixed is None)
                problem.at_least(0, [ratio, take], [1, -least_ratio(block)])
                problem.at_most(0, [ratio, take], [1, -1])
            ratios.append(ratio)
            takes.append(take)
        self._add_links(problem, ratios, takes)
        given = self._add_periods(problem, ratios)
        self._guards.put(problem, takes, given)
        if fixed is None:
            for highest, cut in self._cuts:
                problem.at_most(highest, [takes[number] for number in cut], list(cut.values()))
        start = {} if known is None else dict.fromkeys(takes, 0.0) | {takes[n]: 1.0 for n in known}
        solution = solver.solve(problem, seconds, gap, start)
        if not solution.values:
            return solution, {}
        found: Ratios = {}
        for number, block in enumerate(self._blocks):
            if solution.values[takes[number]] > 0.5:
                least = least_ratio(block)  # the solver's may be 1e-6 below: a step less in a part
                found[number] = min(1.0, max(least, solution.values[ratios[number]]))
        return solution, found

    def _add_links(self, problem: Problem, ratios: list[int], takes: list[int]) -> None:
        groups: dict[str, list[int]] = {}
        for number, block in enumerate(self._blocks):
            if block.parent:
                parent = self._names[block.parent]
                problem.at_most(0, [ratios[number], ratios[parent]], [1, -1])
                problem.at_most(0, [takes[number], takes[parent]], [1, -1])
            if block.group:
                groups.setdefault(block.group, []).append(ratios[number])
        for columns in groups.values():
            problem.at_most(1, columns, [1.0] * len(columns))

    def _add_periods(self, problem: Problem, ratios: list[int]) -> dict[int, int]:
        quantities = {}
        for period, (low, high) in self._reach.items():
            given = quantities[period] = problem.column(0, low, high)
            cost = problem.column(1, -inf, inf)
            touching = self._touching[period]
            columns = [given, *(ratios[number] for number, _ in touching)]
            problem.equal(0, columns, [1.0, *(float(steps) for _, steps in touching)])
            for slope, at in self._tangents[period].values():
                problem.at_least(at, [cost, given], [1, -slope])
        return quantities

    def _quantities(self, ratios: Mapping[int, float]) -> dict[int, float]:
        """Return what the curves must give (+ sell) in each period that blocks touch."""
        given = dict.fromkeys(self._reach, 0.0)
        for number, ratio in ratios.items():
            for period, steps in self._blocks[number].parts:
                given[period] -= steps * ratio
        return given

    def _range(self, period: int) -> tuple[int, int]:
        ladder = self._ladders[period]
        sold = sum(steps for _, steps in self._touching[period] if steps > 0)
        bought = -sum(steps for _, steps in self._touching[period] if steps < 0)
        return max(ladder.fewest, -sold), min(ladder.most, bought)

    def _touch(self, period: int, quantity: float) -> None:
        """Hold the cost of a period from below with a tangent here."""
        ladder = self._ladders[period]
        slope = ladder.price(quantity) / TICKS_PER_EUR
        at = ladder.cost(quantity) / TICKS_PER_EUR - slope * quantity
        self._tangents[period][round(quantity, 6)] = slope, at


def descendants(blocks: Sequence[Unit], number: int) -> list[int]:
    """Return a block and all that are linked below it."""
    found = [number]
    for one in found:
        name = blocks[one].name
        found += [child for child, block in enumerate(blocks) if block.parent == name]
    return found
