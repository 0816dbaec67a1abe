"""tests/wire/golden/: every message shape ever shipped, which must parse for ever.

A fleet is never updated at once. A file here is never changed or removed; a new shape or version
gets a new file. Where bytes travel, the file holds them in base64.
"""

import asyncio
import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent import link
from tests.support import fleet_messages, messages
from wire import block, fields, records, schedule, signing, sync
from wire.records import Records

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def raw(name: str) -> bytes:
    return base64.b64decode(golden(name)["base64"], validate=True)


def linked(body: bytes) -> link.Message:
    async def receive() -> link.Message:
        reader = asyncio.StreamReader()
        reader.feed_data(body)
        return await link.receive(reader)

    return asyncio.run(receive())


DOCUMENTS: dict[str, tuple[Callable[[Any], object], object, Callable[[], object]]] = {
    "block_envelope": (
        lambda document: block.from_json(json.dumps(document)),
        messages.BLOCK,
        lambda: json.loads(block.to_json(messages.BLOCK)),
    ),
    "ack": (sync.ack_from_document, messages.ACK, lambda: sync.ack_to_document(messages.ACK)),
    "ack_nothing_yet": (
        sync.ack_from_document,
        sync.Ack("b2c41d", -1),
        lambda: sync.ack_to_document(sync.Ack("b2c41d", -1)),
    ),
    "events": (
        lambda document: records.decode(json.dumps(document).encode()).events,
        messages.EVENTS,
        lambda: json.loads(records.encode(Records(events=messages.EVENTS))),
    ),
    "downlink_with_schedule": (
        sync.downlink_from_document,
        messages.DOWNLINK,
        lambda: sync.downlink_to_document(messages.DOWNLINK),
    ),
    "downlink_without_schedule": (
        sync.downlink_from_document,
        messages.DOWNLINK_EMPTY,
        lambda: sync.downlink_to_document(messages.DOWNLINK_EMPTY),
    ),
    "schedule": (
        schedule.from_document,
        messages.SCHEDULE,
        lambda: schedule.to_document(messages.SCHEDULE),
    ),
    "schedule_with_prices": (
        schedule.from_document,
        messages.SCHEDULE_WITH_PRICES,
        lambda: schedule.to_document(messages.SCHEDULE_WITH_PRICES),
    ),
    **fleet_messages.DOCUMENTS,
}
LINK = {**messages.LINK, **fleet_messages.LINK}
BYTES = {"block_encoded", "upload", "upload_after", "link_frame"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_golden_document_parses_to_what_it_always_meant(name: str) -> None:
    parse, meaning, _ = DOCUMENTS[name]
    assert parse(golden(name)) == meaning


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_we_write_today_is_the_golden_document(name: str) -> None:
    _, _, write = DOCUMENTS[name]
    assert write() == golden(name)


@pytest.mark.parametrize("name", LINK)
def test_a_golden_link_message_parses_and_is_what_we_write(name: str) -> None:
    document = golden(f"link_{name}")
    body = fields.compact(document).encode()
    assert linked(len(body).to_bytes(4, "big") + body) == LINK[name]
    assert json.loads(link.encode(LINK[name])[4:]) == document


def test_golden_bytes_of_a_block_parse_and_inflate_to_what_we_write() -> None:
    payload = raw("block_encoded")
    assert block.decode(payload) == messages.BLOCK
    assert zlib.decompress(payload) == zlib.decompress(block.encode(messages.BLOCK))


def test_golden_bytes_of_an_upload_parse_to_its_frames() -> None:
    upload = sync.decode_upload(raw("upload"))
    assert (upload.gateway, upload.epoch) == ("gw-werk-sued", "b2c41d")
    telemetry, events = upload.frames
    assert (telemetry.seq, telemetry.kind) == (17, sync.FrameClass.TELEMETRY)
    assert block.decode(telemetry.payload) == messages.BLOCK
    assert (events.seq, events.kind) == (18, sync.FrameClass.EVENTS)
    assert records.decode(events.payload).events == messages.EVENTS


def test_golden_bytes_of_an_upload_that_names_a_gap_parse_to_the_same_frames() -> None:
    upload, plain = sync.decode_upload(raw("upload_after")), sync.decode_upload(raw("upload"))
    assert (upload.after, plain.after) == (11, None)
    assert upload == replace(plain, after=11)
    assert sync.encode_upload(upload) == raw("upload_after")


def test_a_golden_frame_of_the_link_parses() -> None:
    assert linked(raw("link_frame")) == messages.LINK["hello"]


def test_a_golden_signature_is_believed_and_is_what_we_sign() -> None:
    facts = golden("signature")
    request = signing.Request(facts["method"], facts["path"], facts["body"].encode())
    key = signing.Key(facts["key_id"], bytes.fromhex(facts["key_hex"]))
    signing.verify(request, signing.read(facts["authorization"]), key, facts["time_us"])
    signed = signing.sign(request, key, facts["time_us"], facts["nonce"])
    assert signed == facts["authorization"]


def test_every_golden_file_is_read_by_a_test_and_every_message_has_one() -> None:
    read = {*DOCUMENTS, *BYTES, "signature", *(f"link_{name}" for name in LINK)}
    assert {path.stem for path in GOLDEN.iterdir()} == read
    kinds = {type(message) for message in LINK.values()}
    assert kinds == set(link.Message.__args__)
