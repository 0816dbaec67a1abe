"""Reading the archive, also while the gateway writes it: rows, traces and records by time.

Each answer is cut into short reads, so that a long export neither holds up the file nor the
memory. What the disk has damaged is left out and counted.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from agent.archive import trace as traces
from agent.archive.columns import ROW
from agent.archive.schema import SCHEMA_VERSION, SPAN_US_MAX, Kind
from agent.archive.trace import Trace
from wire import block as blocks
from wire import column
from wire.block import Block
from wire.fields import BadMessage

BATCH = 120
"""Pieces of one read: two hours of rows."""
WAIT_S = 5.0
FOREVER_US = 2**62
_CLOSED = (
    "SELECT t0_us, id, t1_us, crc, payload FROM pieces WHERE kind = ? AND t0_us < ?"
    " AND (t0_us, id) > (?, ?) AND open = 0 ORDER BY t0_us, id LIMIT ?"
)
_REST = (
    "SELECT t0_us, id, t1_us, crc, payload FROM pieces WHERE kind = ? AND t0_us < ?"
    " AND (t0_us, id) > (?, ?) ORDER BY t0_us, id"
)


class NoArchive(Exception):
    """There is no archive, or it cannot be read; the text is one line."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive seconds of one run of control, column by column."""

    boot: str
    at_us: Sequence[int]
    """Whole seconds, rising."""
    columns: Mapping[str, Sequence[float | None]]
    """What was asked for, as long as `at_us`; all None where the run did not have it."""
    quality: Mapping[str, Sequence[int]]
    """The same, as codes of `wire.block.Quality`."""

    def __len__(self) -> int:
        return len(self.at_us)


class Reader:
    """See the module; made by `reading`. One thread at a time."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.damaged = 0
        """Pieces that were left out since the start."""
        self._database = database

    def span(self) -> tuple[int, int] | None:
        """Return the first and the last second that there are rows of; None: there are none."""
        row = self._database.execute(
            "SELECT min(t0_us), max(t1_us) FROM pieces WHERE kind = ?", (Kind.ROWS,)
        ).fetchone()
        return None if row is None or row[0] is None else (int(row[0]), int(row[1]))

    def rows(self, from_us: int, to_us: int, names: Sequence[str]) -> Iterator[Rows]:
        """Yield the rows of ``[from_us, to_us)`` in the order of time, a minute or less at once.

        Args:
            names: columns, see `agent.archive.columns`.
        """
        for payload in self._payloads(Kind.ROWS, from_us, to_us):
            try:
                found = _rows(payload, names)
            except (BadMessage, ValueError, KeyError, TypeError, zlib.error):
                self.damaged += 1
                continue
            if (inside := _within(found, from_us, to_us)) is not None:
                yield inside

    def traces(self, from_us: int, to_us: int) -> Iterator[Trace]:
        """Yield the trace in force at `from_us`, then those until `to_us`."""
        first = self._database.execute(
            "SELECT crc, payload FROM pieces WHERE kind = ? AND t0_us <= ?"
            " ORDER BY t0_us DESC, id DESC LIMIT 1",
            (Kind.TRACE, from_us),
        ).fetchone()
        if first is not None and (payload := self._sound(*first)) is not None:
            yield from self._decoded(payload)
        for payload in self._payloads(Kind.TRACE, from_us + 1, to_us):
            yield from self._decoded(payload)

    def records(self, from_us: int, to_us: int) -> Iterator[Block]:
        """Yield the blocks of beats that touch ``[from_us, to_us)``."""
        for payload in self._payloads(Kind.RECORD, from_us, to_us):
            try:
                yield blocks.decode(payload)
            except BadMessage:
                self.damaged += 1

    def _decoded(self, payload: bytes) -> Iterator[Trace]:
        try:
            yield traces.decode(payload)
        except BadMessage:
            self.damaged += 1

    def _payloads(self, kind: Kind, from_us: int, to_us: int) -> Iterator[bytes]:
        """Yield the payloads of what touches ``[from_us, to_us)``, in short reads.

        What is still open comes in one read with what was closed meanwhile: nothing is missed
        and nothing comes twice.
        """
        after, last = (from_us - SPAN_US_MAX, -1), False
        while not last:
            found = self._database.execute(_CLOSED, (kind, to_us, *after, BATCH)).fetchall()
            if len(found) < BATCH:
                last = True
                found = self._database.execute(_REST, (kind, to_us, *after)).fetchall()
            for _, _, t1_us, crc, payload in found:
                if t1_us >= from_us and (sound := self._sound(crc, payload)) is not None:
                    yield sound
            if found:
                after = found[-1][0], found[-1][1]

    def _sound(self, crc: int, payload: bytes) -> bytes | None:
        if zlib.crc32(payload) == crc:
            return payload
        self.damaged += 1
        return None


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """Open the archive at `path` for reading.

    Raises:
        NoArchive: there is none, or it is of no use.
    """
    if not path.exists():
        raise NoArchive(f"{path}: there is no archive yet")
    try:
        with closing(_opened(path)) as database:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if not 1 <= version <= SCHEMA_VERSION:
                raise NoArchive(f"{path}: version {version} is not known to this program")
            yield Reader(database)
    except sqlite3.Error as error:
        raise NoArchive(f"{path}: {error}") from error


def _opened(path: Path) -> sqlite3.Connection:
    """Open it for whichever thread reads next: a web server changes between pieces."""
    where = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(where, uri=True, timeout=WAIT_S, check_same_thread=False)


def _rows(payload: bytes, names: Sequence[str]) -> Rows:
    """Return some columns of a block; the others are not even looked at, for speed."""
    document = json.loads(zlib.decompress(payload))
    steps = document["dt"]
    at_us = tuple(accumulate([document["t0"], *steps]))
    series = {row[0]: row for row in document["series"]}
    columns: dict[str, Sequence[float | None]] = {}
    quality: dict[str, Sequence[int]] = {}
    count = len(at_us)
    for name in names:
        row = series.get(f"{ROW}.{name}")
        if row is None:
            columns[name], quality[name] = (None,) * count, (3,) * count
            continue
        _, decimals, numbers, codes = row
        columns[name] = _numbers(decimals, numbers, count)
        same = isinstance(codes, int)
        quality[name] = (codes,) * count if same else column.unpack_codes(codes, count, 3, name)
    return Rows(str(document["boot"]), at_us, columns, quality)


def _numbers(decimals: object, numbers: list[object], count: int) -> Sequence[float | None]:
    """Return the column; most of them stand still for a minute."""
    still = len(numbers) == count and type(decimals) is int and not any(numbers[1:])
    if still and None not in numbers:
        return column.unpack_numbers(decimals, numbers[:1], 1, ROW) * count
    return column.unpack_numbers(decimals, numbers, count, ROW)


def _within(rows: Rows, from_us: int, to_us: int) -> Rows | None:
    """Return what of `rows` is inside; None: nothing."""
    if from_us <= rows.at_us[0] and rows.at_us[-1] < to_us:
        return rows
    kept = [place for place, at_us in enumerate(rows.at_us) if from_us <= at_us < to_us]
    if not kept:
        return None
    return Rows(
        rows.boot,
        [rows.at_us[place] for place in kept],
        {name: [values[place] for place in kept] for name, values in rows.columns.items()},
        {name: [codes[place] for place in kept] for name, codes in rows.quality.items()},
    )
