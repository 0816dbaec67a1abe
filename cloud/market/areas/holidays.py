"""Public holidays of an area's country: the one file that knows the library they come from."""

from datetime import date
from functools import lru_cache

from holidays import country_holidays

from cloud.market.areas.model import Area


def is_holiday(area: Area, day: date) -> bool:
    """Tell whether the whole country has a public holiday; those of regions do not count."""
    return day in _of_year(area.country, day.year)


def holidays_of(area: Area, year: int) -> frozenset[date]:
    """Return a year's public holidays of the whole country."""
    return _of_year(area.country, year)


@lru_cache(maxsize=1_024)
def _of_year(country: str, year: int) -> frozenset[date]:
    return frozenset(country_holidays(country, years=year))
