"""Linear problems with whole numbers among their unknowns, solved by HiGHS.

The only file that knows the solver; it is loaded with the first problem. One thread and a fixed
seed: the same problem has the same answer, unless its time is up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from math import inf
from types import MappingProxyType
from typing import Any

SOLVE_S_MAX = 15.0
"""For one problem: a hub that stops waits no longer."""


NOTHING: Mapping[int, float] = MappingProxyType({})


class Status(Enum):
    OPTIMAL = "OPTIMAL"
    OUT_OF_TIME = "OUT_OF_TIME"
    """The values are the best that were found, and empty where none were."""
    INFEASIBLE = "INFEASIBLE"


@dataclass(slots=True)
class Problem:
    """Minimise costs x values, each value and each row within its limits."""

    costs: list[float] = field(default_factory=list)
    lowest: list[float] = field(default_factory=list)
    highest: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[float, float, list[int], list[float]]] = field(default_factory=list)
    """(lowest, highest, columns, coefficients)."""

    def column(self, cost: float, lowest: float, highest: float, *, whole: bool = False) -> int:
        """Add an unknown; return its number."""
        self.costs.append(cost)
        self.lowest.append(lowest)
        self.highest.append(highest)
        self.whole.append(whole)
        return len(self.costs) - 1

    def at_least(self, lowest: float, columns: list[int], factors: list[float]) -> None:
        self.rows.append((lowest, inf, columns, factors))

    def at_most(self, highest: float, columns: list[int], factors: list[float]) -> None:
        self.rows.append((-inf, highest, columns, factors))

    def equal(self, value: float, columns: list[int], factors: list[float]) -> None:
        self.rows.append((value, value, columns, factors))


@dataclass(frozen=True, slots=True)
class Solution:
    status: Status
    values: Sequence[float]
    bound: float
    """No solution costs less."""


def solve(
    problem: Problem, seconds: float, gap: float = 1e-6, start: Mapping[int, float] = NOTHING
) -> Solution:
    """Return the cheapest solution, or the best one that was found in time.

    Args:
        gap: how much more than the cheapest it may cost.
        start: columns whose values are known of a good solution, to begin with.
    """
    import highspy as typed

    highspy: Any = typed  # its own types stop half-way
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("mip_rel_gap", 1e-9)
    model.setOptionValue("mip_abs_gap", gap)
    model.setOptionValue("time_limit", min(max(seconds, 0.01), SOLVE_S_MAX))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(problem.costs), len(problem.rows)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = problem.costs, problem.lowest, problem.highest
    lp.row_lower_ = [row[0] for row in problem.rows]
    lp.row_upper_ = [row[1] for row in problem.rows]
    starts = [0]
    for row in problem.rows:
        starts.append(starts[-1] + len(row[2]))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = lp.num_col_, lp.num_row_
    lp.a_matrix_.start_ = starts
    lp.a_matrix_.index_ = [column for row in problem.rows for column in row[2]]
    lp.a_matrix_.value_ = [factor for row in problem.rows for factor in row[3]]
    if any(problem.whole):
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[whole] for whole in problem.whole]
    model.passModel(lp)
    if start:
        model.setSolution(len(start), list(start), list(start.values()))
    model.run()
    info, said = model.getInfo(), model.getModelStatus()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = list(model.getSolution().col_value) if found else []
    bound = info.mip_dual_bound if any(problem.whole) else info.objective_function_value
    if said == highspy.HighsModelStatus.kOptimal:
        return Solution(Status.OPTIMAL, values, bound)
    if said == highspy.HighsModelStatus.kTimeLimit:
        return Solution(Status.OUT_OF_TIME, values, bound if any(problem.whole) else -inf)
    return Solution(Status.INFEASIBLE, [], inf)
