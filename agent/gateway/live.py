"""The light lane: while somebody watches, the newest values go to the hub about once a second.

Nothing waits in it and nothing is sent twice: what could not be sent is replaced by what is newer.
The history of the same values takes its own way, in stored blocks.
"""

import asyncio
import logging

from agent.gateway.errors import HubRefused, HubUnreachable
from agent.gateway.hub import Hub
from agent.gateway.latest import Latest
from wire.block import Reading
from wire.clock import Clock
from wire.live import VALUES_MAX, Live

PERIOD_S = 0.8
"""With control's picture five times a second, no value is older than a second when it is sent."""
LOOK_S = 0.1
"""How soon something new is seen when there was nothing to send."""
WHOLE_S = 10.0
"""So often everything watched is sent, else only what is new."""
FAILURES_MAX = 5
"""After so many in a row the lane is silent until the long poll says again who watches."""
ALL = "*"

_logger = logging.getLogger(__name__)


class LiveLane:
    """See the module."""

    def __init__(self, latest: Latest, clock: Clock) -> None:
        self._latest = latest
        self._clock = clock
        self._watched = asyncio.Event()
        self._sent: dict[tuple[str, str], Reading] = {}
        """What the hub has said yes to since the last whole frame."""
        self._whole_s = 0.0

    def watch(self, points: tuple[str, ...]) -> None:
        """Send these points from now on; ``*``: all; none: nobody watches."""
        if points != self._latest.watch:
            self._latest.watch = points
            self._sent.clear()
        if points:
            self._watched.set()
        else:
            self._watched.clear()

    async def run(self, hub: Hub) -> None:
        """Send for ever."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            await self._watched.wait()
            began_s, pause_s = loop.time(), PERIOD_S
            try:
                if not await self._send(hub, began_s):
                    pause_s = LOOK_S
                failures = 0
            except (HubUnreachable, HubRefused) as error:
                self._sent.clear()
                failures += 1
                if failures >= FAILURES_MAX:
                    _logger.info("live values rest: %s", error)
                    failures = 0
                    self._watched.clear()
            await asyncio.sleep(max(0.0, began_s + pause_s - loop.time()))

    async def _send(self, hub: Hub, now_s: float) -> bool:
        """Send what is new; return whether there was anything."""
        if now_s - self._whole_s >= WHOLE_S:
            self._sent.clear()
        if not self._sent:
            self._whole_s = now_s
        values = self._news()
        if not values:
            return False
        points = self._latest.watch
        now_us = self._clock.now_us()
        watched = await hub.live(Live(now_us, tuple(values)))
        if self._latest.watch == points:  # Else the long poll knows more by now.
            self.watch(watched)
        self._sent.update(((device, reading.point), reading) for device, reading in values)
        return True

    def _news(self) -> list[tuple[str, Reading]]:
        """Return what is watched and not yet sent as it is."""
        status, points = self._latest.status, self._latest.watch
        if status is None:
            return []
        every = ALL in points
        wanted = set(points)
        news = [
            (device, reading)
            for device, reading in status.readings
            if (every or reading.point in wanted)
            and self._sent.get((device, reading.point)) != reading
        ]
        return news[:VALUES_MAX]
