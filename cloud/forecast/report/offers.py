"""What a battery earns that offers several plans of a day, the auction taking one of them. Pure.

Another thing than one plan a day, and never to be mixed with it: a plan that is offered is taken
only where the prices favour it, and a plan that is followed is paid whatever they are. Both stand
in one table, of the same days.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from cloud.forecast.alternatives import ALTERNATIVES, alternatives
from cloud.forecast.battery import Earned, Rules, earned, offered
from cloud.forecast.report.figures import Figures, digits
from cloud.forecast.report.told import Told

RULES = (
    Rules(energy_h=2.0, cycles_per_day=1.0),
    Rules(energy_h=2.0, cycles_per_day=1.0, cost_eur_per_mwh=5.0),
)
COUNTS = (1, 3, 12, ALTERNATIVES)
"""How many are offered: the first of those chosen one after the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Offers:
    """Of one set of rules, on the days before which enough errors are known."""

    rules: Rules
    followed: Earned
    """By the forecast's own plan, paid at any price."""
    taken: dict[int, Earned]
    """By the best of so many, or nothing."""

    def figures(self) -> Figures:
        return {
            "rules": {**asdict(self.rules), "said": str(self.rules)},
            "days": self.followed.days,
            "foresight_eur_per_mw_and_day": digits(self.followed.foresight_eur / self._days),
            "followed": self._of(self.followed),
            "taken": {f"{count}": self._of(found) for count, found in self.taken.items()},
        }

    @property
    def _days(self) -> int:
        return self.followed.days

    def _of(self, found: Earned) -> Figures:
        return {
            "eur_per_mw_and_day": digits(found.told_eur / self._days),
            "share_pct": digits(100.0 * found.share),
        }


def offers(
    told: Told,
    rules: Sequence[Rules] = RULES,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Offers]:
    """Return what is earned by each rules; none where no day has enough errors before it."""
    rows = [row for row in told.rows.tolist() if told.laid.margins(told.lead + row) is not None]
    true, found = told.true[rows], []
    for number, of in enumerate(rules if rows else ()):
        several = []
        for row in rows:
            several.append(alternatives(told.laid, told.lead + row, of))
            progress(number * len(rows) + len(several), len(rules) * len(rows))
        followed = earned(true, told.point[rows], of)
        best = followed.foresight_eur
        taken = {
            count: offered(true, [plans[:count] for plans in several], of, best) for count in COUNTS
        }
        found.append(Offers(of, followed, taken))
    return found
