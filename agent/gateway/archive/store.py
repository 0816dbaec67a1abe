"""The archive's file as the gateway writes it: rows joined to minutes, bounded in days and bytes.

One SQLite database in WAL mode with ``synchronous=FULL`` beside the buffer; others may read it
meanwhile. Every call is one transaction or none, and blocks its thread on the disk.
"""

import sqlite3
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import groupby
from pathlib import Path

from agent.archive import trace as traces
from agent.archive.columns import ROW
from agent.archive.config import ArchiveSettings
from agent.archive.schema import SCHEMA_VERSION, STEPS, Kind
from agent.link import Item
from wire import block as blocks
from wire.block import Block
from wire.fields import BadMessage

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000
PIECE_BYTES = 64
"""What a piece counts for beside its payload."""
EXPIRED_MAX = 500
"""Pieces that one transaction deletes: a small box shall not stand still for it."""
OPEN_MAX = 200
"""Open pieces of rows beyond which they are closed whatever their time: a clock may go back."""
CHECKED_BYTES_MAX = 64 * 1024**2
"""Files up to here are checked page by page at the start; every piece has a CRC of its own."""
SET_ASIDE = ".damaged"
SUSPECT = ".suspect"
"""Beside a file that the next start sets aside."""
FOREVER_US = 2**62
_WAIT_S = 5.0
_WAL_BYTES = 4 * 1024**2
_PAGE_BYTES = 1024
"""Commits are small: larger pages cost the flash more; see `agent.gateway.bufferfile`."""


class ArchiveStore:
    """See the module; made by `open_archive`. Any thread may call, one is served at a time."""

    def __init__(self, database: sqlite3.Connection, path: Path, settings: ArchiveSettings) -> None:
        self._database = database
        self._path = path
        self._settings = settings
        self._lock = threading.Lock()
        self._resting = False

    def keep(self, boot: str, items: Sequence[Item]) -> None:
        """Commit what of `items` is not in yet.

        Raises:
            sqlite3.Error: nothing was committed.
        """
        with self._transaction() as database:
            known, number, size = database.execute(
                "SELECT boot, number, bytes FROM state"
            ).fetchone()
            after = number if known == boot else -1
            new = [item for item in items if item.number > after]
            if not new:
                return
            contents = [item.content for item in new]
            for block in _joined([one for one in contents if isinstance(one, Block)]):
                size += _put_block(database, block)
            for content in contents:
                if isinstance(content, traces.Trace):
                    payload = traces.encode(content)
                    size += _put(database, Kind.TRACE, content.at_us, content.at_us, 1, payload)
            size += _close_minutes(database)
            while (
                size > self._settings.bytes_max
                and (gone := _delete_oldest(database, FOREVER_US))[1]
            ):
                size -= gone[0]
            database.execute(
                "UPDATE state SET boot = ?, number = ?, bytes = ?", (boot, new[-1].number, size)
            )

    def expire(self, now_us: int | None) -> int:
        """Let go of what is too old, a part at a time; return how many pieces went.

        None: the time is not known, and nothing is too old.
        """
        if now_us is None:
            return 0
        gone = 0
        before_us = now_us - round(self._settings.days_max * DAY_US)
        while True:
            with self._transaction() as database:
                freed, count = _delete_oldest(database, before_us)
                database.execute("UPDATE state SET bytes = bytes - ?", (freed,))
            gone += count
            if count < EXPIRED_MAX:
                return gone

    def rest(self) -> None:
        """Wait for the call that another thread is in, and serve none any more."""
        with self._lock:
            self._resting = True

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._resting:
                raise sqlite3.ProgrammingError("the archive is closed")
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException as error:
                with suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                    self._path.with_name(f"{self._path.name}{SUSPECT}").touch()
                raise


