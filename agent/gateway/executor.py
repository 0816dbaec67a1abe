"""Does what commands ask, one after the other, each once.

A command is `running` on the disk before anything is done, so what a killed gateway had begun is
never begun again: after the start it is judged by what can be seen, and where nothing can be seen
it has failed. What control is steered by is not done here (see `agent.gateway.helmsman`).
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

from agent.gateway import lease as leases
from agent.gateway.commands import Commands
from agent.gateway.errors import BufferBlocked
from agent.gateway.lease import Change, Lease
from wire.clock import Clock
from wire.command import State
from wire.fields import cut

LOOK_PERIOD_S = 1.0
BLOCKED_PAUSE_S = 1.0

_logger = logging.getLogger(__name__)


class ActRefused(Exception):
    """It was not begun; the text says why."""


class ActFailed(Exception):
    """It was begun and did not come to its end; the text says how far it came."""


class Act(Protocol):
    """How one kind of command is done. Both return one line about a good end."""

    async def memo(self) -> str:
        """Return what `resume` needs to know of the time before; written down first."""
        ...

    async def begin(self, lease: Lease) -> str:
        """Do it.

        Raises:
            ActRefused: it was not begun.
            ActFailed: it was.
        """
        ...

    async def resume(self, lease: Lease) -> str:
        """Say what has become of it: the gateway was started again meanwhile.

        Raises:
            ActFailed: it has come to no good end.
        """
        ...


class Executor:
    """See the module."""

    def __init__(self, commands: Commands, acts: Mapping[str, Act], clock: Clock) -> None:
        self._commands = commands
        self._acts = acts
        self._clock = clock

    async def resume(self) -> None:
        """Judge what was begun before the start."""
        for lease in self._commands.held:
            if lease.state is State.RUNNING and not leases.is_steering(lease):
                await self._resume(lease)

    async def run(self) -> None:
        """Do what waits, for ever; `resume` comes first."""
        while True:
            await self._expire()
            lease_or_none = leases.next_act(self._commands.held)
            if lease_or_none is not None:
                await self._do(lease_or_none)
                continue
            try:
                async with asyncio.timeout(LOOK_PERIOD_S):
                    await self._commands.wait()
            except TimeoutError:
                continue

    async def _expire(self) -> None:
        now_us = self._clock.now_us()
        for lease in self._commands.held:
            if not leases.is_steering(lease):
                change = leases.overdue(lease, now_us)
                if change is not None:
                    await self._change(change)

    async def _do(self, lease: Lease) -> None:
        act = self._acts.get(lease.command.kind) if lease.command is not None else None
        if act is None:
            await self._change(Change(lease.id, State.REFUSED, "this box cannot do that"))
            return
        lease = await self._change(Change(lease.id, State.RUNNING, "begun"), await act.memo())
        try:
            change = Change(lease.id, State.DONE, await act.begin(lease))
        except ActRefused as refused:
            change = Change(lease.id, State.REFUSED, cut(str(refused)))
        except ActFailed as failed:
            change = Change(lease.id, State.FAILED, cut(str(failed)))
        await self._change(change)

    async def _resume(self, lease: Lease) -> None:
        act = self._acts.get(lease.command.kind) if lease.command is not None else None
        try:
            if act is None:
                raise ActFailed("this box cannot do that")
            change = Change(lease.id, State.DONE, await act.resume(lease))
        except (ActFailed, ActRefused) as failed:
            change = Change(lease.id, State.FAILED, cut(str(failed)))
        await self._change(change)

    async def _change(self, change: Change, memo: str | None = None) -> Lease:
        """Write a change down, however long the disk needs: nothing goes on before."""
        while True:
            try:
                return await self._commands.change(change, memo)
            except BufferBlocked as error:
                _logger.error("commands wait: %s", error)
                await asyncio.sleep(BLOCKED_PAUSE_S)
