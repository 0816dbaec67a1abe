"""Owners of orders, one object for each chain, so that the venue knows them by sight. Pure.

Whose member an account is, and what happens when it would trade with itself, is said in the limits
(`cloud.exchange.checks.limits`): an owner is made as they are in force, for orders entered from
then on.
"""

from collections.abc import Callable

from cloud.exchange.checks.limits import LimitBook
from cloud.exchange.matching.codes import SelfTrade
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.profile import FACES_MAX

Chain = tuple[str, str, str, str, str]


class Owners:
    """As many as the venue knows by sight; beyond it all are made anew."""

    def __init__(self, limits: Callable[[], LimitBook]) -> None:
        self._limits = limits
        self._book = limits()
        """Under which the owners were made."""
        self._owners: dict[Chain, Owner] = {}

    def of(self, account: str, site: str, portfolio: str, strategy: str, user: str) -> Owner:
        """Return an owner, the same object each time while the limits are the same."""
        book = self._limits()
        if book is not self._book:
            self._owners.clear()
            self._book = book
        chain = account, site, portfolio, strategy, user
        owner = self._owners.get(chain)
        if owner is None:
            if len(self._owners) >= FACES_MAX:
                self._owners.clear()
            owner = self._owners[chain] = _owner(book, chain)
        return owner


def _owner(book: LimitBook, chain: Chain) -> Owner:
    account, site, portfolio, strategy, user = chain
    limits = book.of(account)
    owner = Owner(0, account, limits.member or "", site, portfolio, strategy, user)
    owner.self_trade = SelfTrade(limits.self_trade)
    if limits.self_trade_scope == "member":
        owner.stp_scope = f"member {owner.member}"  # no account is called so
    return owner
