"""drivers.modbus.frame: answers pass, whole or in part, and garbage does not."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.frame import crc, is_read, rtu_answer, sound


def frame(body: bytes) -> bytes:
    return b"\x00\x07\x00\x00" + (len(body) + 1).to_bytes(2, "big") + b"\x01" + body


ANSWERS = [
    frame(b"\x03\x04\x00\x01\x00\x02"),
    frame(b"\x01\x01\x05"),
    frame(b"\x10\x00\x64\x00\x02"),
    frame(b"\x83\x02"),
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_beginning_of_an_answer_is_sound(answer: bytes) -> None:
    assert all(sound(answer[:length]) for length in range(len(answer) + 1))
    assert sound(answer + ANSWERS[0])


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 400 Bad Request",
        bytes(8),
        frame(b"\x03\x06\x00\x01\x00\x02"),
        frame(b"\x03"),
        frame(b"\x83\x02\x00"),
        frame(b"\x2b\x0e\x01"),
        ANSWERS[0] + b"\xff\xff\xff\xff",
    ],
)
def test_what_is_no_answer_is_not_sound(garbage: bytes) -> None:
    assert not sound(garbage)


@given(st.binary(max_size=600))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    assert sound(data) in (True, False)


def rtu(body: bytes) -> bytes:
    return body + crc(body)


READ = rtu(b"\x07\x03\x00\x0a\x00\x02")
BITS = rtu(b"\x07\x02\x00\x0a\x00\x09")
WRITE = rtu(b"\x07\x06\x00\x0a\x12\x34")
LONG_WRITE = rtu(b"\x07\x10\x00\x0a\x00\x02\x04\x00\x01\x00\x02")
PAIRS = [
    (READ, rtu(b"\x07\x03\x04\x00\x01\x00\x02")),
    (READ, rtu(b"\x07\x83\x02")),
    (BITS, rtu(b"\x07\x02\x02\x05\x01")),
    (WRITE, WRITE),
    (WRITE, rtu(b"\x07\x86\x04")),
    (LONG_WRITE, rtu(b"\x07\x10\x00\x0a\x00\x02")),
]


def test_the_checksum_is_the_one_of_the_standard() -> None:
    assert crc(b"123456789") == b"\x37\x4b", "CRC-16/MODBUS, 0x4B37, low byte first"
    assert crc(bytes.fromhex("1103006b0003")) == bytes.fromhex("7687")


def test_a_read_is_told_from_a_write() -> None:
    assert [is_read(frame) for frame in (READ, BITS, WRITE, LONG_WRITE)] == [1, 1, 0, 0]


@pytest.mark.parametrize(("request_", "answer"), PAIRS)
def test_an_answer_is_taken_whole_and_not_before(request_: bytes, answer: bytes) -> None:
    for end in range(len(answer)):
        assert rtu_answer(request_, answer[:end], echoes=False) == b""
    assert rtu_answer(request_, answer, echoes=False) == answer
    assert rtu_answer(request_, b"\xff\x07" + answer + answer, echoes=False) == answer


@pytest.mark.parametrize(("request_", "answer"), PAIRS)
def test_behind_an_echo_the_answer_is_the_devices(request_: bytes, answer: bytes) -> None:
    assert rtu_answer(request_, request_, echoes=True) == b""
    assert rtu_answer(request_, request_ + answer, echoes=True) == answer
    assert rtu_answer(request_, answer[:3], echoes=True) == b""


@pytest.mark.parametrize(("request_", "answer"), PAIRS)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda frame: frame[:-1] + bytes([frame[-1] ^ 1]),
        lambda frame: rtu(b"\x08" + frame[1:-2]),
        lambda frame: rtu(frame[:1] + b"\x04" + frame[2:-2]),
        lambda frame: (
            rtu(frame[:2] + bytes([frame[2] ^ 0x40]) + frame[3:-2]) if len(frame) > 5 else b""
        ),
        lambda frame: rtu(frame[:-4]),
        lambda frame: b"HTTP/1.1 400 Bad Request",
    ],
)
def test_what_answers_something_else_is_passed_over(
    request_: bytes, answer: bytes, spoil: Callable[[bytes], bytes]
) -> None:
    assert rtu_answer(request_, spoil(answer), echoes=False) == b""
    assert rtu_answer(request_, spoil(answer) + answer, echoes=False) == answer


@given(st.sampled_from(PAIRS), st.binary(max_size=300), st.booleans())
def test_in_any_bytes_only_a_sound_frame_is_an_answer(
    pair: tuple[bytes, bytes], data: bytes, echoes: bool
) -> None:
    found = rtu_answer(pair[0], data, echoes=echoes)
    assert found == b"" or (found in data and crc(found[:-2]) == found[-2:])
