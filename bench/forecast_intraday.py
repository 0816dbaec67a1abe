"""``forecast-intraday``: does the gate open where there is something to learn, and only there?

Markets of our own making, of which the rule is known: half a year, three hours of the day, some
seeds each. In one the last price is the best forecast that there is; in the others the index
follows what was foreseen anew of the wind. Scored are the last 90 issues, each with what was known
when it was made. CPU seconds are those of one whole forecast, of series that come one quarter-hour
at a time.
"""

import time
from datetime import date
from itertools import product

import numpy as np

from bench.options import Figures, Options
from cloud.forecast.arrays import FloatArray
from cloud.forecast.intraday import features
from cloud.forecast.intraday.issue import issue, walked
from cloud.forecast.intraday.past import issues
from cloud.forecast.intraday.vintages import SLOT_US
from cloud.forecast.linear import one_thread
from cloud.forecast.quantiles import GRID, PUBLISHED
from tests.support.intraday_world import AREA, World, as_of, instant

_DAY = date(2026, 7, 1)
_HOURS = (10.5, 15.5, 22.5)
_WORLDS = {"nothing": 0.0, "little": 0.03, "much": 0.08}
"""EUR/MWh a MW that is left for other plants."""
_SCORED = slice(-91, -1)
_TARGET_S = 2.0


def run(options: Options) -> Figures:
    figures: Figures = {}
    seeds = range(options.seed, options.seed + (1 if options.quick else 8))
    hours = _HOURS[:2] if options.quick else _HOURS
    costs: list[float] = []
    print("market    gate open   error / last price   80 % covers   90 %   pinball")
    with one_thread():
        for name, slope in _WORLDS.items():
            runs = [_scored(slope, seed, hour, costs) for seed, hour in product(seeds, hours)]
            opened, share, in80, in90, pinball = np.mean(runs, axis=0).tolist()
            print(
                f"{name:9} {opened:9.0%} {share:20.3f} {in80:13.1%} {in90:6.1%} {pinball:9.3f}",
                flush=True,
            )
            figures |= {
                f"{name}_open_pct": round(100 * opened, 1),
                f"{name}_error_share": round(share, 4),
                f"{name}_covered80_pct": round(100 * in80, 1),
                f"{name}_covered90_pct": round(100 * in90, 1),
            }
    cost_s = sorted(costs)[len(costs) // 2]
    print(f"one forecast {cost_s:.2f} CPU s in the middle, {max(costs):.2f} at most", end=" ")
    print(f"(target {_TARGET_S:g} s)")
    return figures | {
        "runs_each": len(seeds) * len(hours),
        "cpu_s": round(cost_s, 2),
        "cpu_s_max": round(max(costs), 2),
    }


def _scored(slope: float, seed: int, hour: float, costs: list[float]) -> tuple[float, ...]:
    """Return gate, error as a share of the last price's, coverages, pinball."""
    at_us = instant(_DAY, hour)
    series = as_of(World(slope=slope, seed=seed).spoken(_DAY), at_us)
    begun = time.process_time()
    past = issues(AREA, at_us, at_us - at_us % SLOT_US + SLOT_US)
    issue(series, AREA, past, PUBLISHED)
    costs.append(time.process_time() - begun)
    found = walked(series, past, features.known(series, AREA, past))
    spread = (found.aim - found.price)[_SCORED]
    errors, bands = spread - found.point[_SCORED], found.margins.at_grid[_SCORED]
    known = np.isfinite(errors) & np.isfinite(bands).all(axis=2)
    errors, bands, spread = errors[known], bands[known], spread[known]
    below = errors[:, None] - bands
    levels = np.array(GRID)
    return (
        float(found.taught.is_open),
        float(np.abs(errors).mean() / np.abs(spread).mean()),
        _covered(errors, bands, 0.1),
        _covered(errors, bands, 0.05),
        float(np.maximum(levels * below, (levels - 1.0) * below).mean()),
    )


def _covered(errors: FloatArray, bands: FloatArray, tail: float) -> float:
    low, high = GRID.index(tail), GRID.index(round(1.0 - tail, 2))
    return float(((errors >= bands[:, low]) & (errors <= bands[:, high])).mean())
