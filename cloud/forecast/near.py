"""Members, and beside them some that read the neighbours' prices of the day before too. Pure.

All coupled prices come at once, so of a neighbour the day before is read: one group, the mean of
all. It helps most areas and harms one, so that it is no input of all: kernels and trees are asked
once more, with it, as voices of their own. Chosen on 191 days before December 2025 in six areas:
2.9, 0.9, 1.0, 0.1, 0.9 and 2.2 % less error than without, where an input of all made one 3 % worse.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.combine import Prior
from cloud.forecast.configuration import Configuration, Forest, Kernel
from cloud.forecast.days import NEIGHBOURS, Days
from cloud.forecast.members import Grove, Members

NEIGHBOURS_MAX = 4
"""More of them would tell little new, and cost reading."""
SHARE = 0.5
"""Of the weights before anything is learned, of those that read them."""


class Asked:
    """All who are asked of one history; days are best asked for in order."""

    def __init__(
        self, days: Days, configuration: Configuration, grove: Grove | None = None
    ) -> None:
        """`grove`: as `Members` has it."""
        self.parts = parts(days, configuration)
        plain = Members(days.without(NEIGHBOURS), configuration, grove)
        self._members = [plain, *(Members(days, one, grove) for one in self.parts[1:])]
        self.prior = _prior(self.parts)

    def told(self, row: int) -> FloatArray:
        """Return prices in EUR/MWh, shape (names, 24); a row of NaN where one sleeps."""
        return np.concatenate([members.told(row) for members in self._members])


def names(days: Days, configuration: Configuration) -> list[str]:
    """Return the names of all who are asked, in the order of what they tell."""
    first, *others = parts(days, configuration)
    found = [one.name for one in first.members]
    return found + [f"{one.name}-{NEIGHBOURS}" for part in others for one in part.members]


def parts(days: Days, configuration: Configuration) -> list[Configuration]:
    """Return the configuration, and that of the readers where the group is an input."""
    return [configuration, *([readers(configuration)] if NEIGHBOURS in days.inputs else [])]


def readers(configuration: Configuration) -> Configuration:
    """Return those of a configuration that are asked once more: kernels and trees, or else all."""
    few = [one for one in configuration.members if isinstance(one, Kernel | Forest)]
    members = tuple(few or configuration.members)
    weights = tuple(1.0 / len(members) for _ in members)
    return replace(configuration, members=members, weights=weights)


def a_day_later(prices: FloatArray) -> FloatArray:
    """Return what may be read of a neighbour: row d has the prices of day d - 1."""
    later = np.full_like(prices, np.nan)
    later[1:] = prices[:-1]
    return later


def _prior(asked: Sequence[Configuration]) -> Prior:
    found, *others = (one.prior() for one in asked)
    for one in others:
        weights = np.concatenate([found.weights * (1.0 - SHARE), one.weights * SHARE])
        families = np.concatenate([found.families, one.families])
        found = replace(found, weights=weights, families=families)
    return found
