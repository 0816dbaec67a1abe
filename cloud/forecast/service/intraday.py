"""The next hours: what the last auction has said, until something is shown to be better. Pure.

Intraday prices are close to efficient: the last known price is very hard to beat in the mean
(Narajewski and Ziel, arXiv 1812.09081). So it is the forecast, and says so. Slots that no auction
has decided have the price of the newest day-ahead forecast; there are no quantiles before there is
a history of intraday prices to learn them from.
"""

from collections.abc import Mapping

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service.model import Request
from cloud.forecast.service.rows import rows
from cloud.forecast.service.task import Result

LAST_PRICE = "last_price"


def issue(request: Request, known: Mapping[str, FloatArray]) -> Result:
    """Return the forecast; `known` as `inputs.gather_intraday` returns it."""
    step_us = request.granularity_min * 60_000_000
    starts_us = range(request.start_us, request.end_us, step_us)
    price = known.get("price", np.full(len(starts_us), np.nan))
    later = known["day_ahead"]
    beyond = ~np.isfinite(price) & np.isfinite(later)
    flags = [LAST_PRICE, "no_quantiles"]
    if beyond.any():
        flags.append("day_ahead_beyond")
    whole = np.where(np.isfinite(price), price, later)
    if not np.isfinite(whole).all():
        flags.append("holes")
    return Result(
        quality=LAST_PRICE,
        flags=tuple(flags),
        weights={},
        series=rows(starts_us, whole, None, known),
    )