@contextmanager
def open_archive(path: Path, settings: ArchiveSettings, stamp: str) -> Iterator[ArchiveStore]:
    """Open the file at `path`; a missing one is made, a damaged one set aside under `stamp`.

    Raises:
        sqlite3.Error: the disk does not let us.
    """
    with suppress(OSError):
        path.touch(mode=0o600)
        path.chmod(0o600)
    if _is_damaged(path):
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                source = path.with_name(path.name + ending)
                source.rename(path.with_name(f"{path.name}{SET_ASIDE}-{stamp}{ending}"))
        path.touch(mode=0o600)
    with closing(
        sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    ) as database:
        _prepare(database)
        store = ArchiveStore(database, path, settings)
        try:
            yield store
        finally:
            store.rest()


def _is_damaged(path: Path) -> bool:
    """Say whether the file is marked as damaged, or is no sound database."""
    suspect = path.with_name(f"{path.name}{SUSPECT}")
    if suspect.exists():
        suspect.unlink()
        return True
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT_S)) as database:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if path.stat().st_size > CHECKED_BYTES_MAX:
                return False
            return bool(database.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
    except sqlite3.OperationalError:
        return False  # busy or out of reach, which opening it will tell
    except sqlite3.DatabaseError:
        return True


def _prepare(database: sqlite3.Connection) -> None:
    database.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(f"PRAGMA wal_autocheckpoint = {_WAL_BYTES // _PAGE_BYTES}")
    database.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"version {version} was written by a newer program")
    for number, step in enumerate(STEPS, start=1):
        if number > version:
            database.executescript(f"BEGIN;\n{step}\nPRAGMA user_version = {number};\nCOMMIT;")


def _put_block(database: sqlite3.Connection, block: Block, *, is_open: bool = True) -> int:
    kind = Kind.ROWS if block.device == ROW else Kind.RECORD
    t0_us, t1_us, count = min(block.at_us), max(block.at_us), len(block.at_us)
    is_open = is_open and kind is Kind.ROWS
    return _put(database, kind, t0_us, t1_us, count, blocks.encode(block), is_open=is_open)


def _put(
    database: sqlite3.Connection,
    kind: Kind,
    t0_us: int,
    t1_us: int,
    count: int,
    payload: bytes,
    *,
    is_open: bool = False,
) -> int:
    """Insert a piece; return what it counts for."""
    database.execute(
        "INSERT INTO pieces (kind, open, t0_us, t1_us, n, crc, payload)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (kind, is_open, t0_us, t1_us, count, zlib.crc32(payload), payload),
    )
    return len(payload) + PIECE_BYTES


def _close_minutes(database: sqlite3.Connection) -> int:
    """Join the open rows of minutes that are over; return what that added, mostly less than 0."""
    found = database.execute("SELECT id, t0_us FROM pieces WHERE open = 1 ORDER BY id").fetchall()
    if not found:
        return 0
    newest = found[-1][1] // MINUTE_US
    over = [(one,) for one, t0_us in found if t0_us // MINUTE_US != newest]
    if len(found) > OPEN_MAX:
        over = [(one,) for one, _ in found]
    if not over:
        return 0
    parts: list[Block] = []
    freed = 0
    for one in over:
        (payload,) = database.execute("SELECT payload FROM pieces WHERE id = ?", one).fetchone()
        freed += len(payload) + PIECE_BYTES
        with suppress(BadMessage):  # damaged while it was open
            parts.append(blocks.decode(payload))
    database.executemany("DELETE FROM pieces WHERE id = ?", over)
    added = sum(_put_block(database, block, is_open=False) for block in _joined(parts))
    return added - freed


def _joined(parts: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks joined as far as a minute goes."""
    for _, of_minute in groupby(parts, lambda part: part.at_us[0] // MINUTE_US):
        yield from blocks.merge(list(of_minute))


def _delete_oldest(database: sqlite3.Connection, before_us: int) -> tuple[int, int]:
    """Delete some of the oldest pieces that end before; return what they counted for, and how
    many they were."""
    found = database.execute(
        "SELECT id, length(payload) FROM pieces WHERE t1_us < ? AND open = 0 ORDER BY id LIMIT ?",
        (before_us, EXPIRED_MAX),
    ).fetchall()
    database.executemany("DELETE FROM pieces WHERE id = ?", [(one,) for one, _ in found])
    return sum(size + PIECE_BYTES for _, size in found), len(found)
