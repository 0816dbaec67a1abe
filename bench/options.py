"""What a benchmark is told and what it returns."""

from dataclasses import dataclass

Figures = dict[str, object]
"""The keys of one benchmark; a figure that could not be measured is None, its reason in "notes"."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line of ``python -m bench NAME``; every benchmark takes all of it."""

    quick: bool = False
    """At most 20 s."""
    busy: bool = False
    """Keep every core occupied by other processes meanwhile; only control-loop heeds it."""
    seed: int = 1
    target: str = "gateway"
    """What is killed; only crash heeds it."""
    gateways: int | None = None
    """How many boxes; None: what is usual. Only fleet heeds it, and the two below."""
    seconds: float | None = None
    postgres: bool = False
    """The hub's database is PostgreSQL, not SQLite."""
    data: str | None = None
    """A price file; None: a market of our own making. Only forecast heeds it, and those below."""
    area: str | None = None
    days: int | None = None
    """How many days at the end of the file are scored (default 728)."""
    reference: str | None = None
    """A file of forecasts to compare with."""
    cache: str | None = None
    """A folder that keeps what the members said, so that the next run goes on there."""
