"""One lane to the hub: its pauses, its place on the page, and one log line an outage."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.gateway.backoff import Backoff
from agent.gateway.errors import GatewayError, HubRefused, HubSilent
from agent.gateway.latest import Lane
from wire.clock import Clock

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Outage:
    """Told of every success and failure of a lane; `show` takes what the page is to know."""

    name: str
    clock: Clock
    backoff: Backoff
    show: Callable[[Lane], None]
    _answered_us: int | None = None
    _since_s: float | None = None
    """By the event loop's time: a clock may be put right meanwhile."""
    _logged: bool = False
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)

    def succeeded(self) -> int:
        """Note a yes of the hub; return how long (µs) there was none, 0 without an outage."""
        now_us, now_s = self.clock.now_us(), asyncio.get_running_loop().time()
        lasted_us = 0 if self._since_s is None else round((now_s - self._since_s) * 1e6)
        if self._logged:
            _logger.info("%s: works again after %.0f s", self.name, lasted_us / 1e6)
        self.backoff.reset()
        self._logged = False
        self._since_s = None
        self._answered_us = now_us
        self.show(Lane(answered_us=now_us))
        return lasted_us

    async def failed(self, error: GatewayError) -> None:
        """Note a failure and wait before the next attempt.

        A first failure is often only a connection that had grown old: it is not logged. Silence
        is none of these: it is known at once.
        """
        if self._since_s is None:
            self._since_s = asyncio.get_running_loop().time()
        refused = isinstance(error, HubRefused)
        code = error.code if isinstance(error, HubRefused) else ""
        pause_s = self.backoff.next_s()
        if refused or isinstance(error, HubSilent) or self.backoff.failures > 1:
            if not self._logged:
                self._logged = True
                _logger.warning("%s: %s", self.name, error)
            self.show(Lane(answered_us=self._answered_us, trouble=str(error), code=code))
        try:
            async with asyncio.timeout(pause_s):
                await self._hurry.wait()
        except TimeoutError:
            pass  # The whole pause is over.
        self._hurry.clear()

    def hurry(self) -> None:
        """End the pause: the hub has just been seen on another lane."""
        if self._since_s is not None:
            self._hurry.set()
