"""What each member says of a day: all are calibrated anew, trees are of their last fit.

A member sees nothing of the day's prices, nor of any later day: see `days`. Pure.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.configuration import Configuration, Forest, Lasso, Mean, Member, Ridge
from cloud.forecast.days import HOURS, Days, Lags, lags
from cloud.forecast.kernel import kernel
from cloud.forecast.lasso import lasso
from cloud.forecast.ridge import ridge
from cloud.forecast.tree_features import Features, features
from cloud.forecast.trees import Trees, grown
from cloud.forecast.windows import Window, window


@dataclass(slots=True)
class _Grown:
    """Trees, and the day before which they were fitted."""

    at: int
    trees: Trees | None
    features: Features


Grove = dict[tuple[str, tuple[str, ...], Forest, date], Trees | None]
"""Trees by area, names of the inputs, how they grow, and the day before which they were fitted."""


class Members:
    """The members of a configuration at work on one history; days are best asked for in order."""

    def __init__(
        self, days: Days, configuration: Configuration, grove: Grove | None = None
    ) -> None:
        """`grove` has the trees of earlier histories of the same area, and is given the new ones.

        They are told apart by area, inputs and the day before which they were fitted.
        """
        self._days = days
        self._grove: Grove = {} if grove is None else grove
        self._lags: Lags = lags(days)
        self._configuration = configuration
        self._forests = [one for one in configuration.members if isinstance(one, Forest)]
        self._grown: dict[Forest, _Grown] = {}
        self._features: dict[tuple[int, int], Features] = {}

    def told(self, day: int) -> FloatArray:
        """Return prices in EUR/MWh, shape (members, 24); a row of NaN where a member sleeps."""
        windows: dict[int, Window | None] = {}
        return np.array(
            [self._of_member(member, day, windows) for member in self._configuration.members]
        )

    def _of_member(self, member: Member, day: int, windows: dict[int, Window | None]) -> FloatArray:
        if isinstance(member, Forest):
            return self._of_trees(member, day)
        if isinstance(member, Mean):
            return self._mean(day, member.window_days)
        length = member.window_days
        if length not in windows:
            windows[length] = window(self._lags, day, length)
        rows = windows[length]
        if rows is None:
            return np.full(HOURS, np.nan)
        if isinstance(member, Ridge):
            return ridge(rows, member.penalty)
        if isinstance(member, Lasso):
            return lasso(rows, member.penalty)
        return kernel(rows, member.shape, member.noise, member.half_life_days)

    def _mean(self, day: int, window_days: int) -> FloatArray:
        """Return the mean of the last days; it sleeps where those who read more have to."""
        if not self._lags.usable[day]:
            return np.full(HOURS, np.nan)
        return np.asarray(self._lags.prices[max(day - window_days, 0) : day].mean(axis=0))

    def _of_trees(self, forest: Forest, day: int) -> FloatArray:
        """Return what the trees say that were fitted on the last day of their calendar.

        The calendar counts from the days' ordinals, so that a run that is resumed, or begins
        on another day, meets the same trees.
        """
        at = max(day - self._days.on(day).toordinal() % forest.every_days, 0)
        held = self._grown.get(forest)
        if held is None or held.at != at:
            held = self._grow(forest, at)
            self._grown[forest] = held
        if held.trees is None:
            return np.full(HOURS, np.nan)
        return held.trees.told(held.features, day)

    def _grow(self, forest: Forest, at: int) -> _Grown:
        stretch = (max(at - forest.window_days, 0), at)
        if stretch not in self._features:
            self._features.clear()  # a set of four years takes 11 MB, and never two are needed
            self._features[stretch] = features(self._days, stretch)
        read = self._features[stretch]
        name = (self._days.area, tuple(self._days.inputs), forest, self._days.on(at))
        if name not in self._grove:
            for old in [one for one in self._grove if one[:-1] == name[:-1] and one[-1] < name[-1]]:
                del self._grove[old]
            self._grove[name] = grown(
                read, self._lags.prices, stretch, forest.growth, relative=forest.relative
            )
        told = read.only(at, at + forest.every_days)
        if all(self._is_grown(other, at) for other in self._forests if other != forest):
            self._features.clear()
        return _Grown(at, self._grove[name], told)

    def _is_grown(self, forest: Forest, at: int) -> bool:
        held = self._grown.get(forest)
        return held is not None and held.at == at
