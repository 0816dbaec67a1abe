"""How hub and computing process talk: a letter, four bytes of length, content. Pure."""

import struct
from typing import BinaryIO, NamedTuple

TASK, PROGRESS, RESULT, REFUSED = b"T", b"P", b"R", b"E"
CONTENT_BYTES_MAX = 64 * 1024**2
"""Forty years of an area's hours; a longer frame is a defect."""
HEAD = struct.Struct(">cI")


class BadFrame(ValueError):
    """These bytes are none of ours."""


class Frame(NamedTuple):
    letter: bytes
    content: bytes

    def pack(self) -> bytes:
        if len(self.content) > CONTENT_BYTES_MAX:
            raise BadFrame(f"{len(self.content)} bytes; {CONTENT_BYTES_MAX} are allowed")
        return HEAD.pack(self.letter, len(self.content)) + self.content


def head(said: bytes) -> tuple[bytes, int]:
    """Return letter and length of what follows.

    Raises:
        BadFrame: it is too long, or of no kind.
    """
    letter, length = HEAD.unpack(said)
    if letter not in (TASK, PROGRESS, RESULT, REFUSED) or length > CONTENT_BYTES_MAX:
        raise BadFrame(f"a frame {letter!r} of {length} bytes")
    return letter, length


def write(out: BinaryIO, frame: Frame) -> None:
    out.write(frame.pack())
    out.flush()


def read(source: BinaryIO) -> bytes | None:
    """Return the content of the next frame, None at the end."""
    begin = source.read(HEAD.size)
    if len(begin) < HEAD.size:
        return None
    _, length = head(begin)
    content = source.read(length)
    return content if len(content) == length else None
