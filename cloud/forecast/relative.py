"""Tomorrow by members that see prices relative to their level: when the level has moved. Pure.

The level of a day is the mean price of the seven days before it. Taken off every price that is
read, and off the price that is wanted, it lets a long past speak of shapes without its own level.
The weights are fixed: what was learned of members that see levels says nothing of these.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.configuration import Configuration, Forest, Kernel
from cloud.forecast.days import HOURS, PRICE_LAGS, WEEKDAYS, Days, Lags, lags
from cloud.forecast.kernel import kernel
from cloud.forecast.windows import window

LONGEST, OTHERS = 0.5, 0.25
"""Weights of the kernel of the longest window, of each other kernel, and of the trees."""
TRIED_DAYS, TRIED_DAYS_MIN = 7, 5
"""So many days tell whether these members are to be asked, of which so many must be known."""


def relative(
    days: Days, row: int, configuration: Configuration, said: FloatArray
) -> tuple[FloatArray, Mapping[str, float]]:
    """Return 24 prices in EUR/MWh for a row, and the weights by member.

    NaN, and no weights, where none of these members can tell: too short a past, or a hole.

    Args:
        said: of the configuration's members, shape (members or more, 24); trees of the distance to
            the level are taken from there.
    """
    seen, levels = _relative(lags(days), days)
    told: dict[str, FloatArray] = {}
    shares: dict[str, float] = {}
    kernels = [one.window_days for one in configuration.members if isinstance(one, Kernel)]
    for member, price in zip(configuration.members, said, strict=False):
        if isinstance(member, Kernel):
            name, share = f"{member.name}-relative", OTHERS
            if member.window_days == max(kernels):
                share = LONGEST
            found = _kernel(seen, levels, row, member)
        elif isinstance(member, Forest) and member.relative:
            name, share, found = member.name, OTHERS, price
        else:
            continue
        if np.isfinite(found).all():
            told[name], shares[name] = found, share
    total = sum(shares.values())
    if total <= 0.0:
        return np.full(HOURS, np.nan), {}
    weights = {name: share / total for name, share in shares.items()}
    return np.asarray(sum(weights[name] * price for name, price in told.items())), weights


def errs_less(
    days: Days, true: FloatArray, row: int, configuration: Configuration, errors: FloatArray
) -> bool:
    """Tell whether the relative kernels erred less in the last days before a row than others did.

    A bias is no proof that the level has moved: on the test days of three open sets members
    relative to the level alone erred up to 18 % more while its alarm stood.

    Args:
        true: prices, EUR/MWh, shape (days, 24); NaN where not known.
        errors: mean absolute ones of the others on the days before the row, the newest last.
    """
    unsaid = np.full((len(configuration.members), HOURS), np.nan)
    mine, theirs = [], []
    for back in range(1, min(TRIED_DAYS, len(errors)) + 1):
        told = relative(days.until(row - back), row - back, configuration, unsaid)[0]
        error = float(np.abs(told - true[row - back]).mean())
        if np.isfinite(error - errors[-back]):
            mine.append(error)
            theirs.append(float(errors[-back]))
    return len(mine) >= TRIED_DAYS_MIN and sum(mine) < sum(theirs)


def _kernel(seen: Lags, levels: FloatArray, row: int, member: Kernel) -> FloatArray:
    rows = window(seen, row, member.window_days)
    if rows is None:
        return np.full(HOURS, np.nan)
    told = kernel(rows, member.shape, member.noise, member.half_life_days)
    return np.asarray(told + levels[row])


def _relative(found: Lags, days: Days) -> tuple[Lags, FloatArray]:
    """Return the rows with the level taken off every price, and the levels, shape (days,)."""
    means = found.prices.mean(axis=1)
    levels = np.full(len(days), np.nan)
    for row in range(WEEKDAYS, len(days)):
        levels[row] = means[row - WEEKDAYS : row].mean()
    values = found.values.copy()
    values[:, : HOURS * len(PRICE_LAGS)] -= levels[:, None]
    prices = found.prices - levels[:, None]
    usable = np.asarray(np.isfinite(values).all(axis=1))
    trainable = usable & np.isfinite(prices).all(axis=1)
    return replace(found, values=values, prices=prices, usable=usable, trainable=trainable), levels
