"""What people want of the box, put together: commands, alarms, and the acts that they lead to."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.enrol.credentials import CredentialStore
from agent.gateway import resets
from agent.gateway.alarms import Alarms
from agent.gateway.backoff import Backoff
from agent.gateway.buffer import Buffer
from agent.gateway.bundle import Bundle, LogRing
from agent.gateway.commands import Commands
from agent.gateway.errors import BufferBlocked
from agent.gateway.executor import Act, Executor
from agent.gateway.helmsman import Helmsman
from agent.gateway.hub import Hub
from agent.gateway.inlet import Inlet
from agent.gateway.latchbook import Latchbook
from agent.gateway.latest import Latest
from agent.gateway.outage import Outage
from agent.gateway.reconfigure import Reconfigure
from agent.gateway.report import Facts
from agent.gateway.restart import Processes, Restart
from agent.gateway.selftest import SelfTest
from agent.gateway.smallacts import Acknowledge, RotateKey
from agent.gateway.software import Software
from agent.leaving import Departure
from agent.settings import AgentSettings
from agent.web.app import NotNow
from wire.clock import Clock
from wire.order import (
    AcknowledgeOrder,
    ConfigurationOrder,
    LogsOrder,
    ResetOrder,
    RestartOrder,
    RotateKeyOrder,
    SoftwareOrder,
)

_RUN_BYTES = 8


@dataclass(frozen=True, slots=True)
class HubSide:
    """The line to the hub and the keys that sign on it."""

    hub: Hub
    keys: CredentialStore


class Orders:
    """See the module; `restore` comes first."""

    def __init__(
        self,
        settings: AgentSettings,
        config: Path | None,
        facts: Facts,
        buffer: Buffer,
        inlet: Inlet,
        latest: Latest,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._config = config
        self._facts = facts
        self._buffer = buffer
        self._latest = latest
        self._clock = clock
        self._departure = Departure()
        run = secrets.token_hex(_RUN_BYTES)
        self._processes = Processes(inlet, latest, self._departure, run)
        self.commands = Commands(buffer, clock.now_us)
        self.alarms = Alarms(buffer, latest, clock)
        self._helmsman = Helmsman(self.commands, inlet, latest, clock)
        self._book = Latchbook(settings.data_dir, inlet, latest, buffer, clock)
        rated_kw = min(settings.control.discharge_kw_max, settings.control.charge_kw_max)
        test = SelfTest(self._helmsman, self._book, latest, clock, rated_kw)
        self.resets = resets.desk(self._book, test)

    async def restore(self) -> None:
        """Read what was known before the start, and have control told what is wanted."""
        await self.commands.restore()
        await self.alarms.restore()
        self._book.restore()
        self._helmsman.steer()

    async def acknowledge(self, alarm: str, who: str, note: str) -> bool:
        """Note that a technician has seen an alarm; False: there is no such alarm.

        Raises:
            NotNow: it could not be written.
        """
        try:
            await self.alarms.acknowledge(alarm, who, note, self._clock.now_us())
        except KeyError:
            return False
        except BufferBlocked as error:
            raise NotNow(str(error)) from error
        return True

    async def run(self, side: HubSide | None, picture: Callable[[], Mapping[str, Any]]) -> None:
        """Work until cancelled.

        Args:
            side: None: the box has no hub.
            picture: what the technician's page shows.

        Raises:
            Left: a command asks for this process's end.
        """
        with _kept_log() as ring:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._departure.wait(), name="departure")
                tasks.create_task(self.alarms.run(), name="alarms")
                tasks.create_task(self.alarms.watch(), name="alarm conditions")
                tasks.create_task(self._helmsman.run(), name="helmsman")
                tasks.create_task(self._book.run(), name="latches")
                reconfigure = self._reconfigure(side)
                acts = self._acts(side, reconfigure, picture, ring)
                executor = Executor(self.commands, acts, self._clock)
                tasks.create_task(self._execute(executor, reconfigure), name="executor")
                if side is not None:
                    outage = Outage(
                        "results to the hub",
                        self._clock,
                        Backoff(secrets.SystemRandom().uniform),
                        lambda _lane: None,
                    )
                    tasks.create_task(self.commands.tell(side.hub, outage), name="results")

    async def _execute(self, executor: Executor, reconfigure: Reconfigure | None) -> None:
        await executor.resume()
        async with asyncio.TaskGroup() as tasks:
            if reconfigure is not None:
                await reconfigure.tidy(self._ended)
                tasks.create_task(reconfigure.agree(), name="settings of control")
            await executor.run()

    def _ended(self, command: str) -> bool:
        """Say whether nobody waits for a verdict on this command any more."""
        return all(one.id != command or one.state.final for one in self.commands.held)

    def _acts(
        self,
        side: HubSide | None,
        reconfigure: Reconfigure | None,
        picture: Callable[[], Mapping[str, Any]],
        ring: LogRing,
    ) -> dict[str, Act]:
        update = self._settings.update
        command = () if update is None else update.command
        acts: dict[str, Act] = {
            AcknowledgeOrder.kind: Acknowledge(self.alarms),
            ResetOrder.kind: resets.Reset(self._book),
            RestartOrder.kind: Restart(self._processes),
            SoftwareOrder.kind: Software(command, self._facts.version, self._processes),
        }
        if reconfigure is not None:
            acts[ConfigurationOrder.kind] = reconfigure
        if side is not None:
            acts[RotateKeyOrder.kind] = RotateKey(side.hub, side.keys)
            acts[LogsOrder.kind] = Bundle(
                self._config, self._settings, picture, ring, self._clock, side.hub
            )
        return acts

    def _reconfigure(self, side: HubSide | None) -> Reconfigure | None:
        if self._config is None:
            return None
        return Reconfigure(
            self._config,
            self._settings,
            self._facts.configuration,
            self._processes,
            self._buffer,
            lambda: None if side is None else self._reaches_hub(),
        )

    def _reaches_hub(self) -> bool:
        lanes = (self._latest.up, self._latest.down)
        answered = any(lane.answered_us is not None for lane in lanes)
        return answered and not any(lane.trouble for lane in lanes)


@contextmanager
def _kept_log() -> Iterator[LogRing]:
    ring = LogRing()
    logging.getLogger().addHandler(ring)
    try:
        yield ring
    finally:
        logging.getLogger().removeHandler(ring)
