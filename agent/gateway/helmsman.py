"""Has control steered as operators want, and finds out whether it is.

What is wanted follows from the commands that were begun, so a gateway that was killed says the
same again after its start; control holds a setpoint until its end without any gateway.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace

from agent.gateway import helm
from agent.gateway.commands import Commands
from agent.gateway.errors import BufferBlocked
from agent.gateway.helm import Seen
from agent.gateway.inlet import Inlet
from agent.gateway.latest import Latest
from agent.gateway.lease import Change
from agent.steering import Override, Steering
from wire.clock import Clock

LOOK_PERIOD_S = 0.2
BLOCKED_PAUSE_S = 1.0

_logger = logging.getLogger(__name__)


class Helmsman:
    """See the module."""

    def __init__(self, commands: Commands, inlet: Inlet, latest: Latest, clock: Clock) -> None:
        self._commands = commands
        self._inlet = inlet
        self._latest = latest
        self._clock = clock
        self._said: Steering | None = None
        self._borrowed: Override | None = None
        self._seen: dict[str, Seen] = {}

    def steer(self) -> None:
        """Have control told what is wanted, where that has changed."""
        wanted = self._commands.steering()
        if self._borrowed is not None and wanted.override is None:
            wanted = replace(wanted, override=self._borrowed)
        if wanted != self._said:
            self._said = wanted
            self._inlet.say(wanted)

    def borrow(self, override: Override | None) -> None:
        """Hold a power for a test, unless an operator wants another; None: give it back."""
        self._borrowed = override
        self.steer()

    async def run(self) -> None:
        """Begin what waits and look whether it holds, for ever."""
        while True:
            try:
                await self._look()
            except BufferBlocked as error:
                _logger.error("commands wait: %s", error)
                await asyncio.sleep(BLOCKED_PAUSE_S)
            await asyncio.sleep(LOOK_PERIOD_S)

    async def _look(self) -> None:
        held = self._commands.held
        now_us = self._clock.now_us()
        await self._change(helm.starts(held, now_us))
        self.steer()
        await self._change(helm.given_up(self._commands.held, now_us))
        status = self._latest.status
        if status is not None and self._latest.linked:
            now_s = asyncio.get_running_loop().time()
            await self._change(helm.look(self._commands.held, status, self._seen, now_s))

    async def _change(self, changes: Iterable[Change]) -> None:
        for change in list(changes):
            await self._commands.change(change)
