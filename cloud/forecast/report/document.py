"""A report as one document of plain numbers: its JSON, and what its page shows. Pure.

Nothing in it depends on when or where it was made: two runs give the same bytes. What it cost is
told in a file of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import tzinfo

import numpy as np

from cloud.forecast.backtest import Scored
from cloud.forecast.cache import digest
from cloud.forecast.configuration import Configuration
from cloud.forecast.days import HOURS
from cloud.forecast.report import figures
from cloud.forecast.report.figures import Figures, digits
from cloud.forecast.report.history import History
from cloud.forecast.report.offers import Offers
from cloud.forecast.report.told import OURS, Told, clock_changes
from cloud.forecast.report.value import Value

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Origin:
    """What a report was made of, beside the history."""

    configuration: Configuration
    code_sha256: str
    zone: tzinfo | None
    """Of the area; None: not known, and no clock change is."""
    reference: str | None
    """Name of the file of forecasts that it is compared with."""
    leakage: Figures


def document(
    history: History,
    scored: Scored,
    told: Told,
    worth: tuple[Sequence[Value], Sequence[Offers]],
    origin: Origin,
) -> Figures:
    """Return the whole report."""
    days = told.days
    changed = clock_changes(days, origin.zone) - told.begin
    changes = [int(row) for row in changed if 0 <= row < len(told.true)]
    return {
        "schema": SCHEMA,
        "area": days.area,
        "first_day": told.on(0).isoformat(),
        "last_day": told.on(len(told.true) - 1).isoformat(),
        "slots_per_day": told.slots,
        "unit": "EUR/MWh",
        "days_asked": len(told.true),
        "days_scored": len(told.rows),
        "days_left_out": [
            {"day": told.on(row).isoformat(), "why": why} for row, why in _left_out(told, changes)
        ],
        "clock_change_days": [told.on(row).isoformat() for row in changes],
        "clock_change_mae": _mae_of(told, changes),
        "warm_up_days": scored.begin - scored.warm,
        "data": _data(history, origin.reference),
        "code_sha256": origin.code_sha256,
        "configuration": _configuration(origin.configuration),
        "leakage": origin.leakage,
        "errors": figures.errors(told),
        "best_naive": figures.best_naive(told),
        "by": figures.splits(told),
        "quantiles": figures.probabilities(told),
        "comparisons": figures.comparisons(told),
        "revenue": [value.figures() for value in worth[0]],
        "offers": [value.figures() for value in worth[1]],
        "weights": figures.weights(told),
    }


def _left_out(told: Told, changes: Sequence[int]) -> Iterator[tuple[int, str]]:
    for row in range(len(told.true)):
        if row in changes and told.slots > HOURS:
            yield row, "the clock changes: its quarter-hours are not those of other days"
        elif not np.isfinite(told.true[row]).all():
            yield row, "a price of the day is missing"
        elif not np.isfinite(told.point[row]).all():
            yield row, "no forecast: a day that it reads has a hole"


def _mae_of(told: Told, rows: list[int]) -> float | None:
    known = np.intersect1d(told.rows, np.array(rows, dtype=np.int64))
    return digits(np.abs(told.point[known] - told.true[known]).mean()) if len(known) else None


def _data(history: History, reference: str | None) -> Figures:
    days = history.days
    return {
        "files": [asdict(file) for file in history.files],
        "price": history.price,
        "inputs": list(days.inputs),
        "left_out": list(history.left_out),
        "first_day": days.first.isoformat(),
        "days": len(days),
        "step_s": history.step_s,
        "holidays": len(days.holidays),
        "digest": digest(days),
        "reference": reference,
    }


def _configuration(configuration: Configuration) -> Figures:
    names = [member.name for member in configuration.members]
    return {
        "name": configuration.name,
        "digest": configuration.members_digest(),
        "weights": dict(zip(names, configuration.weights, strict=True)),
        "family_floor": configuration.family_floor,
        "half_life_days": configuration.half_life_days,
        "model": OURS,
    }
