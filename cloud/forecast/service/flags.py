"""Every flag that a forecast may carry, and every quality it may have, and what they say. Pure.

A forecast with any other is a programmer's error: a flag that the guide and the pages do not know
would be read by nobody. The words of the pages stand under ``flag.`` in their dictionaries.
"""

from collections.abc import Iterable, Mapping

CLIPPED = "clipped_"
"""Beginning of the only flag with a number behind it."""
FLAGS: Mapping[str, str] = {
    "auction_known": "an auction has decided these prices",
    "blended": "load, sun and wind of the next hours lean on what was just measured",
    "bridged_prices": "prices of the last days are missing; forecasts stand in for them",
    "day_ahead_beyond": "behind the last auction stands the day-ahead forecast",
    "decided": "some slots have no interval: their price is decided",
    "extended": "more than one day ahead",
    "few_errors": "intervals from few past errors",
    "flat_hours": "too few quarter-hours to know the shape of an hour",
    "holes": "a past day that is read has a long hole",
    "hourly_quantiles": "intervals of the hour for its quarters",
    "last_price": "the price of the last auction: nothing beats it",
    "level_relative": "only members that see prices relative to their level",
    "models_rest": "the similar day in place of the members, by an alarm",
    "no_actuals": "what was measured has not arrived",
    "no_exaa": "the early auction has not arrived",
    "no_load": "the load forecast has not arrived",
    "no_neighbours": "prices of the neighbours have not arrived",
    "no_quantiles": "no intervals: too few past errors",
    "no_renewables": "forecasts of wind and sun have not arrived",
    "odd_early_neighbours": "early prices of the neighbours are implausible, and left out",
    "odd_exaa": "the early auction is implausible, and left out",
    "odd_load": "the load forecast is implausible, and left out",
    "odd_neighbours": "prices of the neighbours are implausible, and left out",
    "odd_price": "prices of the last days are implausible, and left out",
    "odd_renewables": "forecasts of wind and sun are implausible, and left out",
    "of_auction": "intervals and spread learned of the intraday auctions",
    "of_index": "intervals and spread learned of the index of continuous trading",
    "own_load": "load told from its own past",
    "own_solar": "sun told from the weather",
    "own_wind": "wind told from the weather",
    "pinned": "members as a person has pinned them",
    "recalibrated": "intervals corrected anew, and wider",
    "short_history": "less than 90 days of prices",
    "short_windows": "only members of short windows",
    "similar_day": "the similar day in place of the members",
    "spread_rests": "the last price in place of the members, by an alarm",
    "template": "the shape of another area, or the last hours",
    "unlike_the_past": "a day unlike the past: wider intervals",
}


QUALITIES: Mapping[str, str] = {
    "full": "all members",
    "short_history": "fewer than 90 days of prices",
    "similar_day": "a day before in the place of the members",
    "template": "the shape of another area, or the last hours",
    "last_price": "intraday: the price of the last auction, which nothing beats",
}


def unknown(flags: Iterable[str]) -> list[str]:
    """Return those that are none."""
    return [flag for flag in flags if flag not in FLAGS and not _is_clipped(flag)]


def _is_clipped(flag: str) -> bool:
    return flag.startswith(CLIPPED) and flag.removeprefix(CLIPPED).isdigit()
