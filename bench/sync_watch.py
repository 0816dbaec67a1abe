"""Somebody who looks at a site while the benchmark ``sync`` runs: how old is what is shown?"""

import asyncio
import json
from dataclasses import dataclass, field

from websockets.asyncio.client import connect

from bench.sync_site import LIVE_DEVICE, SITE
from wire.clock import SystemClock

LOOK_S = 0.1


@dataclass(slots=True)
class Watcher:
    """Somebody who looks at the site's page."""

    newest_us: int | None = None
    ages_s: list[float] = field(default_factory=list)

    async def follow(self, url: str, key: str) -> None:
        """Take what the page's feed says, for ever."""
        address = f"{url.replace('http', 'ws', 1)}/ws/live?page=site&site={SITE}"
        headers = {"Authorization": f"Bearer {key}"}
        async with connect(address, additional_headers=headers, max_size=None) as socket:
            async for message in socket:
                values = json.loads(message).get("state", {}).get("values", {})
                times = [row["at_us"] for row in values.values() if row["device"] == LIVE_DEVICE]
                if times:
                    self.newest_us = max(times)

    async def note(self) -> None:
        """Note how old the live values look, for ever."""
        clock = SystemClock()
        while True:
            await asyncio.sleep(LOOK_S)
            if self.newest_us is not None:
                self.ages_s.append((clock.now_us() - self.newest_us) / 1e6)
