"""Answers that come packed: one document after the other, within limits. Pure.

An archive is known by its first bytes. Names within it are never used.

Source: market data, §3.4.
"""

import zlib
from collections.abc import Iterator
from io import BytesIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from cloud.market.feeds.errors import AnswerTooLarge, BadAnswer

ENTRIES_MAX = 2_000
UNPACKED_BYTES_MAX = 200 * 1024**2
DOCUMENT_BYTES_MAX = 50 * 1024**2
RATIO_MAX = 200
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED = 0x1
_RATIO_FREE_BYTES = 64 * 1024
"""Below this no ratio is asked for: small things pack well, and do no harm."""


def is_zip(body: bytes) -> bool:
    """Return whether these bytes are an archive."""
    return body.startswith(_MAGIC)


def documents(body: bytes) -> Iterator[bytes]:
    """Yield each document of an answer, packed or not, one at a time.

    Raises:
        BadAnswer: the archive is broken, encrypted, or holds another archive.
        AnswerTooLarge: too many entries, too much when unpacked, packed too well.
    """
    if not is_zip(body):
        yield body
        return
    try:
        with ZipFile(BytesIO(body)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check(entries, len(body))
            for entry in entries:
                yield _unpack(archive, entry)
    except (BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError) as error:
        raise BadAnswer(f"the archive is broken: {error}") from error


def _check(entries: list[ZipInfo], packed_bytes: int) -> None:
    if len(entries) > ENTRIES_MAX:
        raise AnswerTooLarge(f"the archive has {len(entries)} entries; {ENTRIES_MAX} are allowed")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise BadAnswer("the archive is encrypted")
    unpacked_bytes = sum(entry.file_size for entry in entries)
    if unpacked_bytes > UNPACKED_BYTES_MAX:
        raise AnswerTooLarge(
            f"the archive has {unpacked_bytes} bytes unpacked; {UNPACKED_BYTES_MAX} are allowed"
        )
    if unpacked_bytes > max(_RATIO_FREE_BYTES, RATIO_MAX * packed_bytes):
        raise AnswerTooLarge(f"the archive is packed more than {RATIO_MAX} times")


def _unpack(archive: ZipFile, entry: ZipInfo) -> bytes:
    if entry.file_size > DOCUMENT_BYTES_MAX:
        raise AnswerTooLarge(
            f"a document has {entry.file_size} bytes; {DOCUMENT_BYTES_MAX} are allowed"
        )
    with archive.open(entry) as packed:
        # zipfile reads no further than the size that the directory states, which is checked above
        document = packed.read(entry.file_size + 1)
    if is_zip(document):
        raise BadAnswer("an archive within the archive is not read")
    return document
