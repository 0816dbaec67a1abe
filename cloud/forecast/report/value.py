"""What the forecasts are worth to a battery, by the rules of `cloud.forecast.battery`. Pure.

Several sets of rules side by side, never mixed: without and with a limit of one cycle a day, which
warranties have, and with a cost for what is delivered. Perfect foresight obeys the same rules.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.battery import Earned, Rules, plan, revenue
from cloud.forecast.report.figures import Figures, awake, digits
from cloud.forecast.report.told import LAST_WEEK, OURS, Told

RULES = (
    Rules(energy_h=1.0),
    Rules(energy_h=2.0),
    Rules(energy_h=4.0),
    Rules(energy_h=2.0, cycles_per_day=1.0),
    Rules(energy_h=2.0, cycles_per_day=1.0, cost_eur_per_mwh=5.0),
)
SHOWN = RULES[3]
"""The rules that plots show."""
REFERENCES_MAX = 4
"""Of the forecasts of others, those with the smallest errors; a plan costs some ms a day."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """What each model earns by one set of rules, day by day, EUR for each MW."""

    rules: Rules
    days: list[int]
    """Rows of `Told`."""
    foresight: FloatArray
    earned: dict[str, FloatArray]

    def share(self, name: str) -> float:
        return self._sum(name).share

    def figures(self) -> Figures:
        naive = self._sum(LAST_WEEK) if LAST_WEEK in self.earned else None
        return {
            "rules": {**asdict(self.rules), "said": str(self.rules)},
            "days": len(self.days),
            "foresight_eur_per_mw_and_day": digits(self.foresight.mean()),
            "models": {name: self._of(name, naive) for name in self.earned},
        }

    def _sum(self, name: str) -> Earned:
        return Earned(
            float(self.foresight.sum()), float(self.earned[name].sum()), len(self.foresight)
        )

    def _of(self, name: str, naive: Earned | None) -> Figures:
        found = self._sum(name)
        gap = found.gap_closed(naive) if naive is not None and naive.share != 1.0 else float("nan")
        return {
            "eur_per_mw_and_day": digits(self.earned[name].mean()),
            "share_pct": digits(100.0 * found.share),
            "gap_closed_pct": digits(100.0 * gap),
        }


def values(
    told: Told,
    rules: Sequence[Rules] = RULES,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Value]:
    """Return what the forecast, the naive ones and the best references earn by each rules.

    Only days count that all of them have; none where there are none. `progress` hears of days
    done, and of how many.
    """
    models = dict(_models(told))
    rows = told.rows
    for said in models.values():
        rows = np.intersect1d(rows, awake(told, said))
    found = []
    for number, of in enumerate(rules):
        foresight = np.zeros(len(rows))
        earned = {name: np.zeros(len(rows)) for name in models}
        for place, row in enumerate(rows):
            true = told.true[row]
            foresight[place] = revenue(true, plan(true, of), of)
            for name, said in models.items():
                earned[name][place] = revenue(true, plan(said[row], of), of)
            progress(number * len(rows) + place + 1, len(rules) * len(rows))
        if len(rows):
            found.append(Value(of, rows.tolist(), foresight, earned))
    return found


def _models(told: Told) -> Iterator[tuple[str, FloatArray]]:
    yield OURS, told.point
    yield from told.naive.items()

    def error(name: str) -> float:
        rows = awake(told, told.references[name])
        gaps = told.references[name][rows] - told.true[rows]
        return float(np.abs(gaps).mean()) if len(rows) else float("inf")

    for name in sorted(told.references, key=error)[:REFERENCES_MAX]:
        if np.isfinite(error(name)):
            yield name, told.references[name]
