"""Why a value is set apart, in a word that pages translate, with the limits that it broke. Pure."""

from dataclasses import dataclass
from enum import StrEnum, unique

from cloud.market.areas.model import SDAC, Area
from cloud.market.series.checking import WEATHER_LIMITS
from cloud.market.series.merge import Statement
from cloud.market.series.model import LOADS, POWER_MW_MAX, Kind, Quality, Series


@unique
class Why(StrEnum):
    """What was found wrong."""

    CONFLICT = "conflict"
    """Two values of one rank for one interval."""
    LIMITS = "limits"
    """A price outside the dated limits of its product."""
    NEGATIVE_LOAD = "negative_load"
    SIZE = "size"
    """More than there is: another unit, most likely."""
    UNUSUAL = "unusual"
    """A load far from what the area drew in the weeks before: another unit, most likely."""
    EARLY = "early"
    """It arrived before the auction that it is said to be of had opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why, and what is allowed in the unit of the kind, inclusive; None: no limit is known."""

    why: Why
    low: float | None = None
    high: float | None = None


def reason(series: Series, said: Statement, area: Area | None) -> Reason:
    """Return why a statement is set apart, by the limits of its delivery day as they stand now."""
    if said.quality is Quality.CONFLICT:
        return Reason(why=Why.CONFLICT)
    if series.kind.unit == "MW":
        low = 0.0 if series.kind in LOADS else -POWER_MW_MAX
        is_size = any(abs(value) > POWER_MW_MAX for value in said.values)
        if series.kind in LOADS and not is_size and min(said.values) >= low:
            return Reason(why=Why.UNUSUAL)  # by what was usual then
        why = Why.SIZE if is_size or series.kind not in LOADS else Why.NEGATIVE_LOAD
        return Reason(why=why, low=low, high=POWER_MW_MAX)
    if series.kind in WEATHER_LIMITS:
        lowest, highest = WEATHER_LIMITS[series.kind]
        return Reason(why=Why.SIZE, low=lowest, high=highest)
    limits = None
    if area is not None:
        limits = area.limit(series.kind.value, area.day_of(said.starts_us[0]))
    if limits is None:
        return Reason(why=Why.LIMITS)
    within = all(limits.low <= value <= limits.high for value in said.values)
    coupled = series.kind is Kind.PRICE_DAY_AHEAD and series.detail == SDAC
    why = Why.EARLY if within and coupled else Why.LIMITS
    return Reason(why=why, low=limits.low, high=limits.high)
