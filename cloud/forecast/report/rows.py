"""The forecasts of a backtest as a CSV file. Pure.

``ts`` is the begin of the slot, in the clock that the price file has: local time as it stands
there, 24 hours a day; or UTC with Z, where the file has offsets. Then the hour that the spring
lacks has no row, and both hours of the autumn have the same forecast.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import numpy as np

from cloud.forecast.report.told import LEVELS, Told

HEAD = ",".join(["ts", "price", *(f"q{round(100 * level):02d}" for level in LEVELS)])
_DAY_S = 86_400


def csv_text(told: Told, zone: tzinfo | None) -> str:
    """Return the file without days that have no forecast; `zone`: of files with offsets."""
    lines = [HEAD]
    for row, (point, quantiles) in enumerate(zip(told.point, told.quantiles, strict=True)):
        if not np.isfinite(point).all():
            continue
        for stamp, slot in _stamps(told.on(row), told.slots, zone):
            cells = [_cell(value) for value in (point[slot], *quantiles[slot])]
            lines.append(",".join([stamp, *cells]))
    return "\n".join(lines) + "\n"


def _stamps(day: date, slots: int, zone: tzinfo | None) -> Iterator[tuple[str, int]]:
    """Yield each slot's time and its place among those of 24 wall-clock hours."""
    step_s = _DAY_S // slots
    begin = datetime.combine(day, time.min)
    if zone is None:
        for slot in range(slots):
            yield str(begin + timedelta(seconds=slot * step_s)), slot
        return
    at = begin.replace(tzinfo=zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    while at < end:
        local = at.astimezone(zone)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        yield stamp, (local.hour * 3600 + local.minute * 60) // step_s
        at += timedelta(seconds=step_s)


def _cell(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else ""
