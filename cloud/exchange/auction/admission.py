"""What an auction takes, and what is still right when its gate closes. Pure.

An order waits for days. Until the gate an account may have been stopped, or have traded so much
that it could not stand for its orders any more: then a submission is left out, whole, and its owner
is told why. Energy is not asked again: nobody knows at noon how full a battery is at midnight.
"""

from collections.abc import Callable, Sequence

from cloud.exchange.auction import batteries, permits
from cloud.exchange.auction.calendar import Session
from cloud.exchange.auction.orders import Submission
from cloud.exchange.auction.outcome import LeftOut
from cloud.exchange.auction.sealed import Sealed
from cloud.exchange.checks.counters import Counters
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.guard import Refusal


class Admission:
    """Asks the venue and its checks; it changes nothing but what is `sealed` in them."""

    def __init__(
        self, desk: Desk, checks: Counters, owner: Callable[[str, str, str, str, str], Owner]
    ) -> None:
        self._desk, self._checks, self._owner = desk, checks, owner
        self.sealed = Sealed(checks)

    def of_session(self, session: Session) -> Refusal | None:
        """Say which halt the whole auction is under."""
        return permits.of_session(self._desk, session)

    def refusal(self, session: Session, one: Submission, at_us: int) -> Refusal | None:
        """Say why a submission is not taken in place of the one before it; None: it is."""
        with self.sealed.without(session, one):
            return (
                self.of_session(session)
                or self._lasting(session, one)
                or self._energy(session, one, at_us)
            )

    def at_gate(
        self, session: Session, found: Sequence[Submission]
    ) -> tuple[list[Submission], tuple[LeftOut, ...]]:
        """Return what counts, and what is left out; where the auction is halted that is all.

        What is left out is sealed no more.
        """
        halted = self.of_session(session)
        kept: list[Submission] = []
        left_out = []
        self.sealed.settled(session)
        for one in sorted(found, key=lambda one: (one.account, one.site)):
            refusal = halted or self._lasting(session, one)
            if refusal is None:
                kept.append(one)
                self.sealed.take(session, one)
            else:
                left_out.append(LeftOut(one.account, one.site, refusal.code, refusal.text))
        return kept, tuple(left_out)

    def _lasting(self, session: Session, one: Submission) -> Refusal | None:
        owner = self._owner(one.account, one.site, "", "", "")
        refusal = permits.of_account(self._desk, self._checks, owner)
        refusal = refusal or permits.of_limits(self._checks, session, one)
        if refusal is None and one.site:
            refusal = batteries.of_power(self._checks.sites.known(one.site), session, one)
        return refusal

    def _energy(self, session: Session, one: Submission, at_us: int) -> Refusal | None:
        cell = self._checks.sites.known(one.site) if one.site else None
        return None if cell is None else batteries.of_energy(cell, session, one, at_us)
