"""What a forecast is worth: a reference battery planned on it, paid at the true prices. Pure.

A yardstick, not the plan of a site: each day stands alone, empty at its beginning and end, and
the battery moves no price. The plan of perfect foresight obeys the same rules. Which rules is
always told with a figure: a share of one set says nothing of another. The only file that plans
with a solver of scipy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_diag, coo_array

from cloud.forecast.arrays import FloatArray

DAY_HOURS = 24.0
_LOWEST_EUR_MWH = 0.01
"""Above 0 nobody charges and discharges at once."""
_TOGETHER = 25
"""So many days are one linear problem: as exact, and five times as fast as one by one."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A battery of 1 MW at the grid."""

    energy_h: float = 2.0
    """MWh inside for each MW."""
    efficiency: float = 0.94
    """Each way."""
    cycles_per_day: float | None = None
    """Energy taken out a day is at most so often the content; None: no limit."""
    cost_eur_per_mwh: float = 0.0
    """For each MWh delivered to the grid; it is planned with, and taken off what is earned."""

    def __str__(self) -> str:
        cycles = "any number of" if self.cycles_per_day is None else f"{self.cycles_per_day:g}"
        return (
            f"{self.energy_h:g} h, {self.efficiency:g} each way, {cycles} cycles a day, "
            f"{self.cost_eur_per_mwh:g} EUR/MWh"
        )


@dataclass(frozen=True, slots=True)
class Earned:
    """Sums over the days, EUR for each MW."""

    foresight_eur: float
    told_eur: float
    days: int

    @property
    def share(self) -> float:
        """Return what was earned of what perfect foresight earns; 0 where that is nothing."""
        return self.told_eur / self.foresight_eur if self.foresight_eur > 0 else 0.0

    def gap_closed(self, naive: "Earned") -> float:
        """Return how much of what a naive forecast leaves to perfect foresight is earned."""
        return (self.share - naive.share) / (1.0 - naive.share)


