"""``forecast``: the hourly forecast on the last days of a price file, each as of its gate.

Without ``--data`` the market is one of our own making: its figures say that the method runs, and
nothing of how well it does on a real one. ``--reference`` compares with a file of forecasts.
"""

import resource
import time
from datetime import date
from pathlib import Path

import numpy as np

from bench.options import Figures, Options
from cloud.forecast.arrays import FloatArray
from cloud.forecast.backtest import WARM_UP_DAYS, Scored, backtest
from cloud.forecast.battery import Earned, Rules, earned
from cloud.forecast.cache import cache
from cloud.forecast.configuration import DAY_AHEAD
from cloud.forecast.days import HOURS, Days, last_week, similar_day
from cloud.forecast.layouts import benchmark, price_column, table
from cloud.forecast.metrics import (
    bias,
    coverage,
    diebold_mariano,
    kupiec,
    mae,
    pinball,
    rmae,
    rmse,
    smape_pct,
)
from cloud.forecast.quantiles import GRID, pit

_DAYS = 728
_QUICK = (420, 14, 62)
"""Days of history, scored, and of warm-up, of our own market."""


def run(options: Options) -> Figures:
    days, name = _history(options)
    count, warm_up_days = _lengths(options, days)
    kept = cache(Path(options.cache), days, DAY_AHEAD) if options.cache else None
    began_s = time.process_time()
    stretch = (len(days) - count, len(days))
    scored = backtest(days, DAY_AHEAD, stretch, kept, warm_up_days=warm_up_days)
    cpu_s = time.process_time() - began_s
    calculated = len(scored.told)
    return {
        "data": name,
        "area": days.area,
        "days": len(scored.whole),
        "days_left_out": count - len(scored.whole),
        "first_day": days.on(scored.begin).isoformat(),
        "configuration": DAY_AHEAD.name,
        **_scores(scored),
        **_quantiles(scored),
        "battery": _battery(scored),
        "cpu_s_per_day": round(cpu_s / calculated, 4),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "members_mae": _of_members(scored),
        "weights_mean": dict(zip(_names(), _rounded(scored.walk.shares.mean(axis=0)), strict=True)),
        **_compared(scored, options.reference),
        "notes": "with --cache the CPU time is that of the days not kept" if kept else "",
    }


def _history(options: Options) -> tuple[Days, str]:
    if options.data is None:
        return made(_QUICK[0] if options.quick else 3 * 365, options.seed), "own market"
    path = Path(options.data)
    area = options.area or path.name.partition(".")[0]
    return benchmark(table(path.read_bytes()), area), path.name


