"""Packed answers: every document once, and bombs refused before they unpack."""

import io
import random
import zipfile
from contextlib import suppress

import pytest

from cloud.market.feeds.entsoe import unzip
from cloud.market.feeds.entsoe.unzip import documents, is_zip
from cloud.market.feeds.errors import AnswerTooLarge, BadAnswer
from simulators.entsoe_server import archive

BODIES = [b"<a/>", b"<b/>"]


def test_documents_come_one_by_one_packed_or_not() -> None:
    assert list(documents(archive(BODIES))) == BODIES
    assert list(documents(b"<plain/>")) == [b"<plain/>"]
    assert list(documents(archive([]))) == []
    assert not is_zip(b"<plain/>")


def test_a_name_within_the_archive_is_no_path() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as entries:
        entries.writestr("../../../etc/passwd", b"<a/>")
        entries.writestr("folder/", b"")
    assert list(documents(packed.getvalue())) == [b"<a/>"]


def bomb() -> bytes:
    return archive([b"\0" * 30_000_000])


def oversized(monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr(unzip, "UNPACKED_BYTES_MAX", 3)
    return archive(BODIES)


def test_an_archive_that_packs_too_well_is_refused() -> None:
    with pytest.raises(AnswerTooLarge, match="200 times"):
        list(documents(bomb()))


def test_too_many_entries_and_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnswerTooLarge, match="2001 entries"):
        list(documents(archive([b"<a/>"] * 2_001)))
    with pytest.raises(AnswerTooLarge, match="8 bytes unpacked; 3 are allowed"):
        list(documents(oversized(monkeypatch)))


def test_a_document_too_large_alone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unzip, "DOCUMENT_BYTES_MAX", 3)
    with pytest.raises(AnswerTooLarge, match="a document has 4 bytes"):
        list(documents(archive(BODIES)))


def test_an_archive_within_an_archive_is_refused() -> None:
    with pytest.raises(BadAnswer, match="within the archive"):
        list(documents(archive([archive(BODIES)])))


def test_an_encrypted_archive_is_refused() -> None:
    packed = bytearray(archive(BODIES))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(magic) + at] |= 1
    with pytest.raises(BadAnswer, match="encrypted"):
        list(documents(bytes(packed)))


def test_a_size_that_lies_is_noticed() -> None:
    body = b"<a>" + b"x" * 5_000 + b"</a>"
    packed = bytearray(archive([body]))
    at = packed.index(b"PK\x01\x02") + 24
    packed[at : at + 4] = (100).to_bytes(4, "little")
    with pytest.raises(BadAnswer):
        list(documents(bytes(packed)))


def test_a_broken_archive_is_an_error_of_one_kind_and_never_another() -> None:
    whole = archive([b"<a>" + bytes(range(32, 127)) * 20 + b"</a>"])
    chance = random.Random(7)
    for _ in range(400):
        broken = bytearray(whole[: chance.randrange(5, len(whole) + 1)])
        for _ in range(chance.randrange(4)):
            broken[chance.randrange(4, len(broken))] = chance.randrange(256)
        with suppress(BadAnswer):  # and nothing else
            list(documents(bytes(broken)))
