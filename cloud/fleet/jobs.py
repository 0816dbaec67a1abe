"""What the fleet does on its own: rolls up what came, forgets what is old, watches the boxes."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cloud.fleet.operation import watch
from cloud.fleet.sync.lookup import Lookups
from cloud.fleet.telemetry import retention, roller
from cloud.fleet.telemetry.intake import Intake
from cloud.fleet.telemetry.partitions import Partitions
from cloud.kernel.context import Hub


def prepare(hub: Hub) -> None:
    """Provide what the fleet's routes need in memory."""
    hub.provide(Partitions(hub.database))
    hub.provide(Intake(hub.database))
    hub.provide(Lookups(hub.database))


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[None]:
    """Work in the background as long as the block lasts."""
    holder = secrets.token_hex(8)
    async with asyncio.TaskGroup() as tasks:
        jobs = [
            tasks.create_task(roller.run(hub, holder), name="roll-ups"),
            tasks.create_task(retention.run(hub, holder), name="retention"),
            tasks.create_task(watch.run(hub), name="watch"),
        ]
        yield
        for job in jobs:
            job.cancel()
