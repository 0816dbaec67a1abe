"""A market of our own making for tests of forecasts: that of the bench."""

from bench.forecast import made
from cloud.forecast.days import Days


def own_market(days: int, seed: int = 1) -> Days:
    """Return days of a price that load and wind explain, with two input groups."""
    return made(days, seed)
