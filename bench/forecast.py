"""``forecast``: the hourly forecast on the last days of a price file, each as of its gate.

Without ``--data`` the market is one of our own making: its figures say that the method runs, and
nothing of how well it does on a real one. Several files of one area, hours and then quarter-hours,
are joined by commas. ``--reference`` compares with a file of forecasts.
"""

import resource
import time
from datetime import date
from pathlib import Path

import numpy as np

from bench.forecast_scores import (
    battery_share_pct,
    of_alternatives,
    of_battery,
    of_quantiles,
    of_quarter_hours,
)
from bench.options import Figures, Options
from cloud.forecast.arrays import FloatArray
from cloud.forecast.backtest import WARM_UP_DAYS, Scored, backtest
from cloud.forecast.cache import cache
from cloud.forecast.configuration import DAY_AHEAD
from cloud.forecast.days import HOURS, Days, last_week, similar_day
from cloud.forecast.layouts import price_column, table
from cloud.forecast.metrics import bias, diebold_mariano, mae, rmae, rmse, smape_pct
from cloud.forecast.near import names
from cloud.forecast.quantiles import GRID
from cloud.forecast.report.history import History, history
from cloud.market.areas import catalogue
from cloud.market.areas.holidays import is_holiday

_DAYS = 728
_QUICK = (420, 14, 62)
"""Days of history, scored, and of warm-up, of our own market."""
_BEFORE_QUARTERS_DAYS = 61
"""Days of quarter-hours before the first scored one: their errors make its quantiles."""


def run(options: Options) -> Figures:
    days, found = _history(options)
    count, warm_up_days = _lengths(options, days, found)
    kept = cache(Path(options.cache), days, DAY_AHEAD) if options.cache else None
    began_s = time.process_time()
    stretch = (len(days) - count, len(days))
    scored = backtest(days, DAY_AHEAD, stretch, kept, warm_up_days=warm_up_days)
    cpu_s = time.process_time() - began_s
    calculated = len(scored.told)
    return {
        "data": "own market" if found is None else ", ".join(file.name for file in found.files),
        "area": days.area,
        "days": len(scored.whole),
        "days_left_out": count - len(scored.whole),
        "first_day": days.on(scored.begin).isoformat(),
        "configuration": DAY_AHEAD.name,
        **_scores(scored),
        **_worth(scored),
        **_quarter_hours(scored, found),
        "cpu_s_per_day": round(cpu_s / calculated, 4),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "members_mae": _of_members(scored),
        "weights_mean": dict(
            zip(_names(days), _rounded(scored.walk.shares.mean(axis=0)), strict=True)
        ),
        **_compared(scored, options.reference),
        "notes": "with --cache the CPU time is that of the days not kept" if kept else "",
    }


def _history(options: Options) -> tuple[Days, History | None]:
    if options.data is None:
        return made(_QUICK[0] if options.quick else 3 * 365, options.seed), None
    paths = [Path(name) for name in options.data.split(",")]
    area = options.area or paths[-1].name.partition(".")[0]
    contents = [(path.name, path.read_bytes()) for path in paths]
    found = history(contents, area)
    listed = catalogue.load().get(area.upper())
    if listed is None or found.slots.shape[1] == HOURS:
        # Hourly sets are the published ones, whose figures know no holidays.
        return found.days, found
    found = history(
        contents,
        area,
        holidays=lambda day: is_holiday(listed, day),
        neighbours=listed.neighbours,
    )
    return found.days, found


def _lengths(options: Options, days: Days, found: History | None) -> tuple[int, int]:
    """Return how many days are scored, and how many before them warm up."""
    half = len(days) // 2
    if options.quick:
        return min(options.days or _QUICK[1], half), _QUICK[2]
    if found is not None and found.slots.shape[1] > HOURS:
        known = int(np.isfinite(found.slots).all(axis=1).sum())
        half = min(half, max(known - _BEFORE_QUARTERS_DAYS, 1))
    return min(options.days or _DAYS, half), WARM_UP_DAYS


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


def _worth(scored: Scored) -> Figures:
    rows = scored.whole
    true, weekly = scored.true[rows], last_week(scored.days)[scored.begin + rows]
    one, several = of_battery(true, scored.point[rows], weekly), of_alternatives(scored)
    return {
        **of_quantiles(true, scored.quantiles(GRID)[rows]),
        "battery": one,
        "battery_of_alternatives": several,
        "battery_share_pct": battery_share_pct(one, several),
    }


def _quarter_hours(scored: Scored, found: History | None) -> Figures:
    if found is None or found.slots.shape[1] == HOURS:
        return {}
    return {"quarter_hours": of_quarter_hours(scored, found.slots)}


def _of_members(scored: Scored) -> dict[str, float | None]:
    """Return each member's MAE on the days that it forecast; None where it always slept."""
    rows = scored.whole
    told, true = scored.told[scored.begin - scored.warm :][rows], scored.true[rows]
    errors: dict[str, float | None] = {}
    for name, said in zip(_names(scored.days), np.moveaxis(told, 1, 0), strict=True):
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


def _names(days: Days) -> list[str]:
    return names(days, DAY_AHEAD)


def _rounded(values: FloatArray) -> list[float]:
    return [round(float(value), 4) for value in values]
