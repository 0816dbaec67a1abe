"""The last days before the open one, where a feed of prices was cut: they stand as forecast. Pure.

A forecast reads the prices of yesterday; without them all members would sleep, and the similar day
errs far more than members that read a forecast of yesterday. It is flagged, its intervals are
wider, and nothing is learned from a price that was never told.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import Days
from cloud.forecast.service.ladder import whole_days

FLAG = "bridged_prices"
DAYS_MAX = 2
"""A longer hole is not bridged: the similar day is taken."""


def bridged(days: Days, first: int, told: Callable[[Days, int], FloatArray]) -> Days:
    """Return the history with no hole right before row `first`; `days` itself if it has none.

    Args:
        told: forecasts a row of a history, EUR/MWh, shape (24,). Hours that are known stay.
    """
    whole = whole_days(days.prices[:first])
    gap = 0
    while gap <= DAYS_MAX and gap < first and not whole[first - 1 - gap]:
        gap += 1
    if gap == 0 or gap > DAYS_MAX:
        return days
    prices = days.prices.copy()
    for row in range(first - gap, first):
        missing = np.isnan(prices[row])
        prices[row, missing] = told(replace(days, prices=prices.copy()), row)[missing]
    return replace(days, prices=prices)
