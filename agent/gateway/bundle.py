"""A bundle for whoever looks for a fault from afar: logs, settings without secrets, states."""

import asyncio
import io
import json
import logging
import shutil
import tarfile
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.configuration import masks
from agent.configuration.config import secrets_of
from agent.gateway.errors import HubRefused, HubUnreachable
from agent.gateway.executor import ActFailed
from agent.gateway.hub import Hub
from agent.gateway.lease import Lease
from agent.settings import AgentSettings
from wire.clock import Clock
from wire.order import LogsOrder

BUNDLE_BYTES_MAX = 16 * 1024**2
LOG_BYTES_MAX = 32 * 1024**2
"""Of each log, its end; text shrinks to a tenth."""
LINES_MAX = 5_000
"""Of this process's own log, kept in memory."""
JOURNAL_S_MAX = 30.0
TRIES_MAX = 5
TRY_AGAIN_S = 10.0
_UNITS = ("phoenyra-control", "phoenyra-gateway")
_FORMAT = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s %(message)s")


class LogRing(logging.Handler):
    """Keeps the newest lines of this process's log."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(_FORMAT)
        self._lines: deque[str] = deque(maxlen=LINES_MAX)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)


@dataclass(slots=True)
class Bundle:
    """Packs and uploads."""

    config: Path | None
    """None: the settings come from no file."""
    settings: AgentSettings
    picture: Callable[[], Mapping[str, Any]]
    ring: LogRing
    clock: Clock
    hub: Hub

    async def memo(self) -> str:
        return ""

    async def begin(self, lease: Lease) -> str:
        assert lease.command is not None, "a command without content is never begun"
        order = lease.command.order
        assert isinstance(order, LogsOrder), "acts are chosen by their kind"
        packed = await self._packed(order.hours)
        for tries_left in reversed(range(TRIES_MAX)):
            try:
                await self.hub.bundle(lease.id, packed)
                return f"{len(packed)} bytes uploaded"
            except HubUnreachable as error:
                if tries_left == 0:
                    raise ActFailed(f"the hub did not take it: {error}") from error
                await asyncio.sleep(TRY_AGAIN_S)
            except HubRefused as error:
                raise ActFailed(f"the hub did not take it: {error}") from error
        raise ActFailed("the hub did not take it")

    async def resume(self, lease: Lease) -> str:
        raise ActFailed(f"interrupted; ask again ({lease.id})")

    async def _packed(self, hours: int) -> bytes:
        secrets = list(secrets_of(self.settings))
        journal = await _journal(hours)
        parts = {"gateway.log": self.ring.text().encode("utf-8", "replace")}
        if journal is not None:
            parts["journal.log"] = journal
        parts["picture.json"] = json.dumps(self.picture(), indent=1).encode()
        if self.config is not None:
            try:
                parts["settings.toml"] = await asyncio.to_thread(self.config.read_bytes)
            except OSError as error:
                parts["settings.toml"] = f"# {error}\n".encode()
        cleaned = {
            name: masks.masked(content.decode("utf-8", "replace"), secrets).encode("utf-8")
            if name.endswith(".toml")
            else masks.without(content.decode("utf-8", "replace"), secrets).encode("utf-8")
            for name, content in parts.items()
        }
        return await asyncio.to_thread(pack, cleaned, self.clock.now_us())


def pack(parts: Mapping[str, bytes], at_us: int) -> bytes:
    """Return the parts as a gzip tar of at most `BUNDLE_BYTES_MAX`, the ends of long ones."""
    limit = LOG_BYTES_MAX
    while True:
        packed = _pack({name: part[-limit:] for name, part in parts.items()}, at_us)
        if len(packed) <= BUNDLE_BYTES_MAX:
            return packed
        limit //= 2


def _pack(parts: Mapping[str, bytes], at_us: int) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        for name, content in parts.items():
            entry = tarfile.TarInfo(f"phoenyra/{name}")
            entry.size, entry.mtime, entry.mode = len(content), at_us // 1_000_000, 0o600
            archive.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


async def _journal(hours: int) -> bytes | None:
    """Return what the service manager's journal has of both processes; None: there is none."""
    program = shutil.which("journalctl")
    if program is None:
        return None
    units = [argument for unit in _UNITS for argument in ("-u", unit)]
    process = await asyncio.create_subprocess_exec(
        *(program, "--no-pager", "--quiet", "--since", f"{hours} hours ago", *units),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said = b""
    try:
        async with asyncio.timeout(JOURNAL_S_MAX):
            assert process.stdout is not None, "it was asked for"
            while part := await process.stdout.read(65_536):
                said = (said + part)[-LOG_BYTES_MAX:]
    except TimeoutError:
        said += b"\n(the journal took too long and is cut here)\n"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    return said or None
