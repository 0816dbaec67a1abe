"""Alternatives of a day as the blocks of a submission to an auction. Pure.

Each plan is a loop of a purchase and a sale, all of them in one exclusive group: the auction takes
the one that its prices favour most, or none. The limits of a loop come to what its plan costs, so
that none is taken that does not pay. Values are plain, in the words of the trading API.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.battery import DAY_HOURS, Rules

GROUP = "battery"
_CENTS = 100
_ROUND = 1e-6
"""Of a step, and of a cent: the solver's numbers are rounded ones."""
_Parts = list[tuple[int, int]]
Block = dict[str, str | float | _Parts]


@dataclass(frozen=True, slots=True)
class Lot:
    """How an auction wants powers."""

    power_kw: int
    """Of the battery at the grid, both ways; its content is that of the rules."""
    step_kw: int
    periods: int
    """Of the delivery day, a multiple of the plans' slots."""


def blocks(alternatives: FloatArray, point: FloatArray, rules: Rules, lot: Lot) -> list[Block]:
    """Return the blocks of all alternatives, two of each.

    Args:
        alternatives: shape (plans, slots), MW for each MW of the battery, + = sell, - = buy.
        point: prices of the slots as they are foreseen, EUR/MWh: how the limit of a loop is divided
            between its purchase and its sale, which has no effect on whether it is taken.

    Plans that come to the same in whole steps are one; those of which nothing is left are none.

    Raises:
        ValueError: the periods are no multiple of the slots.
    """
    slots = alternatives.shape[1]
    if lot.periods % slots:
        raise ValueError(f"{lot.periods} periods for {slots} slots; a multiple is allowed")
    wide = lot.periods // slots
    prices = np.repeat(point, wide)
    several = (in_steps(np.repeat(plan, wide), rules, lot) for plan in alternatives)
    found: list[Block] = []
    for number, powers in enumerate(dict.fromkeys(map(tuple, several)), 1):
        found += _loop(number, powers, prices, rules)
    return found


def in_steps(plan: FloatArray, rules: Rules, lot: Lot) -> list[int]:
    """Return a plan's powers in kW and whole steps, never more than it has, and none undeliverable.

    A sale is cut down to what the rounded purchases before it have left in the battery.
    """
    step_h = DAY_HOURS / lot.periods
    room_kwh = rules.energy_h * lot.power_kw
    content_kwh = 0.0
    powers = []
    for wanted_kw in (plan * lot.power_kw).tolist():
        if wanted_kw > 0:
            most_kw = min(wanted_kw, content_kwh * rules.efficiency / step_h)
            power_kw = _whole(most_kw, lot.step_kw)
            content_kwh -= power_kw * step_h / rules.efficiency
        else:
            most_kw = min(-wanted_kw, (room_kwh - content_kwh) / rules.efficiency / step_h)
            power_kw = -_whole(most_kw, lot.step_kw)
            content_kwh -= power_kw * step_h * rules.efficiency
        powers.append(power_kw)
    return powers


def _whole(power_kw: float, step_kw: int) -> int:
    return floor(max(power_kw, 0.0) / step_kw + _ROUND) * step_kw


def _loop(
    number: int, powers: tuple[int, ...], prices: FloatArray, rules: Rules
) -> Iterator[Block]:
    bought = [(period, kw) for period, kw in enumerate(powers) if kw < 0]
    sold = [(period, kw) for period, kw in enumerate(powers) if kw > 0]
    if not bought or not sold:
        return
    bought_kw, sold_kw = -sum(kw for _, kw in bought), sum(kw for _, kw in sold)
    mean = -sum(float(prices[period]) * kw for period, kw in bought) / bought_kw
    buys = round(mean * _CENTS) / _CENTS
    asked = rules.cost_eur_per_mwh + buys * bought_kw / sold_kw
    sells = ceil(asked * _CENTS - _ROUND) / _CENTS
    for name, price, parts in (("buy", buys, bought), ("sell", sells, sold)):
        yield {
            "name": f"{name} {number}",
            "price_eur_mwh": price,
            "parts": parts,
            "group": GROUP,
            "loop": f"{GROUP} {number}",
        }
