"""What the inlet hands to the archive before the rest goes into the buffer."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from agent.archive.columns import RECORD, ROW
from agent.archive.trace import Trace
from agent.gateway.archive.store import ArchiveStore
from agent.gateway.errors import BufferBlocked
from agent.gateway.rows import Doubt
from agent.link import Item
from wire.block import Block
from wire.sync import Severity

Groups = list[tuple[Doubt | None, list[Item]]]
"""Items that share a doubt of their clock, in order."""
TRIES = 3
"""So often the archive is waited for; then the rest goes on without it."""
UPKEEP_S = 600.0
_FAILED = "the archive cannot be written, rows and reasons are lost: "
_AGAIN = "the archive is written again"

_logger = logging.getLogger(__name__)

Report = Callable[[str, Severity, str], Coroutine[Any, Any, None]]


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

    def __init__(self, store: ArchiveStore, report: Report) -> None:
        self._store = store
        self._report = report
        self._failed = 0

    async def keep(self, boot: str, groups: Groups) -> Groups:
        """See `Shelf`."""
        items = [item for _, group in groups for item in group if belongs(item)]
        if items:
            try:
                await asyncio.to_thread(self._store.keep, boot, items)
            except sqlite3.Error as error:
                self._failed += 1
                if self._failed < TRIES:
                    raise BufferBlocked(f"the archive: {error}") from error
                if self._failed == TRIES:
                    await self._report("ARCHIVE_FAILED", Severity.ALARM, f"{_FAILED}{error}")
            else:
                if self._failed >= TRIES:
                    await self._report("ARCHIVE_BACK", Severity.INFO, _AGAIN)
                self._failed = 0
        return _rest(groups)

    async def look_after(self, now_us: Callable[[], int | None]) -> None:
        """Let go of what is too old, for ever; `now_us` tells None while the time is unknown."""
        while True:
            try:
                await asyncio.to_thread(self._store.expire, now_us())
            except sqlite3.Error as error:
                _logger.warning("the archive cannot be looked after: %s", error)
            await asyncio.sleep(UPKEEP_S)


def belongs(item: Item) -> bool:
    """Say whether the archive keeps it, and the buffer does not."""
    content = item.content
    if isinstance(content, Block):
        return content.device in (ROW, RECORD)
    return isinstance(content, Trace)


def _rest(groups: Groups) -> Groups:
    rest = [(doubt, [item for item in group if not belongs(item)]) for doubt, group in groups]
    return [(doubt, group) for doubt, group in rest if group]
