"""The buffer's file: made, opened, and set aside when it is damaged.

One SQLite database in WAL mode with ``synchronous=FULL``, held exclusively: a second gateway on
the same folder is refused instead of numbering the same frames. Its tables are in
`agent.gateway.schema`: who needs one of its own in this file adds a step there.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiosqlite

from agent.gateway.errors import BufferBlocked, BufferDamaged, BufferUnusable, DiskFull
from agent.gateway.schema import SCHEMA_VERSION, steps_from

SET_ASIDE_MAX = 2
"""Damaged files that are kept; the oldest beyond it is deleted, for the disk is finite."""
CHECKED_BYTES_MAX = 64 * 1024**2
"""Files up to here are checked page by page at the start; a larger one would delay it too long,
and its frames carry a CRC each."""
PAGE_BYTES = 1024
"""A small site commits some hundred bytes at a time: pages of 4 KiB cost the flash half as much
again (307 instead of 207 bytes a point, 40 points at 1 Hz; `bench edge-store`)."""
_LOCK_WAIT_S = 2.0
_WAL_BYTES = 4 * 1024**2
_SUSPECT = ".suspect"
_DAMAGED = ".damaged-"
_DAMAGE_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file, and what its opening had to do."""

    connection: aiosqlite.Connection
    set_aside: Path | None
    """Where the damaged file before it went."""
    lost_from_us: int | None = None
    """When the oldest began that was in it and not at the hub; None: it cannot be read."""


@asynccontextmanager
async def open_file(path: Path, stamp: str) -> AsyncIterator[Opened]:
    """Open the file at `path`; a missing one is made, a damaged one set aside under `stamp`.

    Raises:
        BufferUnusable: another process has it open, or a newer program wrote it.
        BufferBlocked: the disk does not let us.
    """
    # In a thread: what an earlier connection of this loop left behind can only go while it turns.
    damaged = await asyncio.to_thread(_is_damaged, path)
    set_aside = _set_aside(path, stamp) if damaged else None
    _keep_private(path)
    with translated(path):
        async with aiosqlite.connect(path, timeout=_LOCK_WAIT_S, isolation_level=None) as database:
            await _prepare(database, path)
            lost_from_us = None if set_aside is None else _oldest_us(set_aside)
            yield Opened(database, set_aside, lost_from_us)


def _keep_private(path: Path) -> None:
    """Let nobody else read the file, and so what SQLite makes beside it: orders hold secrets."""
    with suppress(OSError):  # The connection tells what is wrong.
        path.touch(mode=0o600)
        path.chmod(0o600)


def mark_suspect(path: Path) -> None:
    """Have the next start set the file aside."""
    _beside(path, _SUSPECT).touch()


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _DAMAGE_CODES:
            mark_suspect(path)
            raise BufferDamaged(f"{path}: {error}") from error
        if code == sqlite3.SQLITE_FULL:
            raise DiskFull(f"{path}: {error}") from error
        if isinstance(error, sqlite3.OperationalError):
            raise BufferBlocked(f"{path}: {error}") from error
        raise


def _is_damaged(path: Path) -> bool:
    """Say whether the file must not be used: marked so, or not a sound database."""
    if not path.exists():
        return False
    if _beside(path, _SUSPECT).exists():
        return True
    if path.stat().st_size > CHECKED_BYTES_MAX:
        return False
    try:
        with closing(sqlite3.connect(path, timeout=_LOCK_WAIT_S)) as database:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if (error.sqlite_errorcode & 0xFF) == sqlite3.SQLITE_BUSY:
            raise _taken(path) from error
        raise BufferBlocked(f"{path}: {error}") from error
    except sqlite3.DatabaseError:
        return True
    return bool(verdict != "ok")


def _set_aside(path: Path, stamp: str) -> Path:
    target = _beside(path, f"{_DAMAGED}{stamp}")
    for ending in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            _beside(path, ending).rename(_beside(target, ending))
    _beside(path, _SUSPECT).unlink(missing_ok=True)
    files = sorted(path.parent.glob(f"{path.name}{_DAMAGED}*"))
    whole = [file for file in files if not file.name.endswith(("-wal", "-shm"))]
    for old in whole[:-SET_ASIDE_MAX]:
        for ending in ("-wal", "-shm", ""):
            _beside(old, ending).unlink(missing_ok=True)
    return target


def _oldest_us(damaged: Path) -> int | None:
    try:
        with closing(sqlite3.connect(f"file:{damaged}?mode=ro&immutable=1", uri=True)) as database:
            row = database.execute(
                "SELECT t0_us FROM frames WHERE seq > (SELECT acked FROM state)"
                " ORDER BY seq LIMIT 1"
            ).fetchone()
    except sqlite3.Error:
        return None
    return row[0] if row is not None and type(row[0]) is int else None


async def _prepare(database: aiosqlite.Connection, path: Path) -> None:
    try:
        await database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        await database.execute("PRAGMA locking_mode = EXCLUSIVE")
        await database.execute("PRAGMA journal_mode = WAL")
        await database.execute("PRAGMA synchronous = FULL")
        await database.execute(f"PRAGMA wal_autocheckpoint = {_WAL_BYTES // PAGE_BYTES}")
        await database.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        cursor = await database.execute("PRAGMA user_version")
    except sqlite3.OperationalError as error:
        if (error.sqlite_errorcode & 0xFF) == sqlite3.SQLITE_BUSY:
            raise _taken(path) from error
        raise
    row = await cursor.fetchone()
    version = row[0] if row else 0
    if version > SCHEMA_VERSION:
        raise BufferUnusable(
            f"{path}: version {version} was written by a newer program; at most {SCHEMA_VERSION}"
            " can be read"
        )
    for step in steps_from(version):
        await database.executescript(step)


def _taken(path: Path) -> BufferUnusable:
    return BufferUnusable(f"{path}: another process has it open; one gateway a folder is allowed")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
