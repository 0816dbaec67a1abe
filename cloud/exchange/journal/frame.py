"""A frame is one commit: a head and the facts, under one CRC. Pure.

Head, little-endian: magic u32, length u32, CRC-32 of all that follows u32, sequence of its first
fact u64, facts u32, version u16. Facts count from 1 without gaps, over all segments.

The CRC begins with the salt of the segment, a number that nobody outside knows: nothing that a
member writes into a text can look like a frame, nor can a frame of another segment.
"""

import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from cloud.exchange.facts import Fact
from cloud.exchange.journal import codec
from cloud.exchange.journal.errors import JournalUnusable

VERSION = 2
"""Of the layout of facts; version 1 was a file of JSON (`cloud.exchange.journal_v1`)."""
BYTES_MAX = 256 * 1024 * 1024
"""Far above any commit; a longer length is a damaged one."""
_MAGIC = 0x324A4850
"""Reads PHJ2 in the file."""
MAGIC_BYTES = struct.pack("<I", _MAGIC)
_HEAD = struct.Struct("<III")
_REST = struct.Struct("<QIH")
HEAD_BYTES = _HEAD.size + _REST.size


class Frame(NamedTuple):
    """One commit as it is read back."""

    first: int
    """Sequence of its first fact."""
    facts: Sequence[Fact]
    end: int
    """Where the next frame begins in the segment."""

    @property
    def last(self) -> int:
        return self.first + len(self.facts) - 1


class Head(NamedTuple):
    """What a good frame says about itself, its facts not looked at."""

    first: int
    facts: int
    payload: int
    """Where its facts begin."""
    end: int


def encode(first: int, facts: Sequence[Fact], salt: int) -> bytes:
    """Return the frame of a commit."""
    rest = _REST.pack(first, len(facts), VERSION) + codec.encode(facts)
    assert len(rest) <= BYTES_MAX, "a commit has a limit far below"
    return _HEAD.pack(_MAGIC, len(rest), zlib.crc32(rest, salt)) + rest


def head(buffer: bytes, at: int, salt: int) -> Head | None:
    """Return what begins at `at` of a segment's bytes, None where there is no good frame.

    Raises:
        JournalUnusable: a good frame of a newer program.
    """
    if at + HEAD_BYTES > len(buffer):
        return None
    magic, length, crc = _HEAD.unpack_from(buffer, at)
    if magic != _MAGIC or not _REST.size <= length <= BYTES_MAX:
        return None
    begin = at + _HEAD.size
    end = begin + length
    if end > len(buffer) or zlib.crc32(memoryview(buffer)[begin:end], salt) != crc:
        return None
    first, count, version = _REST.unpack_from(buffer, begin)
    if version != VERSION:
        raise JournalUnusable(
            f"byte {at}: version {version} is not allowed; this program reads {VERSION}"
        )
    return Head(first, count, begin + _REST.size, end)


def length_of(head_bytes: bytes) -> int:
    """Return how long the whole frame is that has this head; 0: it is none."""
    if len(head_bytes) < HEAD_BYTES:
        return 0
    magic, length, _ = _HEAD.unpack_from(head_bytes)
    return _HEAD.size + length if magic == _MAGIC and length <= BYTES_MAX else 0


def facts(buffer: bytes, of: Head) -> list[Fact]:
    """Return the facts of a frame.

    Raises:
        JournalUnusable: a newer program wrote kinds of facts that this one does not know.
    """
    try:
        found, end = codec.decode(buffer, of.payload, of.facts)
    except (IndexError, struct.error) as error:
        raise JournalUnusable(
            f"fact {of.first} or one behind it is of a newer program; this one cannot read it"
        ) from error
    assert end == of.end, "the CRC was right, so this is our own mistake"
    return found
