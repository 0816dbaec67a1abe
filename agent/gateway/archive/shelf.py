"""What the inlet hands to the archive before the rest goes into the buffer."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from agent.archive.columns import RECORD, ROW
from agent.archive.config import ArchiveSettings
from agent.archive.schema import FILE
from agent.archive.trace import Trace
from agent.gateway.archive.store import ArchiveStore, open_archive
from agent.gateway.errors import BufferBlocked
from agent.gateway.rows import Doubt
from agent.link import Item
from wire.block import Block
from wire.clock import Clock, utc
from wire.sync import Severity

Groups = list[tuple[Doubt | None, list[Item]]]
"""Items that share a doubt of their clock, in order."""
TRIES = 3
"""So often the archive is waited for; then the rest goes on without it."""
UPKEEP_S = 600.0
WATCH_S = 1.0
SOURCE = "archive"
_FAILED = "the archive cannot be written, rows and reasons are lost: "
_AGAIN = "the archive is written again"

_logger = logging.getLogger(__name__)

Report = Callable[[str, Severity, str, str], Awaitable[None]]
"""Takes code, severity, text and source of an event."""


class Shelf(Protocol):
    """Keeps what belongs to the archive alone."""

    async def keep(self, boot: str, groups: Groups) -> Groups:
        """Commit the archive's part of `groups`, and return the rest.

        Raises:
            BufferBlocked: it cannot be committed now, and nothing of `groups` may be released.
        """
        ...


class NoShelf:
    """Takes nothing into an archive; what would go there is let go."""

    async def keep(self, boot: str, groups: Groups) -> Groups:
        return _rest(groups)


class Shelved:
    """An archive beside the buffer; see the module.

    The archive commits first and remembers how far it is. So a kill between the two costs
    nothing: control sends again what the buffer has not, and the archive drops what it has.
    A disk that does not take the archive must not stop alarms and telemetry: after some tries
    its part is let go, which the missing seconds and an alarm tell.
    """

    def __init__(self, store: ArchiveStore | None, trouble: str = "") -> None:
        """Take a store; None: there is none, and where one was wanted `trouble` says why not."""
        self._store = store
        self._trouble = trouble
        self._failed = 0
        self._told = False

    async def keep(self, boot: str, groups: Groups) -> Groups:
        """See `Shelf`."""
        items = [item for _, group in groups for item in group if belongs(item)]
        if items and self._store is not None:
            try:
                await asyncio.to_thread(self._store.keep, boot, items)
            except sqlite3.Error as error:
                self._failed, self._trouble = self._failed + 1, str(error)
                if self._failed < TRIES:
                    raise BufferBlocked(f"the archive: {error}") from error
            else:
                self._failed, self._trouble = 0, ""
        return _rest(groups)

    async def run(self, report: Report, now_us: Callable[[], int | None]) -> None:
        """Look after the archive for ever; `now_us` tells None while the time is unknown."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.watch(report), name="archive watch")
            tasks.create_task(self.look_after(now_us), name="archive upkeep")

    async def watch(self, report: Report) -> None:
        """Say for ever when the archive cannot be written, and when it can be again."""
        while True:
            bad = self._failed >= TRIES or (self._store is None and bool(self._trouble))
            with suppress(BufferBlocked):  # then it is tried again
                if bad and not self._told:
                    text = f"{_FAILED}{self._trouble}"
                    await report("ARCHIVE_FAILED", Severity.ALARM, text, SOURCE)
                elif self._told and not bad:
                    await report("ARCHIVE_BACK", Severity.INFO, _AGAIN, SOURCE)
                self._told = bad
            await asyncio.sleep(WATCH_S)

    async def look_after(self, now_us: Callable[[], int | None]) -> None:
        """Let go of what is too old, for ever."""
        while self._store is not None:
            try:
                await asyncio.to_thread(self._store.expire, now_us())
            except sqlite3.Error as error:
                _logger.warning("the archive cannot be looked after: %s", error)
            await asyncio.sleep(UPKEEP_S)


@contextmanager
def shelved(settings: ArchiveSettings, folder: Path, clock: Clock) -> Iterator[Shelved]:
    """Open the archive in `folder`; where that fails the gateway goes on, and says so."""
    if not settings.enabled:
        yield Shelved(None)
        return
    stamp = f"{utc(clock.now_us()):%Y%m%dT%H%M%S}"
    with ExitStack() as stack:
        try:
            store = stack.enter_context(open_archive(folder / FILE, settings, stamp))
        except (sqlite3.Error, OSError) as error:
            _logger.error("%s: the archive cannot be opened: %s", folder / FILE, error)
            yield Shelved(None, str(error))
        else:
            yield Shelved(store)


def belongs(item: Item) -> bool:
    """Say whether the archive keeps it, and the buffer does not."""
    content = item.content
    if isinstance(content, Block):
        return content.device in (ROW, RECORD)
    return isinstance(content, Trace)


def _rest(groups: Groups) -> Groups:
    rest = [(doubt, [item for item in group if not belongs(item)]) for doubt, group in groups]
    return [(doubt, group) for doubt, group in rest if group]
