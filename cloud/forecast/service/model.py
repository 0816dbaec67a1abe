"""What is asked of the forecasts, and what becomes of it: requests, jobs, forecasts. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique
from hashlib import sha256

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""Quantiles that are published."""
HORIZON_H_MAX = 72
GRANULARITIES_MIN = (15, 60)


@unique
class Kind(StrEnum):
    """Which of the two forecasts."""

    DAYAHEAD = "dayahead"
    INTRADAY = "intraday"


@unique
class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be forecast; two that are equal, of equal inputs, are one job."""

    kind: Kind
    area: str
    start_us: int
    end_us: int
    """Half-open; whole local days of a day-ahead forecast."""
    granularity_min: int
    features: tuple[str, ...] = ()
    """Names of input groups that may be read, sorted; none: all that have arrived."""

    def job_id(self, model: str, inputs: str) -> str:
        """Return the name of the job that answers this from inputs of that digest."""
        said = repr((self, model, inputs))
        return sha256(said.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row."""

    id: str
    request: Request
    as_of_us: int
    """What became known later is not read, whenever the job runs."""
    model: str
    state: State
    progress: float
    """0 to 1."""
    attempts: int
    created_us: int
    ended_us: int | None = None
    reason: str = ""
    """Why it failed; one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a job made; its id is that of the job. The series itself is kept as it is sent."""

    id: str
    request: Request
    issued_us: int
    as_of_us: int
    model: str
    quality: str
    """Rung of the ladder: full, short_history, similar_day, template."""
    flags: tuple[str, ...]
    data_age_s: dict[str, int]
    weights: dict[str, float]
    seed: int
    simulated: bool
    series: bytes
    """JSON of the rows."""
    resting: tuple[float | None, ...] = ()
    """What the members would have said of the first open day, where the similar day took their
    place, EUR/MWh; of the next hours of each slot, where the last price did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What each member said of a day, kept so that weights and quantiles can learn from it."""

    day: date
    values: bytes
    """Little-endian doubles, shape (members, 24), EUR/MWh; NaN where a member slept."""
