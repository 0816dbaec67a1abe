"""The acts that end processes: restart, new settings, another version of the software.

Whoever supervises the processes starts them again; what has become of the act is seen after that.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

from agent.gateway.executor import ActFailed
from agent.gateway.inlet import Inlet
from agent.gateway.latest import Latest
from agent.gateway.lease import Lease
from agent.leaving import Departure
from wire import fields
from wire.fields import BadMessage
from wire.order import Part, RestartOrder

CONTROL_BACK_S_MAX = 60.0
CONTROL_GONE_S_MAX = 5.0
CONTROL_LINK_S_MAX = 10.0
"""A gateway that was started a moment ago has a command before it has control."""
LOOK_PERIOD_S = 0.1
UNCONNECTED = "control is not connected"


async def until(happened: Callable[[], bool], within_s: float, steady_s: float = 0.0) -> bool:
    """Return True as soon as `happened` has been true for `steady_s`, False after `within_s`."""
    loop = asyncio.get_running_loop()
    give_up_s = loop.time() + within_s
    since_s: float | None = None
    while True:
        now_s = loop.time()
        since_s = None if not happened() else now_s if since_s is None else since_s
        if since_s is not None and now_s - since_s >= steady_s:
            return True
        if now_s >= give_up_s:
            return False
        await asyncio.sleep(LOOK_PERIOD_S)


@dataclass(frozen=True, slots=True)
class Before:
    """Which runs of the two processes there were when an act was begun."""

    run: str
    control_boot: str


@dataclass(slots=True)
class Processes:
    """The two processes of the box, as the gateway ends them and sees them again."""

    inlet: Inlet
    latest: Latest
    departure: Departure
    run: str
    """Random, new for each run of the gateway."""

    async def memo(self) -> str:
        """Return which runs there are; control has `CONTROL_LINK_S_MAX` to connect."""
        await until(lambda: self.latest.linked, CONTROL_LINK_S_MAX)
        return json.dumps({"run": self.run, "control_boot": self.latest.control_boot})

    def before(self, lease: Lease) -> Before:
        """Return what `memo` wrote down when the act was begun."""
        try:
            document = fields.parse(lease.memo, "memo")
            return Before(
                fields.text(document, "run", "memo"),
                fields.text(document, "control_boot", "memo", empty=True),
            )
        except BadMessage as error:
            raise ActFailed(f"interrupted: {error}") from error

    async def control_leaves(self, reason: str) -> bool:
        """Ask control to end; say whether it has gone within `CONTROL_GONE_S_MAX`."""
        boot = self.latest.control_boot
        if not self.inlet.send_leave(reason):
            return False
        return await until(
            lambda: not self.latest.linked or self.latest.control_boot != boot, CONTROL_GONE_S_MAX
        )

    async def control_back(self, boot: str) -> None:
        """Wait for a run of control other than `boot`, which is asked again if it is still there.

        Raises:
            ActFailed: it does not come.
        """
        await self.leaves_if_still(boot)
        back = await until(
            lambda: self.latest.linked and self.latest.control_boot != boot, CONTROL_BACK_S_MAX
        )
        if not back:
            raise ActFailed(f"control was not started again within {CONTROL_BACK_S_MAX:.0f} s")

    async def leaves_if_still(self, boot: str) -> None:
        """Ask control to end if it is that run: a gateway killed meanwhile may not have asked."""
        await until(lambda: self.latest.linked, CONTROL_BACK_S_MAX)
        if self.latest.linked and self.latest.control_boot == boot:
            await self.control_leaves("asked again after the gateway's start")

    async def all_leave(self, reason: str) -> None:
        """End both processes; does not return."""
        await self.control_leaves(reason)
        await self.gateway_leaves(reason)

    async def gateway_leaves(self, reason: str) -> None:
        """End this process; does not return."""
        self.departure.leave(reason)
        await asyncio.Event().wait()


@dataclass(slots=True)
class Restart:
    """Ends a process in good order; whoever supervises it starts it again."""

    processes: Processes

    async def memo(self) -> str:
        return await self.processes.memo()

    async def begin(self, lease: Lease) -> str:
        part = _part(lease)
        reason = f"restart, command {lease.id}"
        if part is Part.CONTROL:
            if not self.processes.latest.linked:
                raise ActFailed(UNCONNECTED)
            boot = self.processes.latest.control_boot
            await self.processes.control_leaves(reason)
            await self.processes.control_back(boot)
        elif part is Part.GATEWAY:
            await self.processes.gateway_leaves(reason)
        else:
            await self.processes.all_leave(reason)
        return f"{part.value} was started again"

    async def resume(self, lease: Lease) -> str:
        part, before = _part(lease), self.processes.before(lease)
        if part is Part.CONTROL and not before.control_boot:
            raise ActFailed(UNCONNECTED)
        if part is not Part.GATEWAY:
            await self.processes.control_back(before.control_boot)
        return f"{part.value} was started again"


def _part(lease: Lease) -> Part:
    command = lease.command
    assert command is not None, "a command without content is never begun"
    assert isinstance(command.order, RestartOrder), "acts are chosen by their kind"
    return command.order.part
