"""From the hub to the box: a long poll for schedule, commands, and who watches.

A schedule is saved before it is passed on, and a command before it is acted on: a box without a
hub goes on with what it was told.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from agent.gateway.buffer import Buffer
from agent.gateway.errors import BufferBlocked, HubRefused, HubUnreachable
from agent.gateway.hub import Hub
from agent.gateway.inlet import Inlet
from agent.gateway.latest import Latest
from agent.gateway.outage import Outage
from wire import fields
from wire import schedule as schedules
from wire.clock import Clock
from wire.command import Command
from wire.fields import BadMessage
from wire.schedule import Schedule
from wire.sync import Downlink as Answer

POLL_PERIOD_S_MIN = 1.0
"""A hub that answers a long poll at once and without news is not asked more often than this."""

Unreadable = Sequence[tuple[str, str]]
TakeCommands = Callable[[Sequence[Command], Unreadable], Awaitable[None]]
"""Takes commands, and (id, why) of those that cannot be read; the same ones come again until the
hub has heard that they are held."""

_logger = logging.getLogger(__name__)


async def _nobody(commands: Sequence[Command], unreadable: Unreadable) -> None:
    """There is nobody to take commands: the hub keeps them until they expire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Takers:
    """Who is told what the hub says."""

    watch: Callable[[tuple[str, ...]], None] = lambda _points: None
    """The points that somebody watches now, with every answer."""
    grant: Callable[[int | None], None] = lambda _bytes_s: None
    """What backfill may take of the line, in bytes a second."""
    commands: TakeCommands = _nobody


_TAKERS = Takers()


class Downlink:
    """See the module."""

    def __init__(
        self,
        buffer: Buffer,
        inlet: Inlet,
        latest: Latest,
        clock: Clock,
        site: str,
    ) -> None:
        self._buffer = buffer
        self._inlet = inlet
        self._latest = latest
        self._clock = clock
        self._site = site

    async def restore(self) -> None:
        """Pass on what was saved before the start: a box without a hub goes on with it."""
        body = await self._buffer.schedule()
        if body is None:
            return
        try:
            self._inlet.send_schedule(schedules.from_document(fields.parse(body, "schedule")))
        except BadMessage as error:
            _logger.error("the saved schedule is of no use: %s", error)

    async def run(self, hub: Hub, outage: Outage, wait_s: float, takers: Takers = _TAKERS) -> None:
        """Poll for ever."""
        loop = asyncio.get_running_loop()
        while True:
            asked_s = loop.time()
            schedule = self._latest.schedule
            have = -1 if schedule is None else schedule.version
            try:
                answer = await hub.downlink(have, self._latest.watch, wait_s)
                self._latest.clock_off_us = answer.server_us - self._clock.now_us()
                await self._take(answer, takers)
            except (HubUnreachable, HubRefused, BufferBlocked) as error:
                await outage.failed(error)
                continue
            outage.succeeded()
            if self._latest.schedule is schedule:
                await asyncio.sleep(min(wait_s, POLL_PERIOD_S_MIN) - (loop.time() - asked_s))

    async def _take(self, answer: Answer, takers: Takers) -> None:
        takers.watch(answer.watch)
        takers.grant(answer.grant_bytes_s)
        if answer.schedule is not None:
            await self._follow(answer.schedule)
        if answer.commands or answer.unreadable:
            await takers.commands(answer.commands, answer.unreadable)

    async def _follow(self, schedule: Schedule) -> None:
        if schedule.site != self._site:
            raise HubUnreachable(f"the schedule is for site {schedule.site}, not {self._site}")
        known = self._latest.schedule
        if known is not None and not schedule.replaces(known):
            return
        document = schedules.to_document(schedule)
        await self._buffer.save_schedule(json.dumps(document))
        self._inlet.send_schedule(schedule)
        _logger.info("schedule version %d, %d slots", schedule.version, len(schedule.slots))
