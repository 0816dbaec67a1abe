"""From the hub to control: a long poll for the schedule, saved before it is passed on."""

import asyncio
import json
import logging

from agent.gateway.buffer import Buffer
from agent.gateway.errors import BufferBlocked, HubRefused, HubUnreachable
from agent.gateway.hub import Hub
from agent.gateway.inlet import Inlet
from agent.gateway.latest import Latest
from agent.gateway.outage import Outage
from wire import fields
from wire import schedule as schedules
from wire.clock import Clock
from wire.fields import BadMessage
from wire.schedule import Schedule

POLL_PERIOD_S_MIN = 1.0
"""A hub that answers a long poll at once and without news is not asked more often than this."""

_logger = logging.getLogger(__name__)


class Downlink:
    """See the module."""

    def __init__(
        self, buffer: Buffer, inlet: Inlet, latest: Latest, clock: Clock, site: str
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

    async def run(self, hub: Hub, outage: Outage, wait_s: float) -> None:
        """Poll for ever."""
        loop = asyncio.get_running_loop()
        while True:
            asked_s = loop.time()
            schedule = self._latest.schedule
            try:
                answer = await hub.downlink(
                    -1 if schedule is None else schedule.version, (), wait_s
                )
                self._latest.clock_off_us = answer.server_us - self._clock.now_us()
                if answer.schedule is not None:
                    await self._take(answer.schedule)
            except (HubUnreachable, HubRefused, BufferBlocked) as error:
                await outage.failed(error)
                continue
            outage.succeeded()
            if self._latest.schedule is schedule:
                await asyncio.sleep(min(wait_s, POLL_PERIOD_S_MIN) - (loop.time() - asked_s))

    async def _take(self, schedule: Schedule) -> None:
        if schedule.site != self._site:
            raise HubUnreachable(f"the schedule is for site {schedule.site}, not {self._site}")
        known = self._latest.schedule
        if known is not None and not schedule.replaces(known):
            return
        document = schedules.to_document(schedule)
        await self._buffer.save_schedule(json.dumps(document))
        self._inlet.send_schedule(schedule)
        _logger.info("schedule version %d, %d slots", schedule.version, len(schedule.slots))
