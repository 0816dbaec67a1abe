"""Where an account stands, told with each message about its orders."""

from collections.abc import Mapping

from cloud.exchange.checks.guard import Checks
from cloud.exchange.feeds.canonical import ratio
from cloud.market.money import CASH_PER_EUR, WH_PER_MWH
from cloud.portfolio.model import Total
from wire.clock import Clock

Exposures = Mapping[str, Mapping[str, Total]]
"""By account and market."""
_CENTS_PER_EUR = 100


class Standings:
    """Asks the checks, which count what is decided; nothing of another account is told."""

    def __init__(self, checks: Checks, clock: Clock) -> None:
        self._checks = checks
        self._clock = clock
        self.exposures: Exposures = {}
        """What is still to be delivered; taken from the positions, about a second behind."""

    def standing(self, account: str) -> Mapping[str, object]:
        """Return what may be signed and told to this account.

        ``throttle_remaining``: entries and changes that would be taken now, of the market with the
        fewest; None: nothing bounds them. ``exposure_snapshot``: by market what was sold less what
        was bought and has not begun to deliver, and what is to be received for it.
        """
        return {
            "throttle_remaining": self.throttle_remaining(account),
            "exposure_snapshot": {
                market: {
                    "net_mwh": ratio(total.net_wh, WH_PER_MWH),
                    "notional_eur": ratio(_cents(total.cash), _CENTS_PER_EUR),
                }
                for market, total in self.exposures.get(account, {}).items()
            },
        }

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


def _cents(cash: int) -> int:
    """Return an amount of 10⁻⁸ EUR in cents: what is finer could not be signed."""
    return round(cash * _CENTS_PER_EUR / CASH_PER_EUR)
