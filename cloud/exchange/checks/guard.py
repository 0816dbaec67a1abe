"""The checks of one venue: every order is asked here, and all that happens is told here. Pure.

The order of the checks: how often (throttle, counts, ratio) → account → price and size → number
of orders → position → site → cash → risk and credit. O(1) a call; a contract of several
quarter-hours costs a step for each. The limits of the contract itself are the venue's own. What
is asked and told goes through a `CheckedPost`.
"""

from collections.abc import Sequence

from cloud.exchange.checks import memory
from cloud.exchange.checks.counters import Counters
from cloud.exchange.checks.hooks import Hook
from cloud.exchange.checks.post import CheckedPost, WidePost
from cloud.exchange.checks.sites import Sites
from cloud.exchange.matching.order import Owner
from cloud.market.contracts import Contract


class Checks(Counters):
    """The real `Guard`. `sites` is told of batteries by the hub; the rest comes from the writer."""

    def __init__(self, hooks: Sequence[Hook] = (), sites: Sites | None = None) -> None:
        super().__init__(hooks, sites)

    def post(self, owner: Owner, contract: Contract) -> CheckedPost:
        """Return an owner's post at a contract: for the venue to keep, until the gate closes."""
        desk = self.desk(owner.account, contract)
        if owner.site or desk.further or self.hooks:
            return WidePost(self, owner, desk)
        return CheckedPost(self, owner, desk)

    def acted(self, owner: Owner, at_us: int) -> None:
        """Count one entry or change of no known contract: no market's throttle, all others."""
        seat = self.seat(owner.account)
        seat.acted(seat.throttled("", self.policy), at_us)

    def forget_until(self, at_us: int) -> None:
        """Forget deliveries that have begun: nothing trades them any more."""
        self.forget(at_us)
        self.sites.forget_until(at_us)
        for hook in self.hooks:
            hook.forget_until(at_us)

    def throttle_remaining(self, account: str, market: str, at_us: int) -> int | None:
        """Return how many more entries and changes would be taken now; None: nothing bounds it."""
        seat = self.seat(account)
        seat.settle()
        paces = (seat.pace, seat.throttled(market, self.policy))
        bounds = [pace.left(at_us) for pace in paces]
        return min((bound for bound in bounds if bound is not None), default=None)

    def dump(self) -> list[object]:
        """Return all that was acted, traded and configured, as plain lists."""
        return memory.dump(self)

    def load(self, dumped: list[object]) -> None:
        """Take up what `dump` returned; this guard has been told nothing yet."""
        memory.load(self, dumped)
