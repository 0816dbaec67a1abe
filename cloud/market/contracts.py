"""Markets and their delivery contracts. Pure.

A contract is a market and the start of a delivery period in UTC; two orders can only meet in the
same contract. Prices are integer ticks of 0.01 EUR/MWh, quantities integer steps of constant
power over the period; the step is the market's.
"""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from wire import clock

TICKS_PER_EUR = 100
"""A price tick is 0.01 EUR/MWh on every market."""
_HOUR_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What holds for deliveries from `valid_from` on, until a newer rule does."""

    valid_from: date
    opens_ahead_s: int
    close_lead_s: int
    """Trading ends this long before delivery starts."""
    step_kw: int
    quantity_kw_max: int
    price_ticks_min: int
    price_ticks_max: int
    protection_ticks: int
    """How far from the reference price a market order may trade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One delivery period on one market, open for orders in ``[opens_us, closes_us)``."""

    market: str
    start_us: int
    end_us: int
    opens_us: int
    closes_us: int
    rule: Rule

    @property
    def wh_per_step(self) -> int:
        """Return the energy of one quantity step over the whole period, exact."""
        return wh_of(self.rule.step_kw, self.end_us - self.start_us)

    @property
    def steps_max(self) -> int:
        return self.rule.quantity_kw_max // self.rule.step_kw


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A venue's product: its contracts follow each other without gaps."""

    code: str
    area: str
    zone: ZoneInfo
    """The area's local time: for trading days and for labels, never for keys."""
    resolution_s: int
    rules: tuple[Rule, ...]
    """Newest first, at least one."""

    @property
    def resolution_us(self) -> int:
        return self.resolution_s * 1_000_000

    def rule_at(self, start_us: int) -> Rule | None:
        """Return the rule for deliveries from this instant, None before the first."""
        day = clock.utc(start_us).date()
        return next((rule for rule in self.rules if rule.valid_from <= day), None)

    def contract(self, start_us: int) -> Contract | None:
        """Return the contract that starts at this instant, None where there is none."""
        rule = self.rule_at(start_us)
        if rule is None or start_us % self.resolution_us:
            return None
        return Contract(
            market=self.code,
            start_us=start_us,
            end_us=start_us + self.resolution_us,
            opens_us=start_us - rule.opens_ahead_s * 1_000_000,
            closes_us=start_us - rule.close_lead_s * 1_000_000,
            rule=rule,
        )

    def open_contracts(self, at_us: int) -> list[Contract]:
        """Return what can be traded at this instant, nearest delivery first."""
        ahead_us = max(rule.opens_ahead_s for rule in self.rules) * 1_000_000
        first = at_us - at_us % self.resolution_us
        starts = range(first, at_us + ahead_us + 1, self.resolution_us)
        candidates = (self.contract(start_us) for start_us in starts)
        return [c for c in candidates if c is not None and c.opens_us <= at_us < c.closes_us]


def wh_of(power_kw: int, duration_us: int) -> int:
    """Return the energy of a constant power in watt-hours.

    Whole periods of 15, 30 and 60 minutes give whole watt-hours for every whole kW.
    """
    energy, rest = divmod(power_kw * 1_000 * duration_us, _HOUR_S * 1_000_000)
    assert rest == 0, "a delivery period is a whole number of quarter-hours"
    return energy
