"""The one configuration of the hourly forecast, frozen, for all areas alike. Pure.

Nothing in it is chosen for an area, and nothing on the days that a benchmark scores; what was
chosen, and on which days, is told in docs/guide/forecasting.md.
"""

from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from cloud.forecast.combine import Prior
from cloud.forecast.kernel import Shape
from cloud.forecast.trees import Growth


@dataclass(frozen=True, slots=True)
class Ridge:
    """A ridge regression on a window of days."""

    window_days: int
    penalty: float

    @property
    def name(self) -> str:
        return f"ridge-{self.window_days}"


@dataclass(frozen=True, slots=True)
class Lasso:
    """A sparse regression on a window of days."""

    window_days: int
    penalty: float

    @property
    def name(self) -> str:
        return f"lasso-{self.window_days}"


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of each hour in the last days."""

    window_days: int

    @property
    def name(self) -> str:
        return f"mean-{self.window_days}"


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel ridge regression on a window of days."""

    window_days: int
    noise: float
    half_life_days: float | None = None
    shape: Shape = field(default_factory=Shape)

    @property
    def name(self) -> str:
        return f"kernel-{self.window_days}"


@dataclass(frozen=True, slots=True)
class Forest:
    """Gradient boosted trees on a window of days, fitted anew every `every_days`."""

    window_days: int = 1456
    relative: bool = False
    every_days: int = 28
    growth: Growth = field(default_factory=Growth)

    @property
    def name(self) -> str:
        return f"trees-{'relative' if self.relative else 'absolute'}"


Member = Ridge | Lasso | Mean | Kernel | Forest


@dataclass(frozen=True, slots=True)
class Configuration:
    """The members, their weights before anything is learned, and how fast it is forgotten."""

    name: str
    members: tuple[Member, ...]
    weights: tuple[float, ...]
    """One a member, sum 1."""
    family_floor: float = 0.05
    half_life_days: float = 90.0
    mad_day: float = 2.0

    def __post_init__(self) -> None:
        if len(self.weights) != len(self.members):
            raise ValueError(f"weights: {len(self.weights)} for {len(self.members)} members")

    def prior(self) -> Prior:
        families = [_FAMILIES[type(member)] for member in self.members]
        return Prior(
            np.array(self.weights),
            np.array(families, dtype=np.int64),
            self.family_floor,
            self.half_life_days,
            self.mad_day,
        )

    def members_digest(self) -> str:
        """Return a short name of the members: those of one digest say the same of one history."""
        return sha256(repr(self.members).encode()).hexdigest()[:16]


_FAMILIES: dict[type[Member], int] = {Kernel: 0, Ridge: 1, Forest: 2, Lasso: 3, Mean: 3}
"""The sparse and the mean are cautious alike."""

DAY_AHEAD = Configuration(
    name="dayahead-2",
    members=(
        Kernel(1456, noise=0.03, half_life_days=365.0),
        Kernel(364, noise=0.05),
        Ridge(56, 30.0),
        Ridge(84, 30.0),
        Ridge(364, 100.0),
        Ridge(1092, 100.0),
        Ridge(1456, 100.0),
        Forest(),
        Forest(relative=True),
        Lasso(56, 0.1),
        Lasso(84, 0.1),
        Mean(7),
    ),
    weights=(0.15, 0.15, 0.03, 0.03, 0.03, 0.03, 0.03, 0.15, 0.15, 0.1, 0.1, 0.05),
)
"""Kernels and trees alike, ridges half of them, the cautious between."""
