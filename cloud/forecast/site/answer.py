"""What is told of a site, as the JSON that is kept and sent. Pure."""

import json
from typing import Any

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.site import demand, sunshine
from cloud.forecast.site.grid import QUARTER_US
from cloud.forecast.site.task import LEVELS, SLOTS, Task, Told
from cloud.kernel.instants import iso
from cloud.market.areas import catalogue

MODEL = "site-2"
"""Changes with anything that makes another forecast of the same past."""
STALE_S = 7_200
"""Telemetry older than this at the issue is flagged."""
_DECIMALS = 3


def document(task: Task) -> bytes:
    """Return forecasts of load and sun as JSON; what is not known is null."""
    load = demand.told(task, catalogue.load()[task.area])
    pv = sunshine.told(task)
    ages = {"load": _age_s(task, task.load), "pv": _age_s(task, task.pv)}
    stale = [
        f"stale_{name}" for name, age_s in ages.items() if age_s is not None and age_s > STALE_S
    ]
    if task.radiation_age_s is not None:
        ages["weather"] = task.radiation_age_s
    found: dict[str, Any] = {
        "site": task.site,
        "model": MODEL,
        "area": task.area,
        "as_of": iso(task.as_of_us),
        "quality": {"load": load.quality, "pv": pv.quality},
        "flags": sorted({*load.flags, *pv.flags, *stale}),
        "data_age_s": ages,
        "quantile_levels": list(LEVELS),
        "series": _rows(task.as_of_us, load, pv),
    }
    return json.dumps(found, separators=(",", ":"), allow_nan=False).encode()


def _age_s(task: Task, values: FloatArray) -> int | None:
    """Return how old the newest value was at the issue; None: there is none."""
    known = np.flatnonzero(np.isfinite(task.past(values)))
    if len(known) == 0:
        return None
    end_us = task.start_us + (int(known[-1]) + 1) * QUARTER_US
    return (task.as_of_us - end_us) // 1_000_000


def _rows(start_us: int, load: Told, pv: Told) -> list[dict[str, Any]]:
    return [
        {
            "ts": iso(start_us + slot * QUARTER_US),
            "load_kw": _number(load.points[slot]),
            "pv_kw": _number(pv.points[slot]),
            "load_q": _numbers(load.quantiles[slot]),
            "pv_q": _numbers(pv.quantiles[slot]),
        }
        for slot in range(SLOTS)
    ]


def _number(value: float) -> float | None:
    return round(float(value), _DECIMALS) if np.isfinite(value) else None


def _numbers(values: FloatArray) -> list[float] | None:
    if not np.isfinite(values).all():
        return None
    return [round(float(value), _DECIMALS) for value in values]
