"""Of ``forecast``: scores of quantiles, what a battery earns, and prices of quarter-hours."""

import numpy as np

from bench.options import Figures
from cloud.forecast.alternatives import ALTERNATIVES, alternatives
from cloud.forecast.arrays import FloatArray
from cloud.forecast.backtest import Scored
from cloud.forecast.battery import Rules, earned, offered
from cloud.forecast.days import HOURS, filled
from cloud.forecast.metrics import coverage, kupiec, mae, pinball, rmse
from cloud.forecast.quantiles import GRID, pit
from cloud.forecast.quarters import joined
from cloud.forecast.walk import doubt

_OFFERS = (
    Rules(cycles_per_day=1),
    Rules(cycles_per_day=1, cost_eur_per_mwh=5.0),
)
_OFFERED = (1, 3, 12, ALTERNATIVES)
_BATTERIES = (
    Rules(),
    Rules(cycles_per_day=1),
    Rules(cycles_per_day=1, cost_eur_per_mwh=5.0),
    Rules(energy_h=4.0, cycles_per_day=1),
)


def of_quantiles(true: FloatArray, found: FloatArray) -> Figures:
    """Return the scores of 19 quantiles; None where too few days came before to have any.

    Args:
        true: shape (days, slots).
        found: shape (days, slots, 19); days with a NaN are not scored.
    """
    rows = np.flatnonzero(np.isfinite(found).all(axis=(1, 2)))
    if len(rows) == 0:
        return {"pinball": None, "coverage80_pct": None}
    true, told = true[rows], found[rows]
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


def of_battery(true: FloatArray, point: FloatArray, naive: FloatArray) -> dict[str, Figures]:
    """Return, for several rules told with them, what the forecast earns of perfect foresight."""
    figures: dict[str, Figures] = {}
    for rules in _BATTERIES:
        theirs = earned(true, naive, rules)
        ours = earned(true, point, rules, theirs.foresight_eur)
        figures[str(rules)] = {
            "foresight_eur_per_day": round(ours.foresight_eur / ours.days, 2),
            "share_pct": round(100 * ours.share, 2),
            "share_last_week_pct": round(100 * theirs.share, 2),
            "gap_closed_pct": round(100 * ours.gap_closed(theirs), 2),
        }
    return figures


def of_alternatives(scored: Scored) -> dict[str, Figures]:
    """Return what loops earn that are offered together, the auction taking the best at its prices.

    By how many are offered. Not to be compared with the shares of one plan a day, which is paid
    whatever the prices.
    """
    laid = scored.bands()
    lead = scored.begin - scored.warm
    rows = [row for row in scored.whole.tolist() if laid.margins(lead + row) is not None]
    true = scored.true[rows]
    figures: dict[str, Figures] = {}
    for rules in _OFFERS if rows else ():
        several = [alternatives(laid, lead + row, rules) for row in rows]
        foresight_eur = earned(true, true, rules).foresight_eur
        found: Figures = {"days": len(rows)}
        for count in _OFFERED:
            offers = [plans[:count] for plans in several]
            share = offered(true, offers, rules, foresight_eur).share
            found[f"share_pct_of_{count}"] = round(100 * share, 2)
        figures[str(rules)] = found
    return figures


def battery_share_pct(one: dict[str, Figures], several: dict[str, Figures]) -> Figures:
    """Return the shares of perfect foresight side by side, each by its definition."""
    found: Figures = {}
    for rules in map(str, _OFFERS):
        found[f"one plan, {rules}"] = one[rules]["share_pct"]
        if rules in several:
            best = several[rules][f"share_pct_of_{ALTERNATIVES}"]
            found[f"best of {ALTERNATIVES} offered loops, {rules}"] = best
    return found


def of_quarter_hours(scored: Scored, slots: FloatArray) -> Figures:
    """Return the errors of hours and their shape against the best naive forecast.

    `slots`: prices of the whole history, shape (rows, 96); NaN before the first quarter-hours.
    """
    lead = scored.begin - scored.warm
    hours = filled(scored.days.prices)[scored.warm : scored.begin + len(scored.point)]
    both_kinds = joined(hours, scored.walk.point, slots, scored.warm)
    laid = both_kinds.bands(doubt(scored.told, scored.walk)).at(GRID)[lead:]
    true, told = slots[scored.begin :][: len(scored.point)], both_kinds.points[lead:]
    stretch = np.arange(scored.begin, scored.begin + len(true))
    naive = {f"d-{lag}": slots[stretch - lag] for lag in (1, 7)}
    both = np.isfinite(true) & np.isfinite(told) & np.isfinite(naive["d-1"] + naive["d-7"])
    rows = np.flatnonzero(both.all(axis=1))
    true, told = true[rows], told[rows]
    flat = np.repeat(told.reshape(-1, HOURS, 4).mean(axis=2), 4, axis=1)
    errors = {name: mae(true, values[rows]) for name, values in naive.items()}
    return {
        "days": len(rows),
        "mae": round(mae(true, told), 4),
        "rmse": round(rmse(true, told), 4),
        "mae_flat_hours": round(mae(true, flat), 4),
        "mae_naive": {name: round(error, 4) for name, error in errors.items()},
        "of_best_naive": round(mae(true, told) / min(errors.values()), 4),
        **of_quantiles(true, laid[rows]),
        "battery": of_battery(true, told, naive["d-7"][rows]),
    }
