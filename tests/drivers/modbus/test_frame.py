"""drivers.modbus.frame: answers pass, whole or in part, and garbage does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.frame import sound


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
