"""Who has used up the action quota may have all orders hibernated: a setting of the account.

The venue refuses what is beyond the quota in any case. With `on_quota` ``hibernate`` in the limits
the orders of the account fall asleep a moment later, by a command of its own in the journal; the
next refusal does it again if a stop came between. Nothing wakes them but their owner.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from cloud.exchange.checks.guard import Checks
from cloud.exchange.facts import Fact, Refused
from cloud.exchange.matching.codes import State
from cloud.exchange.matching.order import Owner
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.commands import Command, SwitchAll

CODE = "ACTION_QUOTA"
BY = "system"
REASON = "the action quota is used up"
_PAUSE_S = 0.1
"""After each round: whoever goes on asking has the orders put to sleep at most so often."""

Ask = Callable[[Command], Awaitable[Sequence[Answer]]]
"""Answers are those of the orders that the command touched."""

_logger = logging.getLogger(__name__)


class Suspensions:
    """Told of each commit; asks for what has to be done about it."""

    def __init__(self, checks: Checks, owners: Sequence[Owner]) -> None:
        self._checks = checks
        self._owners = owners
        """The venue's own, by number."""
        self._waiting: set[str] = set()
        self._news = asyncio.Event()

    def told(self, facts: Iterable[Fact]) -> None:
        """Remember whose quota is used up."""
        for fact in facts:
            if isinstance(fact, Refused) and fact.code == CODE:
                account = self._owners[fact.owner].account
                if self._checks.limits.of(account).on_quota == "hibernate":
                    self._waiting.add(account)
                    self._news.set()

    async def run(self, ask: Ask) -> None:
        """Hibernate the orders of such accounts, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            for account in sorted(self._waiting):
                self._waiting.discard(account)
                await hibernate(ask, account, REASON)  # busy: its next refusal tells of it again
            await asyncio.sleep(_PAUSE_S)


async def hibernate(ask: Ask, account: str, reason: str, site: str = "") -> int | None:
    """Put the active orders of an account to sleep, those of one site where it is given.

    Returns how many fell asleep; None: the venue was busy or is stopping, and all is as it was.
    """
    command = SwitchAll(account=account, to=State.HIBERNATED, site=site, by_admin=BY, reason=reason)
    try:
        answers = await ask(command)
    except OrderRefused as error:
        _logger.warning("orders of %s stay: %s", account, error)
        return None
    _logger.info("%d orders of %s hibernate: %s", len(answers), account, reason)
    return len(answers)
