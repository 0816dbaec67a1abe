"""wire/sync.py: every message survives the way exactly; damage is refused as BadMessage."""

import json
import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import messages, strategies
from wire import fields, records, sync
from wire.fields import BadMessage
from wire.records import Records
from wire.schedule import Schedule
from wire.sync import Ack, Downlink, Event, Frame, FrameClass, Severity, Upload

BODY = sync.encode_upload(messages.UPLOAD)


def upload(*frames: Frame) -> bytes:
    return sync.encode_upload(Upload("gw", "epoch", frames))


@given(strategies.uploads())
def test_every_upload_comes_back_exactly(sent: Upload) -> None:
    assert sync.decode_upload(sync.encode_upload(sent)) == sent


@given(st.integers(0, len(BODY) - 1))
def test_an_upload_cut_anywhere_is_refused(cut: int) -> None:
    with pytest.raises(BadMessage):
        sync.decode_upload(BODY[:cut])


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_changes_only_what_no_crc_covers(at: int, mask: int) -> None:
    body = bytearray(BODY)
    body[at] ^= mask
    try:
        decoded = sync.decode_upload(bytes(body))
    except BadMessage:
        return
    sent = [frame.payload for frame in messages.UPLOAD.frames]
    assert [frame.payload for frame in decoded.frames] == sent


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_bad_message(body: bytes) -> None:
    for decode in (sync.decode_upload, records.decode):
        with suppress(BadMessage):  # a frame of no records is one
            decode(body)


def test_an_upload_larger_than_the_limit_is_refused_unread() -> None:
    with pytest.raises(BadMessage, match=f"at most {sync.UPLOAD_BYTES_MAX} bytes"):
        sync.decode_upload(b"x" * (sync.UPLOAD_BYTES_MAX + 1))


def test_numbers_must_rise() -> None:
    for second in (5, 4):
        frames = [Frame(number, FrameClass.EVENTS, b"") for number in (5, second)]
        with pytest.raises(BadMessage, match=r"upload\.frames\[1\]: .* rising numbers"):
            sync.decode_upload(upload(*frames))


def test_a_number_that_no_database_holds_is_refused() -> None:
    with pytest.raises(BadMessage, match=r"frames\[0\]: 9223372036854775808"):
        sync.decode_upload(upload(Frame(2**63, FrameClass.EVENTS, b"")))


def test_an_unknown_class_is_refused() -> None:
    payload = b"x"
    frame = struct.pack("<QBII", 1, 9, len(payload), zlib.crc32(payload)) + payload
    head = b'{"v":1,"gateway":"g","epoch":"e","frames":1}\n'
    with pytest.raises(BadMessage, match="class 0 settlement, 1 events or 2 telemetry"):
        sync.decode_upload(head + frame)


def test_more_frames_than_allowed_are_refused() -> None:
    head = {"v": 1, "gateway": "g", "epoch": "e", "frames": sync.FRAMES_MAX + 1}
    with pytest.raises(BadMessage, match=r"upload\.frames"):
        sync.decode_upload(json.dumps(head).encode() + b"\n")


def test_bytes_behind_the_last_frame_are_refused() -> None:
    with pytest.raises(BadMessage, match="nothing may follow"):
        sync.decode_upload(BODY + b"x")


@given(st.lists(strategies.events, max_size=5).map(tuple))
def test_every_event_comes_back_exactly(sent: tuple[Event, ...]) -> None:
    assert records.decode(records.encode(Records(events=tuple(sent)))).events == sent


@given(st.text())
def test_no_sentence_can_make_an_event_that_the_other_side_refuses(text: str) -> None:
    event = Event(at_us=0, code="X", severity=Severity.INFO, source="s", text=text)
    (received,) = records.decode(records.encode(Records(events=(event,)))).events
    assert 0 < len(received.text) <= sync.EVENT_TEXT_MAX
    assert "\n" not in received.text


@given(strategies.damaged(json.loads(records.encode(Records(events=messages.EVENTS)))))
def test_damaged_events_are_refused_or_can_be_sent_on(text: str) -> None:
    try:
        events = records.decode(text.encode()).events
    except BadMessage:
        return
    records.decode(records.encode(Records(events=tuple(events))))


def test_an_unknown_severity_is_named() -> None:
    document = {**sync.event_to_document(messages.EVENTS[0]), "severity": "fatal"}
    with pytest.raises(BadMessage, match="'fatal' is not allowed; info, warning or alarm"):
        sync.event_from_document(document)


@given(st.builds(Ack, strategies.words, st.integers(-1, 2**63 - 1)))
def test_every_acknowledgement_comes_back(ack: Ack) -> None:
    text = fields.compact(sync.ack_to_document(ack))
    assert sync.ack_from_document(fields.parse(text)) == ack


@given(strategies.instants, st.none() | strategies.schedules())
def test_every_downlink_comes_back(server_us: int, schedule: Schedule | None) -> None:
    text = fields.compact(sync.downlink_to_document(Downlink(server_us, schedule)))
    assert sync.downlink_from_document(fields.parse(text)) == Downlink(server_us, schedule)


@given(
    strategies.damaged(sync.downlink_to_document(messages.DOWNLINK))
    | strategies.damaged(sync.ack_to_document(messages.ACK))
)
def test_damaged_answers_raise_nothing_but_bad_message(text: str) -> None:
    for decode in (sync.downlink_from_document, sync.ack_from_document):
        try:
            decode(fields.parse(text))
        except BadMessage as error:
            messages.check_refusal(error)


@pytest.mark.parametrize("after", [-2, 5, 6, "4", 1.5, True])
def test_the_numbers_that_are_gone_lie_before_the_first_frame(after: object) -> None:
    plain = upload(Frame(5, FrameClass.EVENTS, b""))
    named = plain.replace(b'"frames":1', b'"frames":1,"after":' + json.dumps(after).encode())
    with pytest.raises(BadMessage, match=r"^upload\.after: "):
        sync.decode_upload(named)
