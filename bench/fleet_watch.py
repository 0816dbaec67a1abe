"""People at the hub's pages while the benchmark ``fleet`` runs, and how old what they see is."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from simulators.fleet_line import Tally
from wire.clock import SystemClock

BEGUN_S = 3.0
"""A page shows stored values until the box has heard that somebody watches."""


@dataclass(slots=True)
class Pages:
    """Open pages of one hub."""

    url: str
    key: str = field(repr=False)
    tally: Tally
    ages_s: list[float] = field(default_factory=list)
    """Of the newest value of each message, when it came."""
    messages: int = 0

    async def show(self, sites: Sequence[str], fleet: bool = False) -> None:
        """Keep the pages of these sites open, and that of the fleet, for ever."""
        async with asyncio.TaskGroup() as tasks:
            for site in sites:
                tasks.create_task(self._follow(f"page=site&site={site}"))
            if fleet:
                tasks.create_task(self._follow("page=fleet"))

    async def _follow(self, query: str) -> None:
        address = f"{self.url.replace('http', 'ws', 1)}/ws/live?{query}"
        headers = {"Authorization": f"Bearer {self.key}"}
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        newest_us = 0
        clock = SystemClock()
        try:
            async with connect(address, additional_headers=headers, max_size=None) as socket:
                async for message in socket:
                    self.messages += 1
                    at_us = _newest_us(message)
                    if at_us > newest_us and loop.time() > began_s + BEGUN_S:
                        self.ages_s.append((clock.now_us() - at_us) / 1e6)
                    newest_us = max(newest_us, at_us)
        except (OSError, TimeoutError, ConnectionClosed) as error:
            self.tally.failed("page", f"{type(error).__name__} {error}")
        else:
            self.tally.failed("page", "closed by the hub")


def _newest_us(message: str | bytes) -> int:
    values = json.loads(message).get("state", {}).get("values", {})
    return max((row["at_us"] for row in values.values()), default=0)
