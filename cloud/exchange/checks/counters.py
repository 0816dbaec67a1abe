"""All accounts of a venue with what is counted of them, and the limits in force. Pure."""

from collections.abc import MutableMapping, Sequence
from heapq import heappop, heappush
from typing import Any

from cloud.exchange.checks import limits as limits_of
from cloud.exchange.checks import throttle
from cloud.exchange.checks.hooks import Hook
from cloud.exchange.checks.limits import LimitBook
from cloud.exchange.checks.seats import Day, Desk, Period, Seat, day_of, midnight_us
from cloud.exchange.checks.sites import Sites
from cloud.exchange.checks.throttle import Policy
from cloud.exchange.venue.guard import Refusal
from cloud.market.contracts import Contract
from wire.clock import QUARTER_HOUR_US

_CASH_KEPT_US = 3 * 86_400_000_000
"""A delivery day's cash is forgotten so long after its UTC midnight: in no zone does it last on."""


class Counters:
    """Seats, their desks, periods and days: made where they are new, forgotten when they begin."""

    def __init__(self, hooks: Sequence[Hook], sites: Sites | None) -> None:
        self.sites = Sites() if sites is None else sites
        self.limits = LimitBook()
        self.policy = Policy()
        self.seats: dict[str, Seat] = {}
        self.hooks = tuple(hooks)
        self.configurations: dict[str, str] = {}
        """The content in force, by what it is."""
        self._due: list[int] = []
        self._leaving: dict[int, list[tuple[MutableMapping[Any, Any], Any]]] = {}
        """What is forgotten when: instant, then the places and keys."""

    def seat(self, account: str) -> Seat:
        """Return an account's seat, made where it is new."""
        seat = self.seats.get(account)
        if seat is None:
            seat = self.seats[account] = Seat(account, self.limits.of(account))
        return seat

    def desk(self, account: str, contract: Contract) -> Desk:
        """Return an account's desk in a contract, made where it is new."""
        seat = self.seat(account)
        key = contract.market, contract.start_us, contract.end_us
        desk = seat.desks.get(key)
        if desk is None:
            starts = range(contract.start_us, contract.end_us, QUARTER_HOUR_US)
            periods = tuple(self.period(seat, contract.area, start_us) for start_us in starts)
            day = self.day(seat, day_of(contract))
            desk = seat.desks[key] = Desk(seat, contract, periods, day)
            desk.pace = seat.throttled(contract.market, self.policy)
            self._forget(contract.start_us, seat.desks, key)
        return desk

    def period(self, seat: Seat, area: str, start_us: int) -> Period:
        """Return an account's quarter-hour, made where it is new."""
        period = seat.periods.get((area, start_us))
        if period is None:
            period = seat.periods[area, start_us] = Period()
            self._forget(start_us, seat.periods, (area, start_us))
        return period

    def day(self, seat: Seat, number: int) -> Day:
        """Return an account's delivery day, made where it is new."""
        day = seat.days.get(number)
        if day is None:
            day = seat.days[number] = Day()
            self._forget(midnight_us(number) + _CASH_KEPT_US, seat.days, number)
        return day

    def forget(self, at_us: int) -> None:
        """Forget what began before or at this instant."""
        while self._due and self._due[0] <= at_us:
            for place, key in self._leaving.pop(heappop(self._due)):
                place.pop(key, None)

    def configured(self, what: str, version: int, content: str) -> Refusal | None:
        """Take a throttle policy or limits into force, whole or not at all."""
        try:
            if what == "throttle":
                self.policy = throttle.parse(content)
            elif what == "limits":
                self.limits = limits_of.parse(content)
            else:
                return None
        except ValueError as error:
            return Refusal("POLICY", str(error))
        self.configurations[what] = content
        for seat in self.seats.values():
            seat.limit(self.limits.of(seat.account))
            seat.policy(self.policy)
        return None

    def _forget(self, at_us: int, place: MutableMapping[Any, Any], key: Any) -> None:
        if at_us not in self._leaving:
            self._leaving[at_us] = []
            heappush(self._due, at_us)
        self._leaving[at_us].append((place, key))
