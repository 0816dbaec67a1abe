"""A segment: one file of the journal, a header and frames; its bytes and what they mean.

Header, little-endian, 64 bytes: magic u32, version u16, zero u16, sequence of its first fact u64,
number of the writer that made it u64, salt u32, SHA-256 of the segment before it (32 bytes), CRC-32
of all that u32. The hash covers header and frames of that segment up to where this one goes on;
what lies behind is no part of the journal: a commit that never ended, or one that an older writer
made after it had lost the journal. The name is the sequence of the first fact.

Segments are made full of zeros, which makes a sync twice as quick; zeros behind the last frame are
the clean end of one.
"""

import struct
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from cloud.exchange.journal import frame
from cloud.exchange.journal.errors import JournalUnusable
from cloud.exchange.journal.frame import Head

SUFFIX = ".segment"
_NAMES = "[0-9]" * 20 + SUFFIX
VERSION = 2
_MAGIC = 0x534A4850
"""Reads PHJS in the file."""
_HEADER = struct.Struct("<IHHQQI32s")
_CRC = struct.Struct("<I")
HEADER_BYTES = _HEADER.size + _CRC.size
NO_HASH = bytes(32)
"""Of the segment before the first one."""


class Header(NamedTuple):
    """What a segment says about itself."""

    first: int
    """Sequence of its first fact."""
    fence: int
    """Of the writer that made it; a later segment never has a smaller one."""
    salt: int
    before: bytes
    """SHA-256 of the segment before."""


class Segment(NamedTuple):
    """A segment as it was read: all of its bytes in memory, at most a segment's size."""

    path: Path
    header: Header
    content: bytes


def encode(header: Header) -> bytes:
    """Return the header's bytes."""
    fixed = _HEADER.pack(_MAGIC, VERSION, 0, *header)
    return fixed + _CRC.pack(zlib.crc32(fixed))


def decode(content: bytes, path: Path) -> Header:
    """Return the header of a segment.

    Raises:
        JournalUnusable: there is none, or it is a newer program's.
    """
    if len(content) < HEADER_BYTES:
        raise JournalUnusable(f"{path}: this is no journal, or its beginning is damaged")
    magic, version, _, *rest = _HEADER.unpack_from(content)
    (crc,) = _CRC.unpack_from(content, _HEADER.size)
    if magic != _MAGIC or zlib.crc32(content[: _HEADER.size]) != crc:
        raise JournalUnusable(f"{path}: this is no journal, or its beginning is damaged")
    if version != VERSION:
        raise JournalUnusable(
            f"{path}: version {version} is not allowed; this program reads {VERSION}"
        )
    header = Header(*rest)
    if path.name != name_of(header.first):
        raise JournalUnusable(f"{path}: by its content this is {name_of(header.first)}")
    return header


def name_of(first: int) -> str:
    """Return the file's name; names sort like sequences."""
    return f"{first:020d}{SUFFIX}"


def listed(folder: Path) -> list[tuple[int, Path]]:
    """Return the segments of a journal with the sequence of each one's first fact, in order."""
    return [(int(path.stem), path) for path in sorted(folder.glob(_NAMES))]


def read(path: Path) -> Segment:
    """Return the whole of a segment.

    Raises:
        JournalUnusable: it cannot be read, or is none.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise JournalUnusable(f"{path}: {error.strerror}") from error
    return Segment(path, decode(content, path), content)


def frames(segment: Segment) -> Iterator[Head]:
    """Return the good frames from the beginning on, each where the one before it ends.

    Raises:
        JournalUnusable: a frame's sequence is not the one that is next.
    """
    at, expected = HEADER_BYTES, segment.header.first
    while (head := frame.head(segment.content, at, segment.header.salt)) is not None:
        if head.first != expected:
            raise JournalUnusable(
                f"{segment.path}: fact {expected} is expected at byte {at}, {head.first} is there"
            )
        yield head
        at, expected = head.end, head.first + head.facts


def hash_until(segment: Segment, end: int) -> bytes:
    """Return the hash that the next segment names."""
    return sha256(memoryview(segment.content)[:end]).digest()


def rest_behind(segment: Segment, end: int) -> int:
    """Return how many bytes a commit left behind the last good frame; 0: only zeros are there.

    Raises:
        JournalUnusable: a good frame is there, so that what is between is damaged.
    """
    content = segment.content
    size = len(content.rstrip(b"\0"))
    at = content.find(frame.MAGIC_BYTES, end + 1)
    while at >= 0:
        if frame.head(content, at, segment.header.salt) is not None:
            raise JournalUnusable(
                f"{segment.path}: damaged at byte {end}, and good again at byte {at};"
                " bring back the file from a copy"
            )
        at = content.find(frame.MAGIC_BYTES, at + 1)
    return max(0, size - end)
