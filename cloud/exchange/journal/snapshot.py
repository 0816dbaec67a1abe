"""States that save a start the beginning of the journal: ``SEQUENCE.snapshot`` beside it.

Head, little-endian: magic u32, version u16, zero u16, sequence of the last fact in it u64, length
u64, CRC-32 of the text and of all that before u32; then the state as JSON, compressed. The last
two are kept. One that cannot be used is passed over: the journal alone is the truth.
"""

import json
import logging
import struct
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from cloud.exchange.journal.files import Files

KEPT = 2
SUFFIX = ".snapshot"
_NAMES = "[0-9]" * 20 + SUFFIX
_BESIDE = ".snapshot-tmp"
_MAGIC = 0x534F4850
"""Reads PHOS in the file."""
_VERSION = 1
"""Of these bytes; the state has a version of its own."""
_HEAD = struct.Struct("<IHHQQ")
_CRC = struct.Struct("<I")
_HEAD_BYTES = _HEAD.size + _CRC.size
_LEVEL = 1

_logger = logging.getLogger(__name__)


class Snapshot(NamedTuple):
    """A state and the last fact that it knows."""

    sequence: int
    state: dict[str, Any]


def write(folder: Path, snapshot: Snapshot, files: Files) -> Path:
    """Keep a snapshot; it is there whole, or not at all.

    Raises:
        OSError: it was not written.
    """
    text = json.dumps(snapshot.state, separators=(",", ":"), allow_nan=False).encode("ascii")
    body = zlib.compress(text, _LEVEL)
    head = _HEAD.pack(_MAGIC, _VERSION, 0, snapshot.sequence, len(body))
    crc = _CRC.pack(zlib.crc32(body, zlib.crc32(head)))
    path = folder / f"{snapshot.sequence:020d}{SUFFIX}"
    for left in folder.glob(f"*{_BESIDE}"):  # by a kill
        files.remove(left)
    beside = path.with_suffix(_BESIDE)
    file = files.create(beside)
    try:
        files.write(file, head + crc + body, 0)
        files.sync(file)
    finally:
        files.close(file)
    files.rename(beside, path)
    files.sync_folder(folder)
    for old in listed(folder)[:-KEPT]:
        files.remove(old)
    return path


def newest(folder: Path, version: int) -> Snapshot | None:
    """Return the newest snapshot that can be used, None where there is none.

    Args:
        version: what ``version`` in the state has to be.
    """
    for path in reversed(listed(folder)):
        try:
            found = _read(path.read_bytes())
        except OSError as error:
            _logger.warning("%s is passed over: %s", path, error.strerror)
            continue
        if isinstance(found, Snapshot):
            if found.state.get("version") == version:
                return found
            found = f"its state is of version {found.state.get('version')}, not {version}"
        _logger.warning("%s is passed over: %s", path, found)
    return None


def listed(folder: Path) -> list[Path]:
    """Return the snapshots, the oldest first."""
    return sorted(folder.glob(_NAMES))


def _read(content: bytes) -> Snapshot | str:
    """Return what a file holds, or why it cannot be used."""
    if len(content) < _HEAD_BYTES:
        return "it is too short"
    magic, version, _, sequence, length = _HEAD.unpack_from(content)
    (crc,) = _CRC.unpack_from(content, _HEAD.size)
    body = content[_HEAD_BYTES:]
    head_crc = zlib.crc32(content[: _HEAD.size])
    if magic != _MAGIC or len(body) != length or zlib.crc32(body, head_crc) != crc:
        return "it is damaged"
    if version != _VERSION:
        return f"version {version} is another program's; this one reads {_VERSION}"
    return Snapshot(sequence, json.loads(zlib.decompress(body)))
