"""What every source of market data looks like to those who ask it. Pure.

A feed is asked for one kind in one area over an interval, and gives batches: what it says now of
the series that it knows there. No batch means that nothing is published, which is no error. It
never answers for another source, never fills a gap, never changes a number.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from cloud.market.series.model import Batch, Kind

Tell = Callable[[str], None]
"""Receives one line on something strange in an answer that was used all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for: one kind, one area, values for intervals within ``[start, end)``."""

    kind: Kind
    area: str
    """Code of the delivery area, as in the data of the areas."""
    start_us: int
    end_us: int
    detail: str = ""
    """A plant type, a neighbour, a sequence; "" for all that the source has without asking more."""
    history: bool = False
    """Whether old data are filled in: they became known by the source's timetable, not today."""

    def within(self, start_us: int, end_us: int) -> "Wish":
        """Return the same wish for another interval."""
        return replace(self, start_us=start_us, end_us=end_us)


TellOf = Callable[[Wish, str], None]
"""The same of a whole source: with what was asked for."""


class MarketFeed(Protocol):
    """A source. `fetch` raises only `cloud.market.feeds.errors.FeedError`."""

    @property
    def name(self) -> str:
        """Return the source as in `Series.source`: entsoe, energy-charts, awattar, ..."""
        ...

    def offers(self, kind: Kind, area: str) -> bool:
        """Return whether asking makes sense; it says nothing of what is published."""
        ...

    def fetch(self, wish: Wish) -> AsyncIterator[Batch]:
        """Ask, and yield what comes, oldest first; idempotent, may take many requests."""
        ...