def _lengths(options: Options, days: Days) -> tuple[int, int]:
    """Return how many days are scored, and how many before them warm up."""
    if options.quick:
        return min(options.days or _QUICK[1], len(days) // 2), _QUICK[2]
    return min(options.days or _DAYS, len(days) // 2), WARM_UP_DAYS


def _scores(scored: Scored) -> Figures:
    rows = scored.whole
    true, point = scored.true[rows], scored.point[rows]
    weekly = last_week(scored.days)[scored.begin + rows]
    similar = similar_day(scored.days)[scored.begin + rows]
    return {
        "mae": round(mae(true, point), 4),
        "rmae": round(rmae(true, point, weekly), 4),
        "rmse": round(rmse(true, point), 4),
        "smape_pct": round(smape_pct(true, point), 3),
        "bias": round(bias(true, point), 4),
        "mae_last_week": round(mae(true, weekly), 4),
        "mae_similar_day": round(mae(true, similar), 4),
    }


def _quantiles(scored: Scored) -> Figures:
    """Return the scores of 19 quantiles; None where too few days came before to have any."""
    found = scored.quantiles(GRID)
    rows = scored.whole[np.isfinite(found[scored.whole]).all(axis=(1, 2))]
    if len(rows) == 0:
        return {"pinball": None, "coverage80_pct": None}
    true, told = scored.true[rows], found[rows]
    figures: Figures = {"quantile_days": len(rows)}
    figures["pinball"] = round(pinball(true, told, np.array(GRID)), 4)
    for level in (50, 80, 90):
        low, high = (GRID.index(round(0.5 + sign * level / 200, 2)) for sign in (-1, 1))
        share = coverage(true, told[..., low], told[..., high])
        figures[f"coverage{level}_pct"] = round(100 * share, 2)
        hits = round(share * true.size)
        figures[f"kupiec{level}_p"] = round(kupiec(hits, true.size, level / 100), 4)
    figures["crossings"] = int((np.diff(told, axis=2) < 0).sum())
    figures["pit_pct"] = [round(100 * share, 2) for share in pit(true, told).tolist()]
    return figures


_BATTERIES = (
    Rules(),
    Rules(cycles_per_day=1),
    Rules(cycles_per_day=1, cost_eur_per_mwh=5.0),
    Rules(energy_h=4.0, cycles_per_day=1),
)


def _battery(scored: Scored) -> dict[str, Figures]:
    """Return, for several rules told with them, what the forecast earns of perfect foresight."""
    rows = scored.whole
    true, weekly = scored.true[rows], last_week(scored.days)[scored.begin + rows]
    figures: dict[str, Figures] = {}
    for rules in _BATTERIES:
        ours = earned(true, scored.point[rows], rules)
        naive = earned(true, weekly, rules)
        figures[str(rules)] = _share(ours, naive)
    return figures


def _share(ours: Earned, naive: Earned) -> Figures:
    return {
        "foresight_eur_per_day": round(ours.foresight_eur / ours.days, 2),
        "share_pct": round(100 * ours.share, 2),
        "share_last_week_pct": round(100 * naive.share, 2),
        "gap_closed_pct": round(100 * ours.gap_closed(naive), 2),
    }


def _of_members(scored: Scored) -> dict[str, float | None]:
    """Return each member's MAE on the days that it forecast; None where it always slept."""
    rows = scored.whole
    told, true = scored.told[scored.begin - scored.warm :][rows], scored.true[rows]
    errors: dict[str, float | None] = {}
    for name, said in zip(_names(), np.moveaxis(told, 1, 0), strict=True):
        awake = np.isfinite(said).all(axis=1)
        errors[name] = round(mae(true[awake], said[awake]), 4) if awake.any() else None
    return errors


def _compared(scored: Scored, reference: str | None) -> Figures:
    """Return, for each column of a file of forecasts, its errors and whether ours are smaller."""
    if reference is None:
        return {}
    found = table(Path(reference).read_bytes())
    begin = (scored.days.on(scored.begin) - found.first).days
    figures: Figures = {}
    for name in found.columns:
        theirs = found.hours(name)[begin : begin + len(scored.point)]
        if name == price_column(found) or theirs.shape != scored.point.shape or begin < 0:
            continue
        rows = scored.whole[np.isfinite(theirs[scored.whole]).all(axis=1)]
        true, told = scored.true[rows], theirs[rows]
        test = diebold_mariano(true, scored.point[rows], told)
        figures[f"against {name}"] = {
            "days": len(rows),
            "mae": round(mae(true, told), 4),
            "rmse": round(rmse(true, told), 4),
            "p_plain": round(test.p_plain, 6),
            "p_newey_west": round(test.p_newey_west, 6),
        }
    return figures


def made(days: int, seed: int) -> Days:
    """Return a market of our own: load, wind, a merit order that bends, and a level that moves."""
    drawn = np.random.default_rng(seed)
    hours = np.arange(HOURS)
    weekday = np.arange(days)[:, None] % 7
    season = np.cos(2 * np.pi * np.arange(days)[:, None] / 365.25)
    daily = 8.0 * np.exp(-(((hours - 11.0) / 5.0) ** 2)) + 9.0 * np.exp(
        -(((hours - 19.0) / 2.5) ** 2)
    )
    load = 50.0 + daily + 6.0 * season - 7.0 * (weekday >= 5) + drawn.normal(0, 1.5, (days, 1))
    wind = 10.0 * np.exp(_walked(drawn, days, 0.6, 0.5)) + drawn.normal(0, 1.0, (days, HOURS))
    level = 40.0 + 12.0 * _walked(drawn, days, 0.98, 0.2)
    short = (load - wind - 40.0) / 10.0
    noise = drawn.normal(0, 2.0, (days, HOURS))
    price: FloatArray = level + 9.0 * short + 1.5 * short**3 + noise
    return Days("OWN", date(2020, 1, 1), price, {"load": load, "wind": wind})


def _walked(drawn: np.random.Generator, days: int, keep: float, step: float) -> FloatArray:
    found = np.zeros((days, 1))
    for day in range(1, days):
        found[day] = keep * found[day - 1] + drawn.normal(0, step)
    return found


def _names() -> list[str]:
    return [member.name for member in DAY_AHEAD.members]


def _rounded(values: FloatArray) -> list[float]:
    return [round(float(value), 4) for value in values]
