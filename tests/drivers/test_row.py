"""drivers.row: a row says where a point is and how it is coded, or costs one clear line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Rate
from drivers.errors import ProfileError
from drivers.point import Coding, Confidence, Kind, Notation, Order, Point, WriteMode
from drivers.row import Rules, read_points
from drivers.table import Mistakes, Table

RULES = Rules(
    notation=Notation.WIRE0,
    word_order=Order.BIG,
    byte_order=Order.BIG,
    max_registers=60,
    single_writes=False,
    sunspec=False,
)
SUNSPEC = Rules(
    notation=Notation.WIRE0,
    word_order=Order.BIG,
    byte_order=Order.BIG,
    max_registers=60,
    single_writes=False,
    sunspec=True,
)


def read(rules: Rules = RULES, **row: object) -> tuple[Point, ...]:
    whole = {"name": "pcs.value", "kind": "holding", "address": 10, "type": "uint16", **row}
    return read_points(Table("x.", {k: v for k, v in whole.items() if v is not None}), rules)


def one(rules: Rules = RULES, **row: object) -> Point:
    (point,) = read(rules, **row)
    return point


def test_a_row_that_says_little_is_a_slow_point_that_is_read() -> None:
    assert one() == Point(
        name="pcs.value", kind=Kind.HOLDING, address=10, coding=Coding.UINT16, resolution=1.0
    )


def test_a_string_is_read_once_and_says_who_the_device_is() -> None:
    point = one(name="identity.maker", type="string", length=16, byte_order="little")
    assert (point.count, point.rate, point.byte_order) == (16, Rate.ONCE, Order.LITTLE)


def test_a_scale_register_widens_what_is_asked_for_but_not_the_point() -> None:
    point = one(scale_register=4)
    assert (point.span, point.count) == (range(4, 11), 1)
    assert one(scale_register=12, type="uint32").span == range(10, 13)


def test_each_named_bit_is_a_point_of_the_same_registers() -> None:
    whole, trip, alarm = read(
        type="uint32", rate="fast", sentinel=[0xFFFF_FFFF], bits={"trip": 17, "alarm": 0}
    )
    assert (trip.name, trip.bit, alarm.name, alarm.bit) == (
        "pcs.value.trip",
        17,
        "pcs.value.alarm",
        0,
    )
    for bit in (trip, alarm):
        assert (bit.span, bit.coding, bit.rate) == (whole.span, whole.coding, Rate.FAST)
        assert bit.sentinels == whole.sentinels
        assert not bit.writable


@pytest.mark.parametrize(
    ("confirmed", "confidence", "proved"),
    [
        (True, Confidence.CONFIRMED, True),
        ("source", Confidence.SOURCE, True),
        (False, Confidence.UNCONFIRMED, False),
    ],
)
def test_a_row_says_how_far_it_is_to_be_believed(
    confirmed: object, confidence: Confidence, proved: bool
) -> None:
    point = one(confirmed=confirmed, note="from a forum")
    assert (point.confidence, point.confirmed, point.note) == (confidence, proved, "from a forum")


def test_numbers_have_texts_for_people() -> None:
    point = one(enum={"0": "init", "8": "fault"})
    assert (point.text_of(8.0), point.text_of(4.0)) == ("fault", "")


def test_a_row_says_how_and_how_often_it_may_be_written() -> None:
    point = one(access="read-write", write="single", readback=True, min_interval_s=2, flash=True)
    assert (point.write, point.readback, point.min_interval_s) == (WriteMode.SINGLE, True, 2.0)
    assert point.flash


def test_a_sunspec_row_names_a_model_instead_of_an_address() -> None:
    point = one(SUNSPEC, sunspec="802|713.SoC", kind=None, address=None, type=None, min=0, max=100)
    assert (point.sunspec, point.low, point.high) == ("802|713.SoC", 0.0, 100.0)
    maker = one(SUNSPEC, name="identity.maker", sunspec="1.Mn", kind=None, address=None, type=None)
    assert (maker.coding, maker.rate) == (Coding.STRING, Rate.ONCE)


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ({"type": "string", "length": 4}, "a number, unless the name begins with 'identity.'"),
        ({"name": "identity.maker", "type": "string"}, "x.length: is missing"),
        ({"name": "identity.a", "type": "string", "length": 65}, "whole number from 1 to 64"),
        (
            {"name": "identity.a", "type": "string", "length": 61},
            "x.length: 61 is not allowed; at most link.max_registers, 60, in one request is",
        ),
        (
            {"name": "identity.a", "type": "string", "length": 4, "rate": "slow"},
            "x.rate: 'slow' is not allowed; once, for a string, is expected",
        ),
        (
            {"name": "identity.a", "type": "string", "length": 4, "access": "read-write"},
            "read, for a string, is expected",
        ),
        ({"length": 4}, "x.length: no such key"),
        ({"type": "float32", "scale_register": 12}, "no scale register, unless it is an integer"),
        ({"scale_register": 70}, "x.scale_register: 61 is not allowed; at most link.max_registers"),
        ({"bits": {"trip": 16}}, "x.bits: {'trip': 16} is not allowed; a bit from 0 to 15 is"),
        ({"bits": {"Trip": 1}}, "x.bits: 'pcs.value.Trip' is not allowed; a dotted name in lower"),
        ({"bits": {"trip": True}}, "a bit from 0 to 15 is expected"),
        ({"bits": 3}, "a table such as { trip = 2 }, of a whole number that is read, is expected"),
        ({"bits": {"trip": 1}, "type": "float32"}, "of a whole number that is read, is expected"),
        ({"bits": {"trip": 1}, "access": "write"}, "of a whole number that is read, is expected"),
        ({"enum": {"a": "init"}}, "x.enum: {'a': 'init'} is not allowed; a table such as"),
        ({"enum": {"0": 1}}, 'a table such as { 0 = "init" } is expected'),
        ({"confirmed": "maybe"}, "x.confirmed: 'maybe' is not allowed; true, false or \"source\""),
        ({"write": "single"}, "auto, for a point that is only read, is expected"),
        ({"write": "single", "type": "int32", "access": "write"}, "one register, with"),
        ({"readback": True, "access": "write"}, "false, unless access is read-write, is expected"),
        ({"min_interval_s": -1}, "x.min_interval_s: -1 is not allowed; a number from 0 to 3600"),
        ({"sunspec": "124.InWRte"}, 'an address, unless link.protocol is "sunspec", is expected'),
    ],
)
def test_a_wrong_row_costs_one_line_that_says_what_is_expected(
    row: dict[str, object], line: str
) -> None:
    with pytest.raises(ProfileError) as caught:
        read(RULES, **row)
    assert line in str(caught.value)


@pytest.mark.parametrize("where", ["InWRte", "124", "124.", "a.InWRte", "802|.SoC"])
def test_a_sunspec_row_without_model_and_point_is_refused(where: str) -> None:
    with pytest.raises(ProfileError, match="a model and its point, such as"):
        read(SUNSPEC, sunspec=where, kind=None, address=None, type=None)


_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-100_000, 100_000),
    st.floats(),
    st.text(max_size=10),
    st.lists(st.integers(-5, 5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3),
)
_keys = st.sampled_from(
    [
        "name",
        "kind",
        "address",
        "type",
        "length",
        "scale",
        "offset",
        "scale_register",
        "word_order",
        "byte_order",
        "bit",
        "sentinel",
        "min",
        "max",
        "resolution",
        "rate",
        "access",
        "write",
        "flash",
        "readback",
        "min_interval_s",
        "stuck_check",
        "confirmed",
        "note",
        "enum",
        "bits",
        "sunspec",
        "other",
    ]
)


@given(st.dictionaries(_keys, _values, max_size=6), st.sampled_from([RULES, SUNSPEC]))
def test_any_row_is_points_within_the_limits_or_one_line(
    row: dict[str, object], rules: Rules
) -> None:
    mistakes = Mistakes()
    points: tuple[Point, ...] = ()
    with mistakes.caught():
        points = read(rules, **row)
    assert not any("\n" in line for line in mistakes.lines)
    for point in points:
        assert 0 <= point.span.start < point.span.stop <= 65_536
        assert len(point.span) <= rules.max_registers
