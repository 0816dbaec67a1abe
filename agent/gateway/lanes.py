"""The ways between box and hub, put together: history, the long poll, live values, the report.

Each lane keeps its own pauses; when one comes back, the pause of the other is over.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from agent.enrol.config import HubSettings
from agent.gateway.backoff import Backoff
from agent.gateway.buffer import Buffer
from agent.gateway.downlink import Downlink, TakeCommands, Takers
from agent.gateway.hub import Hub
from agent.gateway.inlet import Inlet
from agent.gateway.latest import Lane, Latest
from agent.gateway.live import LiveLane
from agent.gateway.meter import Meter
from agent.gateway.outage import Outage
from agent.gateway.report import Facts, Reporter
from agent.gateway.uplink import Uplink
from wire.clock import Clock


class Lanes:
    """See the module. Without a hub only `restore` is of use."""

    def __init__(
        self,
        settings: HubSettings,
        site: str,
        facts: Facts,
        buffer: Buffer,
        inlet: Inlet,
        latest: Latest,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._buffer = buffer
        self._latest = latest
        self._clock = clock
        self._meter = Meter(own_bytes_s=settings.backfill_bytes_s)
        self._live = LiveLane(latest, clock)
        self._downlink = Downlink(buffer, inlet, latest, clock, site)
        self._reporter = Reporter(facts, latest, clock)
        self._up = self._outage("upload to the hub", self._show_up)
        self._down = self._outage("schedule from the hub", self._show_down)

    async def restore(self) -> None:
        """Pass on what the hub said before the start."""
        await self._downlink.restore()

    async def run(
        self,
        hub: Hub,
        gateway: str,
        commands: TakeCommands | None = None,
        ready: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        """Work for ever.

        Args:
            gateway: what the hub calls this box.
            commands: takes the hub's commands; None: they are left until they expire.
            ready: returns once frames after a number may go out; None: always.
        """
        takers = Takers(watch=self._live.watch, grant=self._grant)
        if commands is not None:
            takers = Takers(watch=self._live.watch, grant=self._grant, commands=commands)
        uplink = Uplink(
            self._buffer, hub, gateway, self._up, clock=self._clock, meter=self._meter, ready=ready
        )
        wait_s = self._settings.poll_wait_s
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(uplink.run(), name="uplink")
            tasks.create_task(self._downlink.run(hub, self._down, wait_s, takers), name="downlink")
            tasks.create_task(self._live.run(hub), name="live")
            tasks.create_task(self._reporter.run(hub), name="report")

    def _grant(self, bytes_s: int | None) -> None:
        self._meter.granted_bytes_s = bytes_s

    def _outage(self, name: str, show: Callable[[Lane], None]) -> Outage:
        return Outage(name, self._clock, Backoff(secrets.SystemRandom().uniform), show)

    def _show_up(self, lane: Lane) -> None:
        before, self._latest.up = self._latest.up, lane
        if before.trouble and not lane.trouble:
            self._down.hurry()

    def _show_down(self, lane: Lane) -> None:
        before, self._latest.down = self._latest.down, lane
        if before.trouble and not lane.trouble:
            self._up.hurry()
