"""Another version of the software: an outside command fetches it, the next start shows it."""

import asyncio
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from agent.gateway.executor import ActFailed, ActRefused
from agent.gateway.lease import Lease
from agent.gateway.restart import Processes
from wire.order import SoftwareOrder

UPDATE_S_MAX = 600.0
OUTPUT_BYTES_MAX = 64 * 1024
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}")


@dataclass(slots=True)
class Software:
    """Runs ``[update] command`` and has both processes started again."""

    command: Sequence[str]
    """Empty: the settings name none."""
    version: str
    """Of the program that runs."""
    processes: Processes

    async def memo(self) -> str:
        return await self.processes.memo()

    async def begin(self, lease: Lease) -> str:
        wanted = _version(lease)
        if not self.command:
            raise ActRefused("update.command: is missing in the settings of this box")
        if wanted == self.version:
            return f"version {wanted} runs already"
        said = await _run([*self.command, wanted])
        if said is not None:
            raise ActFailed(said)
        await self.processes.all_leave(f"version {wanted}, command {lease.id}")
        return ""

    async def resume(self, lease: Lease) -> str:
        """Judge by what runs now; whether it is well, the command's own check decides."""
        wanted, before = _version(lease), self.processes.before(lease)
        if self.version != wanted:
            raise ActFailed(f"version {self.version} runs after the start, not {wanted}")
        await self.processes.control_back(before.control_boot)
        return f"version {wanted} runs"


def _version(lease: Lease) -> str:
    assert lease.command is not None, "a command without content is never begun"
    order = lease.command.order
    assert isinstance(order, SoftwareOrder), "acts are chosen by their kind"
    if not _VERSION.fullmatch(order.version):
        raise ActRefused(f"version {order.version!r} is not allowed; letters, digits and .+_- are")
    return order.version


async def _run(command: Sequence[str]) -> str | None:
    """Run the command; return what went wrong, None: nothing did."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    said = b""
    try:
        async with asyncio.timeout(UPDATE_S_MAX):
            assert process.stdout is not None, "it was asked for"
            while part := await process.stdout.read(4_096):
                said = (said + part)[-OUTPUT_BYTES_MAX:]
            code = await process.wait()
    except TimeoutError:
        return f"{command[0]} took more than {UPDATE_S_MAX:.0f} s and was ended"
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            await process.wait()
    if code == 0:
        return None
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return f"{command[0]} ended with {code}: {lines[-1] if lines else 'it said nothing'}"