def plan(prices: FloatArray, rules: Rules) -> FloatArray:
    """Return the best power of each slot of a day, MW at the grid, + = sell, - = buy.

    Exact: linear where no price is negative; a slot with a negative one has a switch, since there
    it would pay to charge and discharge at once.
    """
    slots = len(prices)
    step_h = DAY_HOURS / slots
    negative = np.flatnonzero(prices < 0)
    costs = np.concatenate([prices, rules.cost_eur_per_mwh - prices]) * step_h
    content = np.full(slots, rules.energy_h)
    content[-1] = 0.0
    switches = len(negative)
    found = milp(
        np.concatenate([costs, np.zeros(slots + switches)]),
        integrality=np.concatenate([np.zeros(3 * slots), np.ones(switches)]),
        bounds=Bounds(0.0, np.concatenate([np.ones(2 * slots), content, np.ones(switches)])),
        constraints=_constraints(tuple(negative.tolist()), slots, rules),
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        raise ValueError(f"no plan for a battery of {rules}: {found.message}")
    return np.asarray(found.x[slots : 2 * slots] - found.x[:slots])


def earned(
    true: FloatArray, told: FloatArray, rules: Rules, foresight_eur: float | None = None
) -> Earned:
    """Plan each day on what was told, settle at the true prices, and compare with foresight.

    Args:
        true: shape (days, slots), EUR/MWh, without holes.
        told: the forecasts of the same slots; the mean of a price is what a plan wants.
        foresight_eur: what is known of foresight on these days by these rules; None: to be found.
    """
    best = foresight_eur
    if best is None:
        best = sum(revenue(prices, plan(prices, rules), rules) for prices in true)
    got = sum(
        revenue(prices, plan(point, rules), rules) for prices, point in zip(true, told, strict=True)
    )
    return Earned(float(best), float(got), len(true))


def offered(
    true: FloatArray,
    alternatives: Sequence[FloatArray],
    rules: Rules,
    foresight_eur: float | None = None,
) -> Earned:
    """Let an auction take one of several plans of each day.

    An exclusive group of loops: at the prices that come out, the one is taken that earns most, or
    none. No figure of it is to be mixed with those of one plan a day.

    Args:
        alternatives: for each day shape (plans, slots), MW at the grid.
    """
    best = foresight_eur
    if best is None:
        best = sum(revenue(prices, plan(prices, rules), rules) for prices in true)
    got = 0.0
    for prices, several in zip(true, alternatives, strict=True):
        got += float(revenues(several, prices[None], rules).max(initial=0.0))
    return Earned(float(best), got, len(true))


def plans(prices: FloatArray, rules: Rules) -> FloatArray:
    """Return a plan for each of many days that may come, shape (days, slots).

    As `plan` where all prices are above 0. Another day is lifted as a whole until they are: its
    plan can be followed as well and needs no switches, and may not be the best one of that day.
    """
    lifted = prices - np.minimum(prices.min(axis=1, keepdims=True) - _LOWEST_EUR_MWH, 0.0)
    begins = range(0, len(lifted), _TOGETHER)
    return np.concatenate([_many(lifted[at : at + _TOGETHER], rules) for at in begins])


def revenues(several: FloatArray, prices: FloatArray, rules: Rules) -> FloatArray:
    """Return what each plan earns on each day, its cost taken off, EUR, shape (plans, days)."""
    step_h = DAY_HOURS / prices.shape[1]
    delivered = np.maximum(several, 0.0).sum(axis=1, keepdims=True)
    return np.asarray((several @ prices.T - rules.cost_eur_per_mwh * delivered) * step_h)


def revenue(prices: FloatArray, power_mw: FloatArray, rules: Rules) -> float:
    """Return what a day's plan earns at prices, its cost taken off, in EUR."""
    step_h = DAY_HOURS / len(prices)
    delivered = np.maximum(power_mw, 0.0).sum()
    return float((prices @ power_mw - rules.cost_eur_per_mwh * delivered) * step_h)


def _many(prices: FloatArray, rules: Rules) -> FloatArray:
    days, slots = prices.shape
    step_h = DAY_HOURS / slots
    costs = np.hstack([prices, rules.cost_eur_per_mwh - prices]) * step_h
    content = np.append(np.full(slots - 1, rules.energy_h), 0.0)
    found = milp(
        np.hstack([costs, np.zeros((days, slots))]).ravel(),
        bounds=Bounds(0.0, np.tile(np.append(np.ones(2 * slots), content), days)),
        constraints=_constraints_of_many(days, slots, rules),
        options={"presolve": False},
    )
    if found.x is None:
        raise ValueError(f"no plans for a battery of {rules}: {found.message}")
    values = found.x.reshape(days, 3 * slots)
    return np.asarray(values[:, slots : 2 * slots] - values[:, :slots])


@lru_cache(maxsize=8)
def _constraints_of_many(days: int, slots: int, rules: Rules) -> LinearConstraint:
    one = _constraints((), slots, rules)
    matrix = block_diag([one.A] * days, format="csr")
    return LinearConstraint(matrix, np.tile(one.lb, days), np.tile(one.ub, days))


@lru_cache(maxsize=64)
def _constraints(under_zero: tuple[int, ...], slots: int, rules: Rules) -> LinearConstraint:
    """Return the rows of content, switches and cycles.

    Columns: charge and discharge in MW at the grid, content in MWh at the end of each slot, one
    switch for each negative price. Most days have none: they share what is made of the rules.
    """
    negative = np.array(under_zero, dtype=np.int64)
    step_h = DAY_HOURS / slots
    each, switches = np.arange(slots), len(negative)
    of_switch = np.arange(switches)
    charge, discharge, content, switch = np.split(
        np.arange(3 * slots + switches), (slots, 2 * slots, 3 * slots)
    )
    # Content: what it was, what goes in and what is taken out add up to 0.
    entries = [
        (each, content, 1.0),
        (each[1:], content[:-1], -1.0),
        (each, charge, -rules.efficiency * step_h),
        (each, discharge, step_h / rules.efficiency),
    ]
    # Switches: charge <= switch, and discharge <= 1 - switch.
    first = slots + of_switch
    second = slots + switches + of_switch
    entries += [(first, charge[negative], 1.0), (first, switch, -1.0)]
    entries += [(second, discharge[negative], 1.0), (second, switch, 1.0)]
    high = np.concatenate([np.zeros(slots + switches), np.ones(switches)])
    low = np.concatenate([np.zeros(slots), np.full(2 * switches, -np.inf)])
    if rules.cycles_per_day is not None:
        entries.append((np.full(slots, len(high)), discharge, step_h / rules.efficiency))
        high = np.append(high, rules.cycles_per_day * rules.energy_h)
        low = np.append(low, -np.inf)
    rows, columns, values = zip(*entries, strict=True)
    filled = np.concatenate(
        [np.full(len(of), value) for of, value in zip(rows, values, strict=True)]
    )
    places = (np.concatenate(rows), np.concatenate(columns))
    matrix = coo_array((filled, places), shape=(len(high), 3 * slots + switches))
    return LinearConstraint(matrix.tocsr(), low, high)
