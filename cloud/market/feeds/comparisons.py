"""What came of comparing two sources, by delivery day: kept in memory, newest statement only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cloud.market.series.days import Difference
from cloud.market.series.model import Series

DAYS_KEPT = 2
"""Of each pair: today and tomorrow, as they are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Of two series that should say the same, on one local day."""

    ours: Series
    theirs: Series
    day: date
    compared: int
    """Intervals of which both have a value."""
    tolerance: float
    """In the unit of the series; more than that is a difference."""
    differing: tuple[Difference, ...]
    at_us: int

    @property
    def worst(self) -> Difference | None:
        """Return the largest difference, None: there is none."""
        return max(self.differing, key=lambda one: abs(one.ours - one.theirs), default=None)


class Comparisons:
    """Of all pairs of the operator's file."""

    def __init__(self) -> None:
        self._by_pair: dict[tuple[Series, Series], dict[date, Comparison]] = {}

    def replace(self, found: Comparison) -> None:
        """Take this for what was known of the pair and the day; days that are over go."""
        days = self._by_pair.setdefault((found.ours, found.theirs), {})
        days[found.day] = found
        for day in sorted(days)[:-DAYS_KEPT]:
            del days[day]

    def __iter__(self) -> Iterator[Comparison]:
        return iter(
            [
                self._by_pair[pair][day]
                for pair in sorted(self._by_pair)
                for day in sorted(self._by_pair[pair])
            ]
        )
