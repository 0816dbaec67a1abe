"""When each key was used last: kept in memory, written once a minute, never with a request."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from cloud.kernel import keys
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable

WRITE_S = 60.0
"""What a crash may forget."""


@dataclass(slots=True)
class Uses:
    """As large as the number of keys that were used since the last writing."""

    last_us: dict[str, int] = field(default_factory=dict)

    def note(self, key_id: str, now_us: int) -> None:
        self.last_us[key_id] = now_us


async def write(hub: Hub) -> None:
    """Write what was noted; what cannot be written now is kept for the next time."""
    uses = hub.service(Uses)
    noted, uses.last_us = uses.last_us, {}
    if not noted:
        return
    try:
        async with hub.database.transaction() as connection:
            await keys.used(connection, noted)
    except BaseException:
        uses.last_us = noted | uses.last_us
        raise


async def run(hub: Hub) -> None:
    """Write every `WRITE_S`, and a last time at the end."""
    try:
        while True:
            await asyncio.sleep(WRITE_S)
            with suppress(Unavailable):
                await write(hub)
    finally:
        with suppress(Unavailable):
            await write(hub)
