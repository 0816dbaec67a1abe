"""Jobs at work: taken, computed aside, and kept.

A job is taken under a lease that is renewed while it is computed. Whoever is killed renews no
more, and another takes the job over; what he might still say is not kept.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service import gauges, inputs, ladder, recent, retreat, service, standing, store
from cloud.forecast.service.computing import CannotForecast, WorkerDied
from cloud.forecast.service.issue import issue
from cloud.forecast.service.ladder import TooShort
from cloud.forecast.service.model import Forecast, Job, Kind, State, Told
from cloud.forecast.service.soon import Soon
from cloud.forecast.service.task import Result, Task
from cloud.forecast.service.workshop import Workshop
from cloud.kernel import events
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable
from cloud.kernel.events import NewEvent
from cloud.market.areas.model import Area
from cloud.market.series.opened import archive_of
from wire.sync import Severity

LEASE_US = 30_000_000
RENEW_S = 5.0
ATTEMPTS_MAX = 3
"""A job whose computing process died so often is failed: it would kill the next one, too."""
LOOK_S = 10.0
"""At least this often, for leases end without a word."""

_logger = logging.getLogger(__name__)


class _Lost(Exception):
    """Another hub has taken the job over."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is kept of a forecast beside its result."""

    data_age_s: Mapping[str, int]
    simulated: bool
    members: str = ""
    inputs: str = ""
    trained: tuple[date, date] | None = None
    seed: int = 0
    odd: Mapping[str, str] = field(default_factory=dict)
    """By input that was left out since it is not believed: why."""


@dataclass(slots=True)
class Jobs:
    """Computes one job after the other."""

    hub: Hub
    workshop: Workshop = field(init=False)
    holder: str = field(default_factory=lambda: secrets.token_hex(8))

    def __post_init__(self) -> None:
        self.workshop = Workshop(areas_file=self.hub.settings.areas_file)

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
        progress = [0.0]
        made: tuple[Result, Beside] | None = None
        failure: Exception | None = None
        async with asyncio.TaskGroup() as tasks:
            renewing = tasks.create_task(self._renew(job, progress), name="lease of a forecast")
            try:
                task, beside = await self._gathered(job)
                result = await self.workshop.compute(
                    task, lambda share: progress.__setitem__(0, share)
                )
                made = result, beside
            except (TooShort, CannotForecast, WorkerDied, Unavailable) as error:
                failure = error
            finally:
                renewing.cancel()
        if failure is not None:
            raise failure
        assert made is not None, "it failed, or was made"
        await self._keep(job, *made)

    async def _gathered(self, job: Job) -> tuple[Task | Soon, Beside]:
        """Return what is to be computed, and what is kept of it beside its result."""
        archive = archive_of(self.hub)
        if job.request.kind is Kind.INTRADAY:
            found = await recent.gather(self.hub.database, archive, job)
            return found.task, Beside(found.data_age_s, found.simulated)
        area = archive.areas[job.request.area]
        asked = await standing.retreat_of(self.hub.database, area, job.as_of_us)
        gathered = await inputs.gather(self.hub.database, archive, job, asked)
        return gathered.task, Beside(
            gathered.data_age_s,
            gathered.simulated,
            gathered.members,
            gathered.inputs,
            gathered.trained,
            gathered.task.seed,
            gathered.odd,
        )

    async def stand_in(self, area: Area) -> None:
        """Issue the similar day of tomorrow, here and at once: nothing else has come in time.

        Raises:
            TooShort: not even that is known.
            Unavailable: the database does not answer.
        """
        now_us = self.hub.clock.now_us()
        request = service.day_ahead(area, now_us, 24, 15, (ladder.SIMILAR_DAY,))
        job = Job(
            id=request.job_id(ladder.model_name(ladder.SIMILAR_DAY), ""),
            request=request,
            as_of_us=now_us,
            model=ladder.model_name(ladder.SIMILAR_DAY),
            state=State.QUEUED,
            progress=0.0,
            attempts=0,
            created_us=now_us,
        )
        async with self.hub.database.transaction() as connection:
            await store.add(connection, job)
            taken = await store.take(connection, self.holder, now_us, LEASE_US, job.id)
        if taken is None:
            return
        archive = archive_of(self.hub)
        gathered = await inputs.gather(self.hub.database, archive, job)
        task = replace(gathered.task, groups={}, past={}, told={}, early=None)
        if task.quality != ladder.TEMPLATE:
            task = replace(task, quality=ladder.SIMILAR_DAY, flags=(ladder.SIMILAR_DAY,))
        result = await asyncio.to_thread(issue, task, {}, own=self.hub.settings.areas_file)
        with suppress(_Lost):
            await self._keep(job, result, Beside(gathered.data_age_s, gathered.simulated))

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

    async def _keep(self, job: Job, result: Result, beside: Beside) -> None:
        now_us = self.hub.clock.now_us()
        is_soon = job.request.kind is Kind.INTRADAY
        forecast = Forecast(
            id=job.id,
            request=job.request,
            issued_us=now_us,
            as_of_us=job.as_of_us,
            model=service.INTRADAY_MODEL if is_soon else ladder.model_name(result.quality),
            quality=result.quality,
            flags=result.flags,
            data_age_s=dict(beside.data_age_s),
            weights=dict(result.weights),
            seed=beside.seed,
            simulated=beside.simulated,
            series=result.series,
            resting=result.resting,
        )
        told = [Told(day=day, values=_packed(values)) for day, values in result.told.items()]
        area = job.request.area
        async with self.hub.database.transaction() as connection:
            if not await store.end(connection, job.id, self.holder, now_us, None):
                raise _Lost
            await store.keep(connection, forecast)
            if (event := _event(forecast, beside.odd)) is not None:
                await events.append(connection, event)
            if result.scenarios:
                await store.keep_scenarios(connection, job.id, result.scenarios)
            await store.keep_told(connection, area, beside.members, told)
            if beside.trained is not None and result.weights:
                day = archive_of(self.hub).areas[area].day_of(job.request.start_us)
                model = (area, forecast.model, beside.inputs, day)
                await store.register(connection, model, beside.trained, now_us, forecast.weights)
        gauges.issued(forecast)
        self.hub.bus.wake(service.DONE_TOPIC)

    async def _end(self, job: Job, reason: str) -> None:
        _logger.warning("forecast %s of %s failed: %s", job.id, job.request.area, reason)
        async with self.hub.database.transaction() as connection:
            await store.end(connection, job.id, self.holder, self.hub.clock.now_us(), reason)
        gauges.failed(job.request.kind.value)
        self.hub.bus.wake(service.DONE_TOPIC)


def _event(forecast: Forecast, odd: Mapping[str, str]) -> NewEvent | None:
    """Return what was done about alarms and odd inputs, None: nothing."""
    done = [retreat.DONE[flag] for flag in forecast.flags if flag in retreat.DONE]
    done += [f"{name} left out ({why})" for name, why in odd.items()]
    if not done:
        return None
    area = forecast.request.area
    return NewEvent(
        at_us=forecast.issued_us,
        code="FORECAST_RETREAT",
        severity=Severity.WARNING,
        source="forecast",
        text=f"{area}: {', '.join(done)} (forecast {forecast.id})",
        origin=f"forecast-retreat/{forecast.id}",
    )


def _packed(values: FloatArray) -> bytes:
    return np.asarray(values, dtype="<f8").tobytes()
