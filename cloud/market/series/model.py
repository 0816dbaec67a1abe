"""A time series of a market, and what a source said of it at one moment. Pure.

Two axes of time are kept: the interval that a value is for, half-open in UTC, and the instant
at which it became known. A correction is another row beside the first; nothing is overwritten,
so that the past can be read as it was known at any instant. Missing is no row, never 0.

Powers and flows: + = export, generation, discharge; load is what is drawn, a number >= 0.
"""

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import NamedTuple


@unique
class Kind(StrEnum):
    """What is measured or foreseen; the unit belongs to it."""

    PRICE_DAY_AHEAD = "price.day_ahead"
    PRICE_INTRADAY_AUCTION = "price.intraday_auction"
    PRICE_INTRADAY = "price.intraday"
    PRICE_IMBALANCE = "price.imbalance"
    PRICE_BALANCING_ENERGY = "price.balancing_energy"
    LOAD_FORECAST = "load.forecast"
    LOAD_ACTUAL = "load.actual"
    GENERATION_FORECAST = "generation.forecast"
    """By plant type, in `Series.detail`: solar B16, wind offshore B18 and onshore B19 (A69)."""
    GENERATION_ACTUAL = "generation.actual"
    """By plant type, in `Series.detail` (A75)."""
    FLOW = "flow.physical"
    """Net of one border, the neighbour in `Series.detail`; + = export (A11)."""
    IMBALANCE_VOLUME = "volume.imbalance"
    UNAVAILABLE = "outage.unavailable"
    """Power that an outage takes away, its mRID in `Series.detail`."""
    WEATHER_RADIATION = "weather.radiation"
    """Forecast of the sun on level ground, mean of the interval; the place in `Series.detail`."""
    WEATHER_WIND = "weather.wind_speed"
    """Forecast 80 m above ground at the start of the interval; the place in `Series.detail`."""
    WEATHER_TEMPERATURE = "weather.temperature"
    """Forecast 2 m above ground at the start of the interval; the place in `Series.detail`."""

    @property
    def unit(self) -> str:
        """Return EUR/MWh for a price, that of what is measured for weather, MW else."""
        if self.value.startswith("price."):
            return "EUR/MWh"
        return _WEATHER_UNITS.get(self.value, "MW")


_WEATHER_UNITS = {
    "weather.radiation": "W/m²",
    "weather.wind_speed": "m/s",
    "weather.temperature": "°C",
}


SIMULATED = "simulated"
"""The source whose numbers no market has ever seen."""
LOADS = (Kind.LOAD_ACTUAL, Kind.LOAD_FORECAST)
"""What is drawn: a number >= 0."""
POWER_MW_MAX = 1_000_000.0
"""More than all of Europe draws; ours."""


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """What makes two values of one instant two different things."""

    source: str
    """entsoe, energy-charts, awattar, smard, simulated, or file:<name>."""
    kind: Kind
    area: str
    """Code of the delivery area, as in the data of the areas: AT, DE-LU, IT-NORTH."""
    resolution_s: int
    """900, 1800 or 3600; a source that changes its resolution begins another series."""
    detail: str = ""
    """Sequence of a price (SDAC, EXAA, IDA1), plant type, neighbour or mRID; "" for none."""

    def __str__(self) -> str:
        parts = (self.source, self.kind.value, self.area, f"{self.resolution_s}s", self.detail)
        return "/".join(part for part in parts if part)


@unique
class Quality(StrEnum):
    """How far a value can be trusted; nothing of it changes the number."""

    GOOD = "good"
    IMPLAUSIBLE = "implausible"
    """Outside the dated limits of the product, or of a size that nothing explains."""
    CONFLICT = "conflict"
    """Two values of one rank for one interval: both are kept, neither is served."""
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one document, or one answer, says of one series; intervals of the series' resolution.

    ``values[i]`` is for ``[starts_us[i], starts_us[i] + resolution)``; starts ascend, without
    repeats; an interval that is missing has no entry.
    """

    series: Series
    starts_us: tuple[int, ...]
    values: tuple[float, ...]
    known_us: int
    """When it became known: on arrival, or, of imported history, by the source's timetable."""
    assumed: bool = False
    """Whether `known_us` comes from a timetable rather than from an arrival."""
    received_us: int
    created_us: int
    """When the source made the document; that of arrival where it does not say."""
    revision: int = 1
    document: str = ""
    """The source's name for the document: its mRID, a file's name and hash."""
    quality: Quality = Quality.GOOD
    licence: str = ""
    """What the source says of its use, word by word; "" where it says nothing."""


class Extent(NamedTuple):
    """What is kept of a series."""

    series: Series
    first_us: int
    last_us: int
    known_us: int
    """When the newest statement became known."""
    received_us: int
    statements: int
