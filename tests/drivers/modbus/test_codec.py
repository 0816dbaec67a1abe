"""drivers.modbus.codec: what is in the registers is what the value says, and back again."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.codec import NotEncodable, decode, encode, exponent_in, text, words
from drivers.point import Coding, Kind, Order, Point

INTEGERS = [coding for coding in Coding if coding.whole]
NUMBERS = [coding for coding in Coding if coding is not Coding.STRING]
EXACT_BITS = 45
"""Integers of more bits lose digits once they are scaled; a float carries 53."""


def point(
    coding: Coding,
    *,
    scale: float = 1.0,
    offset: float = 0.0,
    low: float | None = None,
    high: float | None = None,
    sentinels: frozenset[int] = frozenset(),
    word_order: Order = Order.BIG,
    byte_order: Order = Order.BIG,
    length: int = 0,
    bit: int | None = None,
    kind: Kind = Kind.HOLDING,
) -> Point:
    return Point(
        name="test.value",
        kind=kind,
        address=0,
        coding=coding,
        scale=scale,
        offset=offset,
        low=low,
        high=high,
        sentinels=sentinels,
        word_order=word_order,
        byte_order=byte_order,
        length=length,
        bit=bit,
    )


@pytest.mark.parametrize(
    ("coding", "registers", "value"),
    [
        (Coding.UINT16, [65_535], 65_535.0),
        (Coding.INT16, [65_036], -500.0),
        (Coding.UINT32, [1, 0], 65_536.0),
        (Coding.INT32, [0xFFFF, 0xFFFE], -2.0),
        (Coding.UINT64, [0, 0, 1, 1], 65_537.0),
        (Coding.INT64, [0xFFFF] * 4, -1.0),
        (Coding.FLOAT32, [0x41C8, 0x0000], 25.0),
        (Coding.FLOAT64, [0xC039, 0, 0, 0], -25.0),
        (Coding.BOOL, [0x0100], 1.0),
        (Coding.BOOL, [0], 0.0),
    ],
)
def test_each_type_is_read_as_the_maker_means_it(
    coding: Coding, registers: list[int], value: float
) -> None:
    assert decode(point(coding), registers) == value


def test_a_device_that_counts_charging_positive_is_turned_by_its_scale() -> None:
    charging_is_positive = point(Coding.INT16, scale=-0.01)
    assert decode(charging_is_positive, [1_500]) == -15.0
    assert encode(charging_is_positive, -15.0) == [1_500]


@pytest.mark.parametrize(
    ("raw", "current_a"), [(32_000, 0.0), (33_000, -100.0), (31_000, 100.0), (0, None)]
)
def test_an_offset_turns_a_current_and_an_impossible_one_is_no_value(
    raw: int, current_a: float | None
) -> None:
    current = point(Coding.UINT16, scale=-0.1, offset=3_200.0, low=-3_000, high=3_000)
    assert decode(current, [raw]) == current_a


def test_little_word_order_swaps_words_but_not_bytes() -> None:
    swapped = point(Coding.UINT32, word_order=Order.LITTLE)
    assert decode(swapped, [0x1234, 0x0001]) == 0x0001_1234
    assert encode(swapped, 0x0001_1234) == [0x1234, 0x0001]


def test_one_bit_of_a_status_word_is_read_alone() -> None:
    assert decode(point(Coding.BOOL, bit=2), [0b0100]) == 1.0
    assert decode(point(Coding.BOOL, bit=2), [0b1011]) == 0.0


def test_a_bit_of_a_register_without_a_value_has_none_either() -> None:
    trip = point(Coding.UINT32, bit=17, sentinels=frozenset({0xFFFF_FFFF}))
    assert decode(trip, [0b10, 0]) == 1.0
    assert decode(trip, [0b01, 0xFFFF]) == 0.0
    assert decode(trip, [0xFFFF, 0xFFFF]) is None


def test_little_byte_order_swaps_the_bytes_of_each_word_and_only_those() -> None:
    swapped = point(Coding.UINT32, byte_order=Order.LITTLE)
    assert decode(swapped, [0x3412, 0x7856]) == 0x1234_5678
    assert encode(swapped, 0x1234_5678) == [0x3412, 0x7856]
    assert decode(point(Coding.BOOL, kind=Kind.COIL, byte_order=Order.LITTLE), [1]) == 1.0


def test_a_scale_register_moves_the_decimal_point_both_ways() -> None:
    power = point(Coding.INT16, scale=-0.001)
    assert decode(power, [1_234], 1) == -12.34
    assert decode(power, [1_234], -2) == -0.01234
    assert encode(power, -12.34, 1) == [1_234]
    assert encode(power, -0.01234, -2) == [1_234]
    assert decode(power, [1_234], None) is None, "no exponent is not exponent 0"


@pytest.mark.parametrize(
    ("register", "power"), [(0, 0), (10, 10), (0xFFF6, -10), (11, None), (0x8000, None)]
)
def test_a_scale_register_says_a_power_of_ten_or_nothing(register: int, power: int | None) -> None:
    assert exponent_in(register) == power


def test_a_string_ends_at_its_first_zero_and_keeps_only_what_can_be_printed() -> None:
    maker = point(Coding.STRING, length=4)
    assert text(maker, [0x534D, 0x4120, 0x0047, 0x4152]) == "SMA"
    assert text(maker, [0x530A, 0x4DFF, 0x4100, 0]) == "SMA"
    assert text(maker, [0, 0x4152, 0, 0]) == ""
    turned = point(Coding.STRING, length=2, byte_order=Order.LITTLE)
    assert text(turned, [0x4D53, 0x0041]) == "SMA"


def test_three_tenths_are_three_tenths() -> None:
    assert decode(point(Coding.UINT16, scale=0.1), [3]) == 0.3


def test_a_sentinel_is_no_value_and_cannot_be_written_by_accident() -> None:
    marked = point(Coding.INT16, sentinels=frozenset({0x8000}))
    assert decode(marked, [0x8000]) is None
    with pytest.raises(NotEncodable, match=r"test\.value: -32768 is not allowed"):
        encode(marked, -32_768)


def test_zero_of_a_turned_point_is_plain_zero() -> None:
    value = decode(point(Coding.INT32, scale=-0.001), [0, 0])
    assert value == 0.0
    assert math.copysign(1.0, value) == 1.0


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_float_that_is_no_number_is_no_value(number: float) -> None:
    pattern = int.from_bytes(struct.pack(">f", number), "big")
    assert decode(point(Coding.FLOAT32), [pattern >> 16, pattern & 0xFFFF]) is None


@pytest.mark.parametrize(
    ("target", "value"),
    [
        (point(Coding.UINT16), -1.0),
        (point(Coding.UINT16), 65_536.0),
        (point(Coding.INT16), 32_768.0),
        (point(Coding.INT16, low=-10, high=10), 10.5),
        (point(Coding.FLOAT32), 1e39),
        (point(Coding.INT32), math.nan),
        (point(Coding.INT32), math.inf),
        (point(Coding.BOOL, bit=1), 1.0),
        (point(Coding.UINT32, scale=1e-9), 1e308),
    ],
)
def test_what_does_not_fit_is_refused_and_never_cut(target: Point, value: float) -> None:
    with pytest.raises(NotEncodable, match=r"test\.value: .* is expected"):
        encode(target, value)


@given(
    st.sampled_from(INTEGERS),
    st.sampled_from([1.0, -1.0, 10.0, 0.1, -0.1, 0.01, -0.001]),
    st.sampled_from([0.0, -40.0, 3_200.0]),
    st.sampled_from(Order),
    st.data(),
)
def test_every_pattern_survives_the_way_to_a_value_and_back(
    coding: Coding, scale: float, offset: float, word_order: Order, data: st.DataObject
) -> None:
    bits = min(coding.bits, EXACT_BITS)
    raw = data.draw(st.integers(0, (1 << bits) - 1))
    if coding.signed:
        raw = (raw - (1 << bits - 1)) % (1 << coding.bits)
    target = point(coding, scale=scale, offset=offset, word_order=word_order)
    little = [raw >> 16 * i & 0xFFFF for i in range(coding.words)]
    registers = little if word_order is Order.LITTLE else little[::-1]
    value = decode(target, registers)
    assert value is not None
    assert encode(target, value) == registers


@given(
    st.sampled_from(INTEGERS),
    st.integers(-10, 10),
    st.sampled_from(Order),
    st.sampled_from(Order),
    st.integers(-30_000, 30_000),
)
def test_every_scale_register_and_order_survives_the_way_back(
    coding: Coding, exponent: int, word_order: Order, byte_order: Order, number: int
) -> None:
    target = point(coding, word_order=word_order, byte_order=byte_order)
    raw = abs(number) if not coding.signed else number
    registers = words(target, raw % (1 << coding.bits))
    value = decode(target, registers, exponent)
    assert value is not None
    if exponent >= -9:  # below, the value itself is rounded
        assert value == pytest.approx(raw * 10.0**exponent)
        assert encode(target, value, exponent) == registers


@given(st.floats(min_value=-1e9, max_value=1e9), st.sampled_from(Order), st.sampled_from(Order))
def test_a_double_comes_back_within_the_decimals_we_keep(
    number: float, word_order: Order, byte_order: Order
) -> None:
    target = point(Coding.FLOAT64, word_order=word_order, byte_order=byte_order)
    assert decode(target, encode(target, number)) == pytest.approx(number, abs=1e-9)


@given(st.binary(max_size=16), st.sampled_from(Order))
def test_any_bytes_make_a_printable_text(raw: bytes, byte_order: Order) -> None:
    padded = raw.ljust(16, b"\0")
    registers = [int.from_bytes(padded[i : i + 2], "big") for i in range(0, 16, 2)]
    assert text(point(Coding.STRING, length=8, byte_order=byte_order), registers).isprintable()


@given(st.floats(width=32, min_value=-1e6, max_value=1e6))
def test_a_float_comes_back_within_the_decimals_we_keep(number: float) -> None:
    assert decode(point(Coding.FLOAT32), encode(point(Coding.FLOAT32), number)) == pytest.approx(
        number, abs=1e-9
    )


@given(
    st.sampled_from([Coding.INT16, Coding.INT32]),
    st.sampled_from([0.001, -0.001, 0.1, -0.1, 1.0]),
    st.floats(-30.0, 30.0),
)
def test_a_value_comes_back_within_half_a_step(coding: Coding, scale: float, value: float) -> None:
    target = point(coding, scale=scale)
    back = decode(target, encode(target, value))
    assert back is not None
    assert abs(back - value) <= abs(scale) / 2 + 1e-9


@given(st.sampled_from(NUMBERS), st.data())
def test_no_pattern_at_all_raises(coding: Coding, data: st.DataObject) -> None:
    registers = st.lists(st.integers(0, 0xFFFF), min_size=coding.words, max_size=coding.words)
    value = decode(point(coding), data.draw(registers))
    assert value is None or math.isfinite(value)
