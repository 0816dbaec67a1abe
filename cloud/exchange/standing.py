"""Where an account stands, told with each message about its orders."""

from collections.abc import Mapping

from cloud.exchange.checks.guard import Checks
from wire.clock import Clock


class Standings:
    """Asks the checks, which count what is decided; nothing of another account is told."""

    def __init__(self, checks: Checks, clock: Clock) -> None:
        self._checks = checks
        self._clock = clock

    def standing(self, account: str) -> Mapping[str, object]:
        """Return ``throttle_remaining``: entries and changes that would be taken now, of the
        market with the fewest; None: nothing bounds them."""
        return {"throttle_remaining": self.throttle_remaining(account)}

    def throttle_remaining(self, account: str, market: str | None = None) -> int | None:
        """Return the same for one market, or the least of those it acts in."""
        if market is None:
            seat = self._checks.seats.get(account)
            markets = [] if seat is None else list(seat.by_market)
        else:
            markets = [market]
        now_us = self._clock.now_us()
        bounds = [self._checks.throttle_remaining(account, each, now_us) for each in markets]
        return min((bound for bound in bounds if bound is not None), default=None)
