"""Samples to roll-ups: what a point was in each minute, quarter-hour, hour or day. Pure.

A roll-up can be merged with another of the same interval, exactly: counts and sums add, the lowest
and the highest stay, the later last wins. So samples that come late, or a minute at a time, need
no second look at what was rolled up before.

Only good numbers count in mean, minimum, maximum and last; every sample counts in `n` and in the
worst quality. A mean of a thinned block (`step_us` > 0) is one sample of the quality it was given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from cloud.fleet.telemetry.columns import Codes, Columns, Floats, Ints
from wire.block import Quality

MINUTE_US = 60 * 1_000_000
QUARTER_US = 15 * MINUTE_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
NEVER_US = -1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rolls:
    """Roll-ups, one an entry of each column; intervals are half-open and begin at whole UTC ones.

    Without a good number `total` is 0, `low`, `high` and `last` are NaN, `last_us` is `NEVER_US`.
    """

    series: Ints
    start_us: Ints
    n: Ints
    """All samples, whatever their quality."""
    good: Ints
    """Those that carry a good number."""
    total: Floats
    """The sum of the good numbers."""
    low: Floats
    high: Floats
    last: Floats
    last_us: Ints
    quality: Codes
    """The worst."""

    def __len__(self) -> int:
        return len(self.series)

    def taken(self, which: Ints) -> "Rolls":
        """Return these entries, in this order."""
        return Rolls(**{f.name: getattr(self, f.name)[which] for f in fields(self)})


def joined(parts: Iterable[Rolls]) -> Rolls:
    """Return all entries one behind the other; the same interval may come more than once."""
    found = list(parts)
    if not found:
        nothing = np.empty(0, dtype=np.int64)
        numbers = np.empty(0, dtype=np.float64)
        return Rolls(
            series=nothing,
            start_us=nothing,
            n=nothing,
            good=nothing,
            total=numbers,
            low=numbers,
            high=numbers,
            last=numbers,
            last_us=nothing,
            quality=np.empty(0, dtype=np.uint8),
        )
    names = [f.name for f in fields(Rolls)]
    return Rolls(**{n: np.concatenate([getattr(part, n) for part in found]) for n in names})


def rolled(parts: Sequence[Columns], series: Ints, step_us: int = MINUTE_US) -> Rolls:
    """Return the roll-ups of blocks that have the same points.

    Args:
        series: the number of each point's series; negative: this point is left out.
    """
    kept = np.flatnonzero(series >= 0)
    at_us = np.concatenate([part.at_us for part in parts])
    values = np.concatenate([part.values for part in parts], axis=1)[kept]
    quality = np.concatenate([part.quality for part in parts], axis=1)[kept]
    if (np.diff(at_us) < 0).any():
        order = np.argsort(at_us, kind="stable")
        at_us, values, quality = at_us[order], values[:, order], quality[:, order]
    starts = at_us - at_us % step_us
    begins = np.flatnonzero(np.diff(starts, prepend=-1))
    good = (quality == Quality.GOOD) & ~np.isnan(values)
    numbers = np.where(good, values, np.nan)
    last = np.maximum.reduceat(np.where(good, np.arange(len(at_us)), -1), begins, axis=1)
    ever = last >= 0
    each = len(kept)
    return Rolls(
        series=np.repeat(series[kept], len(begins)),
        start_us=np.tile(starts[begins], each),
        n=np.tile(np.diff(np.append(begins, len(at_us))), each),
        good=np.add.reduceat(good, begins, axis=1, dtype=np.int64).ravel(),
        total=np.add.reduceat(np.where(good, values, 0.0), begins, axis=1).ravel(),
        low=np.fmin.reduceat(numbers, begins, axis=1).ravel(),
        high=np.fmax.reduceat(numbers, begins, axis=1).ravel(),
        last=np.where(
            ever, np.take_along_axis(values, np.maximum(last, 0), axis=1), np.nan
        ).ravel(),
        last_us=np.where(ever, at_us[last], NEVER_US).ravel(),
        quality=np.maximum.reduceat(quality, begins, axis=1).ravel(),
    )


def merged(rolls: Rolls, step_us: int) -> Rolls:
    """Return one entry for each series and interval of `step_us`, by series and time."""
    if not len(rolls):
        return rolls
    starts = rolls.start_us - rolls.start_us % step_us
    order = np.lexsort((rolls.last_us, starts, rolls.series))
    ordered = rolls.taken(order)
    starts = starts[order]
    changes = np.diff(ordered.series, prepend=-1) | np.diff(starts, prepend=-1)
    begins = np.flatnonzero(changes)
    ends = np.append(begins[1:], len(starts)) - 1
    return Rolls(
        series=ordered.series[begins],
        start_us=starts[begins],
        n=np.add.reduceat(ordered.n, begins),
        good=np.add.reduceat(ordered.good, begins),
        total=np.add.reduceat(ordered.total, begins),
        low=np.fmin.reduceat(ordered.low, begins),
        high=np.fmax.reduceat(ordered.high, begins),
        last=ordered.last[ends],
        last_us=ordered.last_us[ends],
        quality=np.maximum.reduceat(ordered.quality, begins),
    )
