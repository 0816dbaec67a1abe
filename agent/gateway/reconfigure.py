"""New settings from the hub: checked, put in place, and taken back unless the box is well.

The buffer has no part in it: its file, its numbers and what is in it stay as they are.
"""

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.configuration import candidate, health, trial
from agent.configuration.candidate import BadCandidate
from agent.configuration.health import PATIENCE_S, Seen, Trial
from agent.configuration.trial import TrialImpossible
from agent.gateway.buffer import Buffer
from agent.gateway.errors import BufferBlocked
from agent.gateway.executor import ActFailed, ActRefused
from agent.gateway.lease import Lease
from agent.gateway.restart import Processes, until
from agent.settings import AgentSettings, fingerprint
from wire.order import ConfigurationOrder
from wire.sync import Severity

STEADY_S = 2.0
"""So long the box has to be well: the first picture after a start may be an old one."""
SOURCE = "gateway"
_DIFFER = "control ran with other settings than those of the file; it starts again"

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Reconfigure:
    """See the module."""

    path: Path
    """Of the settings file."""
    settings: AgentSettings
    fingerprint: str
    """Of the settings file as this gateway was started with it."""
    processes: Processes
    buffer: Buffer
    reaches_hub: Callable[[], bool | None]
    """Whether the hub answers; None: there is none."""

    async def memo(self) -> str:
        return await self.processes.memo()

    async def begin(self, lease: Lease) -> str:
        assert lease.command is not None, "a command without content is never begun"
        order = lease.command.order
        assert isinstance(order, ConfigurationOrder), "acts are chosen by their kind"
        try:
            text = await candidate.looked_at(self.path, order.toml, self.settings)
            old = await asyncio.to_thread(self.path.read_text, encoding="utf-8")
            if order.dry_run:
                return "good; nothing was changed"
            if trial.digest(text) == trial.digest(old):
                return "good; these are the settings in force"
            await asyncio.to_thread(trial.begin, self.path, text, self._trial(lease.id, old, text))
        except (BadCandidate, TrialImpossible, OSError) as error:
            raise ActRefused(str(error)) from error
        await self.processes.all_leave(f"new settings, command {lease.id}")
        return ""

    async def resume(self, lease: Lease) -> str:
        now = await asyncio.to_thread(trial.read, self.path)
        if now is None or now.command != lease.id:
            raise ActFailed("interrupted before the new settings were in place")
        if not now.failed:
            failed = await self._verdict(now)
            if not failed:
                await self._report("CONFIGURATION_CHANGED", Severity.INFO, lease.id)
                return "the new settings are in force and the box is well"
            await asyncio.to_thread(trial.roll_back, self.path, failed)
            await self.processes.all_leave("the old settings come back")
        text = f"command {lease.id}: {now.failed}"
        await self._report("CONFIGURATION_ROLLED_BACK", Severity.ALARM, text)
        raise ActFailed(f"the old settings are back: {now.failed}")

    async def tidy(self, ended: Callable[[str], bool]) -> None:
        """Remove what an older run left: a candidate, a trial whose command is `ended`."""
        await asyncio.to_thread(candidate.forget, self.path)
        now = await asyncio.to_thread(trial.read, self.path)
        if now is not None and ended(now.command):
            await asyncio.to_thread(trial.finish, self.path)

    async def agree(self) -> None:
        """Once, when control is there: have it start again if its settings are not the file's.

        A gateway that is killed after it took new settings back, and before it asked control to
        leave, would leave control with the rejected ones.
        """
        latest = self.processes.latest
        await until(lambda: latest.linked, math.inf)
        if latest.control_settings in ("", self.fingerprint):
            return
        if await asyncio.to_thread(self._are_accepted):
            await self._report("SETTINGS_DIFFER", Severity.WARNING, _DIFFER)
            await self.processes.control_leaves("its settings are not those of the file")

    def _are_accepted(self) -> bool:
        """Say whether the file is what this gateway runs with, and on trial no more."""
        now = trial.read(self.path)
        return fingerprint(self.path) == self.fingerprint and (now is None or bool(now.failed))

    async def _verdict(self, now: Trial) -> str:
        """Return what is missing when patience is over; empty: the box is well."""
        await self.processes.leaves_if_still(now.control_boot)
        well = await until(lambda: not self._missing(now), PATIENCE_S, STEADY_S)
        return "" if well else f"after {PATIENCE_S:.0f} s: {self._missing(now) or 'not steady'}"

    def _missing(self, now: Trial) -> str:
        return "; ".join(health.missing(now, self._seen()))

    def _trial(self, command: str, old: str, new: str) -> Trial:
        seen = self._seen()
        return Trial(
            command=command,
            old=trial.digest(old),
            new=trial.digest(new),
            control_boot=seen.control_boot,
            devices=tuple(seen.connected),
            hub=seen.hub is True,
        )

    def _seen(self) -> Seen:
        latest = self.processes.latest
        devices = () if latest.status is None or not latest.linked else latest.status.devices
        return Seen(
            linked=latest.linked,
            control_boot=latest.control_boot,
            configured=[device.id for device in self.settings.devices],
            connected=[device.device for device in devices if device.connected],
            hub=self.reaches_hub(),
        )

    async def _report(self, code: str, severity: Severity, text: str) -> None:
        try:
            await self.buffer.report(code, severity, text, SOURCE)
        except BufferBlocked as error:
            _logger.error("%s %s could not be stored: %s", code, text, error)
