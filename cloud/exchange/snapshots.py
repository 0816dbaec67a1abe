"""Snapshots while the exchange trades: a niced process for each, one at a time.

``python -m cloud.exchange.snapshots FOLDER MODULE:FUNCTION [ARGUMENT…]`` writes a snapshot of the
journal's closed segments; the function, given the arguments, returns a new venue, the same as the
writer's. It reads files that never change, so it needs no lock and may be killed at any moment.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import cast

from cloud.exchange.checks.guard import Checks
from cloud.exchange.journal import snapshot
from cloud.exchange.journal.errors import JournalUnusable
from cloud.exchange.recovery import Replayable, take
from cloud.exchange.venue.replay import ReplayDiffers
from cloud.exchange.venue.venue import Venue

FACTS_MIN = 50_000
"""Fewer facts are read again in a fraction of a second."""
VENUE = "cloud.exchange.snapshots:checked_venue"
_NICENESS = 19
_FAILED = 1

_logger = logging.getLogger(__name__)


class Snapshots:
    """Takes a snapshot when segments were closed that are worth one; `look` after each commit."""

    def __init__(
        self,
        folder: Path,
        venue: str = VENUE,
        facts_min: int = FACTS_MIN,
        arguments: Sequence[str] = (),
    ) -> None:
        """`venue` is MODULE:FUNCTION of a function that, given `arguments`, returns a new venue."""
        self._folder = folder
        self._venue = venue
        self._arguments = tuple(arguments)
        self._facts_min = facts_min
        self._until = max((int(path.stem) for path in snapshot.listed(folder)), default=0)
        self._due = asyncio.Event()

    def look(self, closed_until: int) -> None:
        """Note how far the journal's closed segments reach (`Journal.closed_until`)."""
        if closed_until - self._until >= self._facts_min:
            self._until = closed_until
            self._due.set()

    async def run(self) -> None:
        """Take snapshots until cancelled; one that fails is reported, and the next one is tried."""
        while True:
            await self._due.wait()
            self._due.clear()
            await self.take()

    async def take(self) -> bool:
        """Take one now, in a process of its own; say whether that went well."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, str(self._folder), self._venue, *self._arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            _, said = await process.communicate()
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode:
            last = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
            _logger.warning("no snapshot was taken: %s", last or f"exit {process.returncode}")
        return process.returncode == 0


def checked_venue() -> Venue:
    """Return a new venue with the checks, as the writer has it.

    Sites, hooks and catalogue are not needed: a replay asks none of them.
    """
    return Venue(Checks())


def main(folder: str, venue: str, *arguments: str) -> int:
    """Write a snapshot and return the process's exit code."""
    os.nice(_NICENESS)
    module, _, function = venue.partition(":")
    make = cast("Callable[..., Replayable]", getattr(import_module(module), function))
    try:
        take(Path(folder), make(*arguments))
    except (JournalUnusable, ReplayDiffers, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return _FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
