"""What is sealed counts in the checks as what is on offer does, once and wherever it is. Pure.

Two auctions that are open at once, and continuous trading beside them, share one limit: else each
could take the whole of it. As nobody knows what will be taken, each direction counts by itself,
all of it (`demand`): in the positions of its account, in the power of its site, in the cash of its
delivery day. In the energy of a battery only what is ordered at any price counts.

A **claim** is one submission. It goes out again of the very counters that it came into, so that
one whose delivery has begun and is forgotten leaves nothing behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from cloud.exchange.auction.calendar import Session
from cloud.exchange.auction.demand import Demand, demand
from cloud.exchange.auction.orders import Submission
from cloud.exchange.checks.battery import Cell, Quarter
from cloud.exchange.checks.counters import Counters
from cloud.exchange.checks.seats import Day, Period
from wire.clock import QUARTER_HOUR_US

_Of = tuple[str, str]
"""Account and site."""


class _Amount(NamedTuple):
    """Of one quarter-hour, in kW: magnitudes, and what is certain with its sign."""

    sold: int
    bought: int
    certain: int


class Claim:
    """A submission that is counted, until it is released."""

    def __init__(self, checks: Counters, session: Session, one: Submission) -> None:
        wanted = demand(one, session.terms)
        seat = checks.seat(one.account)
        cell = checks.sites.cell(one.site) if one.site else None
        self._periods: list[tuple[Period, _Amount]] = []
        self._quarters: list[tuple[Cell, int, Quarter, _Amount]] = []
        for start_us, amount in _amounts(session, wanted):
            self._periods.append((checks.period(seat, session.area, start_us), amount))
            if cell is not None:
                self._quarters.append((cell, start_us, cell.quarter(start_us), amount))
        wh = session.step_kw * 1_000 * session.period_us // 3_600_000_000
        self._cash = wanted.received * wh, wanted.paid * wh
        self._day: Day = checks.day(seat, session.day.toordinal())
        self.count()

    def count(self) -> None:
        self._add(1)

    def release(self) -> None:
        self._add(-1)

    def _add(self, sign: int) -> None:
        for period, amount in self._periods:
            period.sell_kw += sign * amount.sold
            period.buy_kw += sign * amount.bought
            period.sealed_sell_kw += sign * amount.sold
            period.sealed_buy_kw += sign * amount.bought
        received, paid = self._cash
        self._day.in_open += sign * received
        self._day.out_open += sign * paid
        for cell, start_us, quarter, amount in self._quarters:
            quarter.sealed_sell_kw += sign * amount.sold
            quarter.sealed_buy_kw += sign * amount.bought
            quarter.sealed_kw += sign * amount.certain
            cell.changed(start_us)


class Sealed:
    """All that is sealed and not settled yet; what it asks and changes is the writer's."""

    def __init__(self, checks: Counters) -> None:
        self._checks = checks
        self._claims: dict[Session, dict[_Of, Claim]] = {}

    def claim(self, session: Session, one: Submission) -> Claim:
        """Count a submission beside all others, also beside one that it takes the place of."""
        return Claim(self._checks, session, one)

    def keep(self, session: Session, one: Submission, claim: Claim) -> None:
        """Let a claim take the place of the one before it."""
        self.drop(session, one.account, one.site)
        self._claims.setdefault(session, {})[one.account, one.site] = claim

    def drop(self, session: Session, account: str, site: str) -> None:
        """Forget what was taken back; where there is nothing that is all."""
        claims = self._claims.get(session, {})
        if (old := claims.pop((account, site), None)) is not None:
            old.release()
        if not claims:
            self._claims.pop(session, None)

    def take(self, session: Session, one: Submission) -> None:
        """Count a submission that is known to be kept."""
        self.keep(session, one, self.claim(session, one))

    def settled(self, session: Session) -> None:
        """Forget a session: what came of it is in the positions."""
        for claim in self._claims.pop(session, {}).values():
            claim.release()

    @contextmanager
    def without(self, session: Session, one: Submission) -> Iterator[None]:
        """Leave out, meanwhile, what a submission would take the place of; nothing may wait."""
        old = self._claims.get(session, {}).get((one.account, one.site))
        if old is None:
            yield
            return
        old.release()
        try:
            yield
        finally:
            old.count()


def _amounts(session: Session, wanted: Demand) -> Iterator[tuple[int, _Amount]]:
    """Yield start and powers of each quarter-hour in which something is ordered."""
    steps = zip(wanted.sold, wanted.bought, wanted.certain, strict=True)
    for period, (sold, bought, certain) in enumerate(steps):
        if not sold and not bought:
            continue
        kw = session.step_kw
        amount = _Amount(sold * kw, bought * kw, certain * kw)
        start_us = session.start_us + period * session.period_us
        for quarter_us in range(start_us, start_us + session.period_us, QUARTER_HOUR_US):
            yield quarter_us, amount
