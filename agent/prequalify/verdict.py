"""What a criterion says of a test: a value, what the rule allows, what we aim at. Pure."""

import math
from dataclasses import dataclass

_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One criterion."""

    code: str
    """Its words stand in the report's language files."""
    value: float | None
    """None: it could not be judged; see `note`."""
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    """What the rule allows."""
    aim_low: float = -math.inf
    aim_high: float = math.inf
    """What we aim at: as strict as the rule or stricter."""
    at_s: float | None = None
    """Where in the test."""
    note: str = ""
    """``flat``: nothing moved, so there is no slope; ``absent``: the product has nothing that this
    could be asked of; ``none``: it did not happen."""

    @property
    def passed(self) -> bool:
        """Say whether the rule is kept; what is flat or absent keeps it."""
        return self._within(self.low, self.high)

    @property
    def aimed(self) -> bool:
        """Say whether our own aim is kept as well."""
        return self._within(max(self.low, self.aim_low), min(self.high, self.aim_high))

    def _within(self, low: float, high: float) -> bool:
        if self.value is None:
            return self.note in ("flat", "absent")
        return math.isfinite(self.value) and low - _SLACK <= self.value <= high + _SLACK


def worst(verdicts: list[Verdict]) -> list[Verdict]:
    """Return one verdict for each code: one that fails, else the one nearest to its limits."""
    found: dict[str, Verdict] = {}
    for verdict in verdicts:
        before = found.get(verdict.code)
        if before is None or _strain(verdict) > _strain(before):
            found[verdict.code] = verdict
    return list(found.values())


def _strain(verdict: Verdict) -> float:
    """Return how near to its limits a verdict is; infinite: beyond."""
    if not verdict.passed:
        return math.inf
    if verdict.value is None:
        return -math.inf
    low = max(verdict.low, verdict.aim_low)
    high = min(verdict.high, verdict.aim_high)
    if math.isfinite(low) and math.isfinite(high):
        return abs(verdict.value - (low + high) / 2) / max(high - low, _SLACK)
    if math.isfinite(high):
        return verdict.value / max(abs(high), _SLACK)
    return -verdict.value / max(abs(low), _SLACK)
