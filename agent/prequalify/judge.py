"""Which criteria a test is judged by, and what they say of a record. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agent.prequalify import corridor, nordic, reservoir, static, steps, swing
from agent.prequalify.reservoir import Range
from agent.prequalify.rulesets import Ruleset, Trial
from agent.prequalify.series import Series
from agent.prequalify.target import Target
from agent.prequalify.verdict import Verdict, worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a record is judged against."""

    ruleset: Ruleset
    capacity_kw: float
    reach: Range | None = None
    """Operating range of the product; None: not known, and no reservoir can be judged."""
    meter_s: float = 1.0
    """Time constant of the frequency meter; the rule's default where nobody measured it."""

    @property
    def target(self) -> Target:
        return self.ruleset.target(self.capacity_kw)


def judged(series: Series, test: Trial, case: Case) -> list[Verdict]:
    """Return the worst verdict of every criterion of the test."""
    return worst([verdict for kind in test.judge for verdict in _by(kind, series, test, case)])


def passed(verdicts: list[Verdict]) -> bool:
    """Say whether the rule is kept; a test without any verdict has shown nothing."""
    return bool(verdicts) and all(verdict.passed for verdict in verdicts)


def points(series: Series, test: Trial, case: Case) -> list[swing.Point]:
    """Return the response at each period of a sine test."""
    return [
        swing.measured(
            series,
            sine.period_s,
            sine.from_s,
            sine.to_s,
            case.capacity_kw,
            case.ruleset.span_hz,
            case.meter_s,
        )
        for sine in test.sines
    ]


_RECORD: dict[str, Callable[[Series, Target], Iterable[Verdict]]] = {
    "corridor": corridor.judge,
    "levels": nordic.levels,
    "fast_ramp": nordic.fast_ramp,
    "combined": nordic.combined,
    "linearity": nordic.linearity,
    "ramps": nordic.ramps,
    "static": static.judge,
    "static_pause": static.paused,
}
"""Criteria that look at a record and what was wanted, and at nothing else."""


def _by(kind: str, series: Series, test: Trial, case: Case) -> list[Verdict]:
    if kind in _RECORD:
        return list(_RECORD[kind](series, case.target))
    if kind == "steps":
        return steps.judge(series, case.target, case.ruleset.limits)
    if kind == "sine":
        return swing.judge(points(series, test, case), case.ruleset.grid)
    if case.reach is None:
        return [Verdict(code="reservoir", value=None, note="none")]
    name, capacity_kw = case.ruleset.product, case.capacity_kw
    return list(reservoir.judge(series, name, capacity_kw, case.reach))
