"""Markets and their delivery contracts. Pure.

A contract is a market and the start of a delivery period in UTC; two orders can only meet in the
same contract. A user-defined block is a contract too: a range of contiguous contracts of one
delivery day, its `parts`. Prices are integer ticks of 0.01 EUR/MWh, quantities integer steps of
constant power over the period; the step is the market's.

Local time makes opening times, delivery days and labels, never a key: a day has as many periods
as the area's clock gives it (92, 96 or 100 quarter-hours).
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from zoneinfo import ZoneInfo

from cloud.market.breaks import Break
from wire import clock

TICKS_PER_EUR = 100
"""A price tick is 0.01 EUR/MWh on every market; a rule may allow only multiples of it."""
PRODUCTS = {900: "PT15M", 1_800: "PT30M", 3_600: "PT60M"}
"""Names of the products by the length of their periods in seconds."""
BLOCK = "BLOCK"
_SECOND_US = 1_000_000
_HOUR_S = 3_600
CONTRACTS_KEPT = 4_096
"""Of a market: six weeks of quarter-hours."""
_DAY_S = 86_400
_PEAK_HOURS = range(8, 20)
"""Local clock hours of peak, hours 9 to 20 of Monday to Friday (EPEX SPOT product pages)."""


class Phase(Enum):
    """Where a contract is in its life; halts lie over `OPEN` and `AREA_ONLY`."""

    PLANNED = "PLANNED"
    OPEN = "OPEN"
    AREA_ONLY = "AREA_ONLY"
    """Open, and no longer coupled to the areas around (German control areas)."""
    CLOSED = "CLOSED"
    DELIVERING = "DELIVERING"
    DELIVERED = "DELIVERED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What holds for delivery days from `valid_from` on, until a newer rule does."""

    valid_from: date
    opens_ahead_s: int
    """Trading begins this long before delivery; 0: at `opens_local`."""
    opens_day: int = 0
    """Days from the delivery day to the day that `opens_local` is on, 0 or less."""
    opens_local: time | None = None
    area_only_lead_s: int = 0
    """From this long before delivery on the area trades alone; 0: no such phase."""
    close_lead_s: int
    """Trading ends this long before delivery starts."""
    step_kw: int
    quantity_kw_min: int = 0
    quantity_kw_max: int
    clip_kw_min: int = 0
    """The least that an iceberg must show."""
    tick_ticks: int = 1
    """Prices are multiples of this."""
    price_ticks_min: int
    price_ticks_max: int
    protection_ticks: int
    """How far from the reference price a market order may trade."""
    collar_ticks: int | None = None
    """How far from the reference price a limit may be on its bad side; None: as far as it likes."""

    @property
    def ahead_s_max(self) -> int:
        """Return how long before its start a contract opens at the earliest."""
        if self.opens_local is None:
            return self.opens_ahead_s
        return (2 - self.opens_day) * _DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One delivery period on one market, open for orders in ``[opens_us, closes_us)``."""

    market: str
    start_us: int
    end_us: int
    opens_us: int
    closes_us: int
    rule: Rule
    area: str = ""
    product: str = "PT15M"
    """A value of `PRODUCTS`, or `BLOCK` for a range."""
    area_only_us: int = 0
    """Since when the area trades alone; 0: no such phase."""
    day: int = 0
    """The local delivery day as `date.toordinal`; 0 where nobody said."""
    parts: "tuple[Contract, ...]" = ()
    """Contracts of a range, earliest first; () for a single contract."""

    @property
    def wh_per_step(self) -> int:
        """Return the energy of one quantity step over the whole period, exact."""
        return wh_of(self.rule.step_kw, self.end_us - self.start_us)

    @property
    def steps_max(self) -> int:
        return self.rule.quantity_kw_max // self.rule.step_kw

    def phase(self, at_us: int) -> Phase:
        """Return the phase at an instant; each begins with its own first microsecond."""
        if at_us < self.opens_us:
            return Phase.PLANNED
        if at_us < self.closes_us:
            alone = 0 < self.area_only_us <= at_us
            return Phase.AREA_ONLY if alone else Phase.OPEN
        if at_us < self.start_us:
            return Phase.CLOSED
        return Phase.DELIVERING if at_us < self.end_us else Phase.DELIVERED


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
    scope: str = "local"
    """``local``, ``country`` or ``cross_zonal``: with whom orders of this market can meet."""
    breaks: tuple[Break, ...] = ()
    """Times of a day at which it stands still."""
    _made: dict[int, Contract] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )
    """Contracts that were asked for, up to `CONTRACTS_KEPT`: they never change."""

    @property
    def resolution_us(self) -> int:
        return self.resolution_s * _SECOND_US

    @property
    def product(self) -> str:
        return PRODUCTS[self.resolution_s]

    def day_of(self, at_us: int) -> date:
        """Return the local day that an instant is on."""
        return clock.utc(at_us).astimezone(self.zone).date()

    def day_us(self, day: date) -> tuple[int, int]:
        """Return the start of a local day and of the next one: 23, 24 or 25 hours."""
        return _local_us(self.zone, day), _local_us(self.zone, day + timedelta(days=1))

    def rule_at(self, start_us: int) -> Rule | None:
        """Return the rule for a delivery that starts here, None before the first."""
        return self._rule_of(self.day_of(start_us))

    def contract(self, start_us: int) -> Contract | None:
        """Return the contract that starts at this instant, None where there is none."""
        made = self._made.get(start_us)
        if made is None:
            made = self._contract(start_us)
            if made is not None:
                if len(self._made) >= CONTRACTS_KEPT:
                    self._made.clear()
                self._made[start_us] = made
        return made

    def _contract(self, start_us: int) -> Contract | None:
        if start_us % self.resolution_us:
            return None
        day = self.day_of(start_us)
        rule = self._rule_of(day)
        if rule is None:
            return None
        alone_s = rule.area_only_lead_s
        return Contract(
            market=self.code,
            area=self.area,
            product=self.product,
            start_us=start_us,
            end_us=start_us + self.resolution_us,
            opens_us=self._opens_us(rule, day, start_us),
            area_only_us=start_us - alone_s * _SECOND_US if alone_s else 0,
            closes_us=start_us - rule.close_lead_s * _SECOND_US,
            rule=rule,
            day=day.toordinal(),
        )

    def contracts_of(self, day: date) -> list[Contract]:
        """Return the contracts of a local delivery day, in the order of time; [] before all rules.

        The autumn hour is there twice, the spring hour not at all.
        """
        found = (
            self.contract(start_us) for start_us in range(*self.day_us(day), self.resolution_us)
        )
        return [contract for contract in found if contract is not None]

    def block(self, start_us: int, end_us: int) -> Contract | None:
        """Return the range of contracts that fills ``[start_us, end_us)``, None if there is none.

        It has at least two contracts, all of one local delivery day, and can be traded while all
        of them can.
        """
        if not 2 * self.resolution_us <= end_us - start_us <= 25 * _HOUR_S * _SECOND_US:
            return None
        if end_us % self.resolution_us or self.day_of(start_us) != self.day_of(end_us - 1):
            return None
        parts = [self.contract(at_us) for at_us in range(start_us, end_us, self.resolution_us)]
        first = parts[0]
        if first is None:
            return None
        return Contract(
            market=self.code,
            area=self.area,
            product=BLOCK,
            start_us=start_us,
            end_us=end_us,
            opens_us=max(part.opens_us for part in parts if part is not None),
            area_only_us=first.area_only_us,
            closes_us=first.closes_us,
            rule=first.rule,
            day=first.day,
            parts=tuple(part for part in parts if part is not None),
        )

    def base(self, day: date) -> Contract | None:
        """Return the block of the whole day (hours 1 to 24, or 23, or 25)."""
        return self.block(*self.day_us(day))

    def peak(self, day: date) -> Contract | None:
        """Return the block of hours 9 to 20, None on Saturday and Sunday."""
        if day.isoweekday() in (6, 7):
            return None
        first, last = _PEAK_HOURS[0], _PEAK_HOURS[-1] + 1
        return self.block(
            _local_us(self.zone, day, time(first)), _local_us(self.zone, day, time(last))
        )

    def label(self, start_us: int) -> str:
        """Return the local clock time of a start, for display only.

        In the hour that autumn repeats, A is the first time round and B the second.
        """
        local = clock.utc(start_us).astimezone(self.zone)
        other = local.replace(fold=1 - local.fold)
        twice = local.utcoffset() != other.utcoffset()
        return f"{local:%H:%M}{'AB'[local.fold] if twice else ''}"

    def open_contracts(self, at_us: int) -> list[Contract]:
        """Return what can be traded at this instant, nearest delivery first; no blocks."""
        ahead_us = max(rule.ahead_s_max for rule in self.rules) * _SECOND_US
        first = at_us - at_us % self.resolution_us
        starts = range(first, at_us + ahead_us + 1, self.resolution_us)
        candidates = (self.contract(start_us) for start_us in starts)
        return [c for c in candidates if c is not None and c.opens_us <= at_us < c.closes_us]

    def _rule_of(self, day: date) -> Rule | None:
        return next((rule for rule in self.rules if rule.valid_from <= day), None)

    def _opens_us(self, rule: Rule, day: date, start_us: int) -> int:
        if rule.opens_local is None:
            return start_us - rule.opens_ahead_s * _SECOND_US
        return _local_us(self.zone, day + timedelta(days=rule.opens_day), rule.opens_local)


@lru_cache(maxsize=4_096)
def _local_us(zone: ZoneInfo, day: date, at: time = time.min) -> int:
    """Return a local clock time in UTC; one that comes twice means the first of the two."""
    return clock.micros(datetime.combine(day, at, zone))


def wh_of(power_kw: int, duration_us: int) -> int:
    """Return the energy of a constant power in watt-hours.

    Whole periods of 15, 30 and 60 minutes give whole watt-hours for every whole kW.
    """
    energy, rest = divmod(power_kw * 1_000 * duration_us, _HOUR_S * 1_000_000)
    assert rest == 0, "a delivery period is a whole number of quarter-hours"
    return energy
