"""What a batch must be to be kept, and what of it is set apart. Pure.

No rule changes a number. What lies outside the dated limits of its product, or is of a size that
nothing explains, is kept as `Quality.IMPLAUSIBLE`, and shown; so is a load far from what its area
usually draws. Zero and negative prices are ordinary.
"""

import math
import operator
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from cloud.market.areas.model import Area
from cloud.market.series.merge import Statement
from cloud.market.series.model import LOADS, POWER_MW_MAX, Batch, Kind, Quality
from cloud.market.series.usual import Usual

RESOLUTIONS_S = (60, 300, 900, 1_800, 3_600)
VALUES_MAX = 600_000
"""Of one batch: more than a year of minutes is no answer of any source."""
WEATHER_LIMITS: Mapping[Kind, tuple[float, float]] = {
    Kind.WEATHER_RADIATION: (0.0, 1_500.0),
    Kind.WEATHER_WIND: (0.0, 150.0),
    Kind.WEATHER_TEMPERATURE: (-90.0, 60.0),
}
"""W/m², m/s, °C; more than was ever measured at the ground; ours."""
_TEXT_MAX = {"source": 40, "area": 20, "detail": 40}
DOCUMENT_MAX = 200
LICENCE_MAX = 400
_US = 1_000_000
_UNLIMITED = (-math.inf, math.inf)


class BadBatch(ValueError):
    """A batch that no feed may give: a defect of its parser, told in one line."""


def statements(batch: Batch, area: Area, usual: Usual | None = None) -> Iterator[Statement]:
    """Yield the parts of a batch: one a local day and quality, oldest day first.

    Args:
        usual: what is believed of a load; None: any size is.

    Raises:
        BadBatch: nothing of it may be kept.
    """
    _check(batch)
    for quality, rows in _parts(batch, area, usual):
        yield Statement(
            starts_us=[at_us for at_us, _ in rows],
            values=[value for _, value in rows],
            known_us=batch.known_us,
            assumed=batch.assumed,
            received_us=batch.received_us,
            created_us=batch.created_us,
            revision=batch.revision,
            document=batch.document[:DOCUMENT_MAX],
            quality=quality,
            licence=batch.licence[:LICENCE_MAX],
        )


def news(one: Statement, served: dict[int, float], settled: dict[int, float]) -> Statement | None:
    """Return what of a statement was not known when it became known, None: nothing.

    Args:
        served: values by start as they were known at the statement's own time.
        settled: values as they are known now, by arrival; what a timetable says of the past adds
            nothing where the same value did arrive.
    """
    if one.quality not in (Quality.GOOD, Quality.SIMULATED):
        return one
    pairs = [
        (at_us, value)
        for at_us, value in zip(one.starts_us, one.values, strict=True)
        if served.get(at_us) != value and not (one.assumed and settled.get(at_us) == value)
    ]
    if not pairs:
        return None
    return replace(
        one, starts_us=[at_us for at_us, _ in pairs], values=[value for _, value in pairs]
    )


def is_same_aside(one: Statement, other: Statement) -> bool:
    """Tell whether both are set apart, and say the same."""
    return (
        one.quality not in (Quality.GOOD, Quality.SIMULATED)
        and one.quality is other.quality
        and list(one.starts_us) == list(other.starts_us)
        and list(one.values) == list(other.values)
    )


def _check(batch: Batch) -> None:
    series = batch.series
    step_us = series.resolution_s * _US
    if series.resolution_s not in RESOLUTIONS_S:
        raise BadBatch(f"{series}: periods of {series.resolution_s} s are not kept")
    for name, longest in _TEXT_MAX.items():
        if len(getattr(series, name)) > longest:
            raise BadBatch(f"{series}: {name} has more than {longest} characters")
    if not 0 < len(batch.starts_us) == len(batch.values) <= VALUES_MAX:
        raise BadBatch(
            f"{series}: {len(batch.starts_us)} intervals and {len(batch.values)} values;"
            f" as many of both are expected, 1 to {VALUES_MAX}"
        )
    if any(at_us % step_us for at_us in batch.starts_us):
        raise BadBatch(f"{series}: an interval is not on the grid of its resolution")
    if any(map(operator.le, batch.starts_us[1:], batch.starts_us)):
        raise BadBatch(f"{series}: intervals do not ascend")
    if not all(map(math.isfinite, batch.values)):
        raise BadBatch(f"{series}: a value is no number")


def _parts(
    batch: Batch, area: Area, usual: Usual | None
) -> Iterator[tuple[Quality, Sequence[tuple[int, float]]]]:
    """Yield intervals and values of each day and quality; the clock is asked once a day."""
    starts, begin = batch.starts_us, 0
    while begin < len(starts):
        day = area.day_of(starts[begin])
        end = max(bisect_left(starts, area.day_us(day)[1], begin), begin + 1)
        low, high = _limits(batch, area, day, usual)
        rows = list(zip(starts[begin:end], batch.values[begin:end], strict=True))
        within = [row for row in rows if low <= row[1] <= high]
        beyond = [row for row in rows if not low <= row[1] <= high]
        parts = ((batch.quality, within), (Quality.IMPLAUSIBLE, beyond))
        yield from sorted(part for part in parts if part[1])
        begin = end


def _limits(batch: Batch, area: Area, day: date, usual: Usual | None) -> tuple[float, float]:
    """Return what values of a day may be, both inclusive."""
    kind = batch.series.kind
    if batch.quality in (Quality.CONFLICT, Quality.IMPLAUSIBLE):
        return _UNLIMITED
    if kind in LOADS and usual is not None:
        return usual.low, min(usual.high, POWER_MW_MAX)
    if kind.unit == "MW":
        return 0.0 if kind in LOADS else -POWER_MW_MAX, POWER_MW_MAX
    if kind in WEATHER_LIMITS:
        return WEATHER_LIMITS[kind]
    limits = area.limit(kind.value, day)
    return _UNLIMITED if limits is None else (limits.low, limits.high)
