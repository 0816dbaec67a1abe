"""The forecasts around the hub's life: jobs are taken, computed aside, and kept.

A job is taken under a lease that is renewed while it is computed. Whoever is killed renews no
more, and another takes the job over; what he might still say is not kept.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service import inputs, ladder, service, store
from cloud.forecast.service.inputs import Gathered
from cloud.forecast.service.ladder import TooShort
from cloud.forecast.service.model import Forecast, Job, Told
from cloud.forecast.service.task import Result
from cloud.forecast.service.workshop import CannotForecast, WorkerDied, Workshop
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable
from cloud.market.areas import catalogue
from cloud.market.series.archive import Archive

LEASE_US = 30_000_000
RENEW_S = 5.0
ATTEMPTS_MAX = 3
"""A job whose computing process died so often is failed: it would kill the next one, too."""
LOOK_S = 10.0
"""At least this often, for leases end without a word."""

_logger = logging.getLogger(__name__)


class _Lost(Exception):
    """Another hub has taken the job over."""


@dataclass(slots=True)
class Jobs:
    """Computes one job after the other."""

    hub: Hub
    workshop: Workshop = field(default_factory=Workshop)
    holder: str = field(default_factory=lambda: secrets.token_hex(8))

    async def run(self) -> None:
        """Work until cancelled, or until the hub stops."""
        bus = self.hub.bus
        try:
            while not bus.closed:
                seen = bus.version(service.TOPIC)
                try:
                    busy = await self.next()
                except Unavailable:  # the database has said so
                    busy = False
                if not busy:
                    await bus.wait(service.TOPIC, seen, LOOK_S)
        finally:
            await self.workshop.close()

    async def next(self) -> bool:
        """Compute the job that waits longest; False: none waits.

        Raises:
            Unavailable: the database does not answer; a job that was taken is taken again later.
        """
        now_us = self.hub.clock.now_us()
        async with self.hub.database.transaction() as connection:
            job = await store.take(connection, self.holder, now_us, LEASE_US)
        if job is None:
            return False
        if job.attempts > ATTEMPTS_MAX:
            await self._end(job, f"its computation died {ATTEMPTS_MAX} times")
            return True
        try:
            await self._made(job)
        except (TooShort, CannotForecast) as error:
            await self._end(job, str(error))
        except WorkerDied as error:
            _logger.warning("forecast %s: %s", job.id, error)
            async with self.hub.database.transaction() as connection:
                await store.give_back(connection, job.id, self.holder)
        except _Lost:
            _logger.warning("forecast %s: another hub has taken it over", job.id)
        return True

    async def _made(self, job: Job) -> None:
        archive = Archive(self.hub.database, catalogue.load())
        progress = [0.0]
        made: tuple[Gathered, Result] | None = None
        failure: Exception | None = None
        async with asyncio.TaskGroup() as tasks:
            renewing = tasks.create_task(self._renew(job, progress), name="lease of a forecast")
            try:
                gathered = await inputs.gather(self.hub.database, archive, job)
                result = await self.workshop.compute(
                    gathered.task, lambda share: progress.__setitem__(0, share)
                )
                made = gathered, result
            except (TooShort, CannotForecast, WorkerDied, Unavailable) as error:
                failure = error
            finally:
                renewing.cancel()
        if failure is not None:
            raise failure
        assert made is not None, "it failed, or was made"
        await self._keep(job, *made)

    async def _renew(self, job: Job, progress: list[float]) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            until_us = self.hub.clock.now_us() + LEASE_US
            try:
                async with self.hub.database.transaction() as connection:
                    held = await store.renew(connection, job.id, self.holder, until_us, progress[0])
            except Unavailable:
                continue
            if not held:
                return  # what comes of it is not kept: see `_keep`

    async def _keep(self, job: Job, gathered: Gathered, result: Result) -> None:
        now_us = self.hub.clock.now_us()
        forecast = Forecast(
            id=job.id,
            request=job.request,
            issued_us=now_us,
            as_of_us=job.as_of_us,
            model=ladder.model_name(result.quality),
            quality=result.quality,
            flags=result.flags,
            data_age_s=gathered.data_age_s,
            weights=dict(result.weights),
            seed=gathered.task.seed,
            simulated=gathered.simulated,
            series=result.series,
        )
        told = [Told(day=day, values=_packed(values)) for day, values in result.told.items()]
        async with self.hub.database.transaction() as connection:
            if not await store.end(connection, job.id, self.holder, now_us, None):
                raise _Lost
            await store.keep(connection, forecast)
            await store.keep_told(connection, job.request.area, gathered.members, told)
        self.hub.bus.wake(service.DONE_TOPIC)

    async def _end(self, job: Job, reason: str) -> None:
        _logger.warning("forecast %s of %s failed: %s", job.id, job.request.area, reason)
        async with self.hub.database.transaction() as connection:
            await store.end(connection, job.id, self.holder, self.hub.clock.now_us(), reason)
        self.hub.bus.wake(service.DONE_TOPIC)


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[None]:
    """Compute the jobs of this hub while the block lasts."""
    jobs = Jobs(hub)
    async with asyncio.TaskGroup() as tasks:
        started = [tasks.create_task(jobs.run(), name="forecasts")]
        try:
            yield
        finally:
            for task in started:
                task.cancel()


def _packed(values: FloatArray) -> bytes:
    return np.asarray(values, dtype="<f8").tobytes()
