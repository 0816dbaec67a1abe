"""A site's power and state of charge over the last while, thinned for a chart. Pure.

Of each step of time the newest sample is shown, not a mean: a chart of a battery has edges, and
a point on the screen should be a value that was measured.
"""

from collections.abc import Iterable

from cloud.fleet.model import History, Series
from wire.block import Quality

POINTS = ("ac.power_kw", "battery.soc_pct")
SPAN_US_MAX = 3600 * 1_000_000
"""How far back a chart may ask; without roll-ups a longer span would cost too much to read."""
STEP_S_MAX = 3600

Row = tuple[int, float | None, float | None]
"""Instant in µs, power in kW, state of charge in percent."""


def rows(history: History, step_us: int) -> list[Row]:
    """Return one row a step, in the order of time: the newest good values within the step.

    The row's instant is that of the newest value in it. A step without good values has no row,
    so that a gap stays a gap.
    """
    found: dict[int, dict[str, tuple[int, float]]] = {}
    for series in history.series:
        for at_us, value in _good(series):
            step = found.setdefault(at_us // step_us, {})
            if at_us >= step.get(series.point, (0, 0.0))[0]:
                step[series.point] = (at_us, value)
    return [_row(found[step]) for step in sorted(found)]


def _good(series: Series) -> Iterable[tuple[int, float]]:
    for at_us, value, quality in zip(series.at_us, series.values, series.quality, strict=True):
        if value is not None and quality is Quality.GOOD:
            yield at_us, value


def _row(step: dict[str, tuple[int, float]]) -> Row:
    power, soc = (step.get(point) for point in POINTS)
    newest_us = max(at_us for at_us, _ in step.values())
    return newest_us, power[1] if power else None, soc[1] if soc else None
