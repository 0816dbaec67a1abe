"""Days that read a price which is not known yet, but forecast: the day after tomorrow. Pure."""

from dataclasses import replace

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.configuration import Configuration, Forest
from cloud.forecast.days import HOURS, Days, filled
from cloud.forecast.members import Members
from cloud.forecast.service.ladder import fallback
from cloud.forecast.service.retreat import Members as Retreated
from cloud.forecast.service.retreat import shortened
from cloud.forecast.walk import walk


def asked(configuration: Configuration | None, members: Retreated) -> Configuration | None:
    """Return who is asked of such a day, None: the similar day is taken."""
    if configuration is None or members is Retreated.SIMILAR_DAY:
        return None
    if members is Retreated.SHORT_WINDOWS:
        return shortened(configuration)
    return configuration


def later(days: Days, row: int, configuration: Configuration | None) -> FloatArray:
    """Return a day behind the first open one, whose prices stand in the history as forecast."""
    found = np.full(HOURS, np.nan)
    if configuration is not None:
        missing = [name for name, v in days.inputs.items() if not np.isfinite(filled(v)[row]).all()]
        # Trees of another set of inputs would have to grow first: the others suffice so far ahead.
        pairs = zip(configuration.members, configuration.weights, strict=True)
        quick = [(member, weight) for member, weight in pairs if not isinstance(member, Forest)]
        few = replace(
            configuration,
            members=tuple(member for member, _ in quick),
            weights=tuple(weight / sum(w for _, w in quick) for _, weight in quick),
        )
        told = Members(days.without(*missing), few).told(row)
        found = walk([told], np.full((1, HOURS), np.nan), few.prior()).point[0]
    if not np.isfinite(found).all():
        again = fallback(days, row)
        assert again is not None, "the day before it was forecast"
        return again
    return found
