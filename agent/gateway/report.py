"""How the box is doing, told to the hub every 30 s and as soon as something changes.

Only the newest report counts, so nothing waits when the hub is away.
"""

import asyncio
import logging
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from agent.gateway.backlog import Backlog
from agent.gateway.backoff import Backoff
from agent.gateway.errors import HubRefused, HubUnreachable
from agent.gateway.hub import Hub
from agent.gateway.latest import Latest
from agent.gateway.meter import OLD_US
from wire.clock import Clock
from wire.report import DEVICES_MAX, Device, Report

PERIOD_S = 30.0
LOOK_S = 1.0
"""How soon a change is told; also the shortest time between two reports."""


_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What never changes while the process runs."""

    version: str
    started_us: int
    bytes_max: int
    configuration: str
    """Fingerprint of the settings file; empty: not known."""
    data_dir: Path


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that the buffer is on."""

    free_bytes: int
    bytes: int


class Reporter:
    """See the module."""

    def __init__(self, facts: Facts, latest: Latest, clock: Clock) -> None:
        self._facts = facts
        self._latest = latest
        self._clock = clock
        self._refused = ""

    async def run(self, hub: Hub) -> None:
        """Report for ever; the other lanes say when the hub is away."""
        loop = asyncio.get_running_loop()
        told: object = None
        due_s = loop.time()
        pauses = Backoff(secrets.SystemRandom().uniform)
        while True:
            state = self._state()
            if state != told or loop.time() >= due_s:
                try:
                    await hub.report(await self._report())
                except (HubUnreachable, HubRefused) as error:
                    self._failed(error)
                    await asyncio.sleep(pauses.next_s())
                else:
                    told, due_s, self._refused = state, loop.time() + PERIOD_S, ""
                    pauses.reset()
            await asyncio.sleep(LOOK_S)

    def _failed(self, error: HubUnreachable | HubRefused) -> None:
        code = error.code if isinstance(error, HubRefused) else ""
        if code and code != self._refused:
            _logger.warning("the hub does not take our report: %s", error)
        self._refused = code

    def _state(self) -> object:
        """Return what is worth a report of its own when it changes."""
        latest, status = self._latest, self._latest.status
        devices = [] if status is None else [(d.device, d.connected) for d in status.devices]
        troubles = [] if status is None else [bool(d.trouble) for d in status.devices]
        mode = status.mode if status is not None and latest.linked else ""
        waits = latest.backlog
        losses = None if waits is None else (waits.quarantined, waits.gaps, self._is_behind(waits))
        stored = bool(latest.store_trouble)
        return latest.linked, mode, devices, troubles, stored, latest.clock.state, losses

    def _is_behind(self, waits: Backlog) -> bool:
        """Say whether there is backfill: the hub shares its line among those who have some."""
        return waits.from_us is not None and self._clock.now_us() - waits.from_us > OLD_US

    async def _report(self) -> Report:
        disk = await asyncio.to_thread(_disk, self._facts.data_dir)
        return report(self._facts, self._latest, disk, self._clock.now_us())


def report(facts: Facts, latest: Latest, disk: Disk, now_us: int) -> Report:
    """Return the box's state at `now_us`; pure."""
    status, buffer, waits = latest.status, latest.buffer, latest.backlog
    devices = () if status is None else status.devices[:DEVICES_MAX]
    return Report(
        at_us=now_us,
        version=facts.version,
        started_us=facts.started_us,
        clock=latest.clock.state,
        clock_off_us=latest.clock.correction_us,
        linked=latest.linked,
        mode=status.mode if status is not None and latest.linked else "",
        missed_beats=0 if status is None else status.missed,
        backlog_frames=0 if waits is None else waits.frames,
        backlog_bytes=0 if buffer is None else max(0, buffer.bytes),
        backlog_bytes_max=facts.bytes_max,
        backlog_from_us=None if waits is None else waits.from_us,
        quarantined=0 if waits is None else waits.quarantined,
        gaps=0 if waits is None else waits.gaps,
        disk_free_bytes=disk.free_bytes,
        disk_bytes=disk.bytes,
        written_bytes_day=latest.written_bytes_day,
        store_trouble=latest.store_trouble,
        configuration=facts.configuration,
        devices=tuple(
            Device(
                id=device.device,
                connected=device.connected,
                answered_us=device.answered_us,
                trouble=device.trouble,
            )
            for device in devices
        ),
    )


def _disk(folder: Path) -> Disk:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return Disk(0, 0)
    return Disk(usage.free, usage.total)
