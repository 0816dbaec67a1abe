"""What is too old goes: jobs with what they made, and what members said, in small steps.

No lease is needed: two hubs that delete the same rows do no harm. Scores, calibrations and alarms
stay; they are a row a day.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.forecast.retention import store
from cloud.forecast.service.issue import LEARNED_DAYS
from cloud.kernel import metrics
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable
from wire import clock

LOOK_S = 3_600.0
STEP_ROWS_MAX = 200
"""Of one transaction: other writers get their turn between two."""
STEPS_MAX = 50
"""Of one look, for each kind of row; the rest goes at the next one."""
TOLD_DAYS = LEARNED_DAYS + 30
"""What members said longer ago is read by nothing; a month more for a clock that was wrong."""
_DAY_US = 86_400_000_000

_forgotten = metrics.counter("pho_forecast_forgotten", "rows that became too old", ("what",))


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many went: jobs, each with its forecast, and days of members."""

    jobs: int
    told: int


async def run(hub: Hub) -> None:
    """Forget what is too old, every hour, until cancelled."""
    while not hub.bus.closed:
        with suppress(Unavailable):  # the database has said so; the next look goes on
            await forget(hub)
        await asyncio.sleep(LOOK_S)


async def forget(hub: Hub) -> Forgotten:
    """Delete what is too old now, `STEPS_MAX` steps at most.

    Raises:
        Unavailable: the database does not answer; what went stays gone.
    """
    now_us = hub.clock.now_us()
    before_us = now_us - hub.settings.forecast_days * _DAY_US
    first = clock.utc(now_us).date() - timedelta(days=TOLD_DAYS)
    found = Forgotten(
        jobs=await _in_steps(
            hub, lambda connection: store.forget_jobs(connection, before_us, STEP_ROWS_MAX)
        ),
        told=await _in_steps(
            hub, lambda connection: store.forget_told(connection, first, STEP_ROWS_MAX)
        ),
    )
    _forgotten.labels("jobs").inc(found.jobs)
    _forgotten.labels("told").inc(found.told)
    return found


async def _in_steps(hub: Hub, step: Callable[[AsyncConnection], Awaitable[int]]) -> int:
    count = 0
    for _ in range(STEPS_MAX):
        async with hub.database.transaction() as connection:
            gone = await step(connection)
        count += gone
        if gone < STEP_ROWS_MAX:
            break
    return count
