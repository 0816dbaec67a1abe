"""Whether the early auction and the coupled one were taken for each other.

Both come in one document, told apart by a number alone. A forecast that knows the answer looks
brilliant: one twice as good as the early price itself is not to be believed, nor is an early
price that equals the coupled one.
"""

from collections.abc import Sequence

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service import hours
from cloud.forecast.service.sources import EXAA_PRICE, PRICE, Chosen
from cloud.forecast.watch.verdicts import Score
from cloud.market.areas.model import Area
from cloud.market.series.archive import Archive
from cloud.market.series.model import Series

DAYS = 7
SHARE_MIN = 0.5
"""Of the early price's mean absolute error."""
ALIKE_EUR_MWH = 0.005
ALIKE_SHARE_MAX = 0.5
"""Of the slots in which both auctions may have one price."""
_US = 1_000_000


async def mixed_up(
    archive: Archive, chosen: Chosen, area: Area, scores: Sequence[Score]
) -> str | None:
    """Return a line that says why the sequences look mixed up, None: they do not.

    Args:
        scores: in order of their days; the last week of them counts, if it is whole.

    Raises:
        Unavailable: the database does not answer.
    """
    if not chosen.of(EXAA_PRICE) or len(scores) < DAYS:
        return None
    true, early = [], []
    for score in scores[-DAYS:]:
        span = area.day_us(score.day)
        step_s = (span[1] - span[0]) // _US // score.slots
        true.append(await _slots(archive, chosen.of(PRICE), span, step_s))
        early.append(await _slots(archive, chosen.of(EXAA_PRICE), span, step_s))
    mae = float(np.mean([score.mae for score in scores[-DAYS:]]))
    return verdict(mae, np.concatenate(early), np.concatenate(true))


def verdict(mae: float, early: FloatArray, true: FloatArray) -> str | None:
    """Return why a forecast of this error is not to be believed, None: it may be, or who knows.

    Args:
        mae: of the forecast over these slots, EUR/MWh.
        early: prices of the early auction, NaN where not known.
        true: those of the coupled one.
    """
    apart = np.abs(early - true)
    if not np.isfinite(apart).all():
        return None
    alike = float((apart < ALIKE_EUR_MWH).mean())
    if alike > ALIKE_SHARE_MAX:
        return f"EXAA equals the coupled price in {alike:.0%} of {DAYS} days: are they mixed up?"
    naive = float(apart.mean())
    if mae < SHARE_MIN * naive:
        return f"MAE of {DAYS} days {mae:.2f}, of EXAA itself {naive:.2f}: are they mixed up?"
    return None


async def _slots(
    archive: Archive, series: Sequence[Series], span: tuple[int, int], step_s: int
) -> FloatArray:
    return hours.on_slots([await archive.as_of(one, *span) for one in series], *span, step_s)
