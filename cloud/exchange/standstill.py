"""Markets stand still at the times that their data name (`cloud.market.breaks`).

A break is a halt of the market in the journal, by ``system``: its orders hibernate, new ones are
refused HALTED, and lifting it wakes none of them. A halt of an operator is never lifted here, and
one that an operator lifts within a break stays lifted until the next one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from cloud.exchange.facts import Halted
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.venue.commands import Command, Halt
from cloud.market import breaks
from cloud.market.catalogue import Catalogue
from wire.clock import Clock

BY = "system"
LOOK_S = 30.0
"""At least this often: a clock may have been set."""

_logger = logging.getLogger(__name__)


class Standstills:
    """Halts and resumes the markets that have breaks; most have none."""

    def __init__(
        self,
        catalogue: Catalogue,
        clock: Clock,
        halts: Mapping[tuple[str, str], Halted],
        ask: Callable[[Command], Awaitable[object]],
    ) -> None:
        self._markets = [market for market in catalogue.values() if market.breaks]
        self._clock = clock
        self._halts = halts
        """The venue's own, by scope and value."""
        self._ask = ask
        self._begun: dict[str, breaks.Break] = {}
        """Breaks that this process has seen begin, by market."""

    async def run(self) -> None:
        """Follow the clock until cancelled."""
        while self._markets:
            await self.look()
            await asyncio.sleep(self._until_next_s())

    async def look(self) -> None:
        """Halt what is in a break, and let go on what is in none any more."""
        now_us = self._clock.now_us()
        for market in self._markets:
            now = breaks.running(market.breaks, market.zone, now_us)
            standing = self._halts.get(("market", market.code))
            try:
                if now is not None and self._begun.get(market.code) is not now:
                    if standing is None:
                        await self._ask(_halt(market.code, now.reason))
                    self._begun[market.code] = now
                elif now is None:
                    self._begun.pop(market.code, None)
                    if standing is not None and standing.by == BY:
                        reason = f"over: {standing.reason}"
                        await self._ask(_halt(market.code, reason, resume=True))
            except OrderRefused as error:
                _logger.warning("break of %s: %s; it is tried again", market.code, error)

    def _until_next_s(self) -> float:
        now_us = self._clock.now_us()
        edges = [breaks.next_us(market.breaks, market.zone, now_us) for market in self._markets]
        left = [(edge_us - now_us) / 1_000_000 for edge_us in edges if edge_us is not None]
        return min([LOOK_S, *left])


def _halt(market: str, reason: str, *, resume: bool = False) -> Halt:
    return Halt(scope="market", value=market, by=BY, reason=reason, resume=resume)
