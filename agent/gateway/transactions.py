"""Transactions of the buffer's file: one at a time, all or nothing, in our own errors."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import aiosqlite

from agent.gateway import bufferfile

Found = TypeVar("Found")
Step = Callable[[aiosqlite.Connection], Awaitable[Found]]
"""Part of a transaction on tables of another file of this folder."""


class Transactions:
    """See the module; `undone` hears of every transaction that was rolled back."""

    def __init__(
        self, database: aiosqlite.Connection, path: Path, undone: Callable[[], None]
    ) -> None:
        self.database = database
        self._path = path
        self._undone = undone
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """No transaction is open meanwhile: what is read is committed."""
        async with self._lock:
            with bufferfile.translated(self._path):
                yield

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """All or nothing, also when the task is cancelled; nothing is cached between two."""
        async with self.reading():
            try:
                await self.database.execute("BEGIN IMMEDIATE")
                yield
                await self.database.execute("COMMIT")
            except BaseException:
                self._undone()
                # Nothing to roll back where the commit came through before the cancellation.
                with suppress(sqlite3.DatabaseError):
                    await self.database.execute("ROLLBACK")
                raise

    async def checkpoint(self) -> None:
        """Empty the write-ahead log into the file, as far as the disk lets us."""
        async with self._lock:
            with suppress(sqlite3.DatabaseError):
                await self.database.execute("PRAGMA wal_checkpoint(RESTART)")
