"""Gradient boosted trees, one model for all hours: the only file that imports scikit-learn. Pure.

Trees cannot go beyond what they have seen, so there are two: one of the price, and one of its
distance to the level of the last seven days, for markets whose level moves. Fitted weekly, and
never stored: a fit is repeated at start.

Source: Friedman, Annals of Statistics 29:1189 (2001); Ke et al., NeurIPS 30 (2017).
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS
from cloud.forecast.linear import one_thread
from cloud.forecast.scaling import Scaling, scaling
from cloud.forecast.tree_features import Features

ROWS_MIN = 60 * HOURS
"""Fewer hours fit no trees."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How the trees grow."""

    rate: float = 0.06
    iterations: int = 250
    leaves_max: int = 31
    leaf_rows_min: int = 40
    penalty: float = 1.0
    features_share: float = 0.5
    """Of the features, drawn anew for every split."""
    seed: int = 0


class _Regressor(Protocol):
    def fit(self, rows: FloatArray, wanted: FloatArray) -> object: ...
    def predict(self, rows: FloatArray) -> FloatArray: ...


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Trees that are fitted."""

    regressor: _Regressor
    price_scaling: Scaling
    relative: bool

    def told(self, features: Features, day: int) -> FloatArray:
        """Return 24 prices in EUR/MWh; NaN where the day's features have a hole."""
        rows = features.rows(day, day + 1, relative=self.relative)
        if not np.isfinite(rows).all():
            return np.full(HOURS, np.nan)
        with one_thread():
            scaled = self.regressor.predict(rows)
        prices = self.price_scaling.back(scaled[:, None])[:, 0]
        return prices + features.levels(day, day + 1) if self.relative else prices


def grown(
    features: Features, prices: FloatArray, days: tuple[int, int], growth: Growth, *, relative: bool
) -> Trees | None:
    """Return trees fitted on the days [begin, end); None where too few hours are known."""
    begin, end = days
    if (end - begin) * HOURS < ROWS_MIN:
        return None
    rows = features.rows(begin, end, relative=relative)
    wanted = prices[begin:end].ravel()
    if relative:
        wanted = wanted - np.repeat(features.levels(begin, end), HOURS)
    known = np.isfinite(wanted) & np.isfinite(rows).all(axis=1)
    if known.sum() < ROWS_MIN:
        return None
    if not known.all():  # the copy is as large as all features
        rows, wanted = rows[known], wanted[known]
    wanted = wanted[:, None]
    price_scaling = scaling(wanted)
    regressor = _regressor(growth)
    with one_thread():
        regressor.fit(rows, price_scaling.there(wanted)[:, 0])
    return Trees(regressor, price_scaling, relative)


def predictor(
    rows: FloatArray, wanted: FloatArray, growth: Growth
) -> Callable[[FloatArray], FloatArray]:
    """Return what trees that are fitted on `rows`, shape (rows, columns), say of other rows."""
    regressor = _regressor(growth)
    with one_thread():
        regressor.fit(rows, wanted)

    def told(others: FloatArray) -> FloatArray:
        with one_thread():
            return np.asarray(regressor.predict(others))

    return told


def _regressor(growth: Growth) -> _Regressor:
    # Imported when the first trees grow: the library takes 60 MB and a second.
    ensemble = import_module("sklearn.ensemble")
    made = ensemble.HistGradientBoostingRegressor(
        loss="squared_error",
        learning_rate=growth.rate,
        max_iter=growth.iterations,
        max_leaf_nodes=growth.leaves_max,
        min_samples_leaf=growth.leaf_rows_min,
        l2_regularization=growth.penalty,
        max_features=growth.features_share,
        early_stopping=False,
        random_state=growth.seed,
    )
    return cast("_Regressor", made)
