"""The first version of the exchange's journal: one file. Read by `upgrade`, written by nobody.

A frame is one commit: a head (little-endian: magic u32, length u32, CRC-32 of all that follows
u32, number of its first record u64, records u32, version u16) and the records. The next frame is
only written after the one before is safe, so only the very last one can be torn, and nobody was
told about its records: it is cut. A bad frame with a good one behind it is damage, and the
exchange does not start on it.

A write or sync that fails is not tried again: what the disk holds then is not known until the
file is read again, so the process must end.
"""

import fcntl
import logging
import mmap
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cloud.exchange import records_v1 as records
from cloud.exchange.journal.errors import JournalUnusable
from cloud.exchange.records_v1 import Record

__all__ = ["Frame", "Journal", "JournalUnusable", "read"]

VERSION = 1
FRAME_BYTES_MAX = 64 * 1024 * 1024
"""Far above any commit; a longer length is a damaged one."""
_MAGIC = 0x314A4850
"""Reads PHJ1 in the file."""
_MAGIC_BYTES = struct.pack("<I", _MAGIC)
_HEAD = struct.Struct("<III")
_REST = struct.Struct("<QIH")
_HEAD_BYTES = _HEAD.size + _REST.size

_logger = logging.getLogger(__name__)


class Frame(NamedTuple):
    """One commit as it is read back."""

    first: int
    """Number of the first record; records count from 1 without gaps."""
    records: tuple[Record, ...]
    end: int
    """Where the next frame begins in the file."""


class Journal:
    """The open file; one process at a time holds it.

    `open` it, read all `frames`, then `commit`. All methods block on the disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.next_number = 1
        """Of the next record."""
        self.end = 0
        """Everything before this place in the file is safe, and complete."""
        self._file = _open_locked(path)

    def recover(self) -> Iterator[Frame]:
        """Return all frames from the start, and cut a torn one off the end.

        Raises:
            JournalUnusable: it is damaged before its end, or made by a newer program.
        """
        for frame in read(self.path, 0):
            if frame.first != self.next_number:
                raise JournalUnusable(
                    f"{self.path}: record {self.next_number} is expected at byte {self.end},"
                    f" {frame.first} is there"
                )
            self.next_number += len(frame.records)
            self.end = frame.end
            yield frame
        size = os.fstat(self._file).st_size
        if size > self.end:
            _check_torn(self.path, self.end)
            os.ftruncate(self._file, self.end)
            os.fdatasync(self._file)
            _logger.warning(
                "%s: cut %d bytes of a commit that never ended", self.path, size - self.end
            )

    def commit(self, batch: Sequence[Record]) -> None:
        """Append records as one frame; it is on the disk when this returns.

        Raises:
            OSError: it may or may not be on the disk; the process must end.
        """
        frame = memoryview(_frame(self.next_number, batch))
        written = 0
        while written < len(frame):
            written += os.pwrite(self._file, frame[written:], self.end + written)
        os.fdatasync(self._file)
        self.next_number += len(batch)
        self.end += len(frame)

    def free_bytes(self) -> int:
        """Return the room that is left on the disk for us."""
        disk = os.fstatvfs(self._file)
        return disk.f_bavail * disk.f_frsize

    def close(self) -> None:
        os.close(self._file)


def read(path: Path, offset: int, end: int | None = None) -> Iterator[Frame]:
    """Return the good frames from `offset` on; ends before `end`, or at the first bad frame."""
    with path.open("rb") as file:
        file.seek(offset)
        while (end is None or offset < end) and (frame := _read_frame(file.read, offset)):
            yield frame
            offset = frame.end


def _read_frame(take: Callable[[int], bytes], offset: int) -> Frame | None:
    """Return the frame that begins here, None where there is no good one."""
    head = take(_HEAD_BYTES)
    if len(head) < _HEAD_BYTES:
        return None
    magic, length, crc = _HEAD.unpack_from(head)
    if magic != _MAGIC or not _REST.size <= length <= FRAME_BYTES_MAX:
        return None
    rest = head[_HEAD.size :] + take(length - _REST.size)
    if len(rest) != length or zlib.crc32(rest) != crc:
        return None
    first, count, version = _REST.unpack_from(rest)
    if version != VERSION:
        raise JournalUnusable(
            f"byte {offset}: version {version} is not allowed; this program reads {VERSION}"
        )
    batch = tuple(records.decode(rest[_REST.size :]))
    assert len(batch) == count, "the CRC was right, so this is our own mistake"
    return Frame(first, batch, offset + _HEAD.size + length)


def _frame(first: int, batch: Sequence[Record]) -> bytes:
    rest = _REST.pack(first, len(batch), VERSION) + records.encode(batch)
    assert len(rest) <= FRAME_BYTES_MAX, "a batch has a limit far below"
    return _HEAD.pack(_MAGIC, len(rest), zlib.crc32(rest)) + rest


def _check_torn(path: Path, offset: int) -> None:
    """Return if nothing good follows the bad frame at `offset`: then it is a torn end."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        start = text[: len(_MAGIC_BYTES)].rstrip(b"\0")  # a page that never came reads as zeros
        if offset == 0 and not _MAGIC_BYTES.startswith(start):
            raise JournalUnusable(f"{path}: this is no journal")
        at = text.find(_MAGIC_BYTES, offset + 1)
        while at >= 0:
            text.seek(at)
            if _read_frame(text.read, at) is not None:
                raise JournalUnusable(
                    f"{path}: damaged at byte {offset}, and good again at byte {at};"
                    " bring back the file from a copy"
                )
            at = text.find(_MAGIC_BYTES, at + 1)


def _open_locked(path: Path) -> int:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalUnusable(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # the file's name has to survive as well
        finally:
            os.close(folder)
    except BlockingIOError as error:
        os.close(file)
        raise JournalUnusable(f"{path}: another process is using it") from error
    except OSError:
        os.close(file)
        raise
    return file
