"""wire/block.py: a block comes back exactly; only BadMessage leaves a decoder."""

import json
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import messages, strategies
from wire import block as blocks
from wire.block import Block, Quality, Reading, sample
from wire.fields import INSTANT_US_MAX, BadMessage

DOCUMENT = json.loads(blocks.to_json(messages.BLOCK))


def one_point(values: list[float | None]) -> Block:
    return Block(
        device="d",
        boot="b",
        seq=0,
        at_us=tuple(range(len(values))),
        points=("ac.power_kw",),
        values=(tuple(values),),
        quality=((Quality.GOOD,) * len(values),),
    )


@given(strategies.blocks())
def test_every_block_comes_back_exactly(block: Block) -> None:
    assert blocks.decode(blocks.encode(block)) == block
    assert blocks.from_json(blocks.to_json(block)) == block


def test_the_same_block_is_always_the_same_bytes() -> None:
    assert blocks.encode(messages.BLOCK) == blocks.encode(replace(messages.BLOCK))


def test_decimals_are_the_fewest_that_keep_every_value() -> None:
    text = blocks.to_json(one_point([55.1, 55.0, 54.25, None, 54.25]))
    assert json.loads(text)["series"] == [["ac.power_kw", 2, [5510, -10, -75, None, 0], 0]]


def test_a_value_without_a_short_decimal_is_written_as_it_is() -> None:
    text = blocks.to_json(one_point([1 / 3, 1e300]))
    assert json.loads(text)["series"] == [["ac.power_kw", None, [1 / 3, 1e300], 0]]


def test_slow_telemetry_costs_about_a_byte_a_point() -> None:
    values = [50.0 + 0.1 * (second % 7) for second in range(300)]
    block = one_point([round(value, 1) for value in values])
    assert len(blocks.encode(block)) < 1.5 * 300


def test_a_sample_is_a_block_of_one() -> None:
    readings = [
        Reading("battery.soc_pct", 55.0, Quality.GOOD, 7),
        Reading("ac.power_kw", None, Quality.BAD, 8),
    ]
    block = sample("inverter-1", "boot", 3, 9, readings)
    assert block.values == ((55.0,), (None,))
    assert block.quality == ((Quality.GOOD,), (Quality.BAD,))
    assert (block.seq, block.at_us) == (3, (9,))


def test_a_block_without_samples_or_of_two_shapes_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        one_point([])
    with pytest.raises(ValueError, match="one value and one quality"):
        replace(messages.BLOCK, at_us=(0,))


@given(st.binary(max_size=200) | st.binary(max_size=200).map(zlib.compress))
def test_no_bytes_raise_anything_but_bad_message(payload: bytes) -> None:
    with pytest.raises(BadMessage):
        blocks.decode(payload)


@given(strategies.damaged(DOCUMENT))
def test_a_damaged_block_is_refused_or_can_be_sent_on(text: str) -> None:
    try:
        block = blocks.from_json(text)
    except BadMessage as error:
        messages.check_refusal(error)
    else:
        assert blocks.from_json(blocks.to_json(block)) == block


@given(st.integers(0, 200))
def test_a_block_cut_short_or_followed_by_anything_is_refused(cut: int) -> None:
    payload = blocks.encode(messages.BLOCK)
    with pytest.raises(BadMessage):
        blocks.decode(payload[: min(cut, len(payload) - 1)])
    with pytest.raises(BadMessage):
        blocks.decode(payload + b"\0")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("v", 2, "block.v: 2 is not allowed; a whole number of 1 to 1 is expected"),
        ("seq", -1, "block.seq: -1 is not allowed"),
        ("dev", "", "block.dev: '' is not allowed"),
        ("dev", "a\0b", "block.dev"),
        ("dev", "\ud800", "block.dev"),
        ("t0", INSTANT_US_MAX + 1, "block.t0"),
        ("dt", [1], "block.series[0]: a list of 3 is not allowed; a list of 2 values is expected"),
        ("dt", [1, -(2**62)], "block.dt: -4611686018427387904 is not allowed"),
        ("dt", [1, True], "block.dt: True is not allowed"),
        ("series", [["ac.power_kw", 0, [1, 0, 0], 4]] * 1, "codes 0 to 3"),
        ("series", [["ac.power_kw", 0, [1, 0, 0], 0]] * 2, "each point once is expected"),
        ("series", [["ac.power_kw", True, [1, 0, 0], 0]], "decimals of 0 to 9 or null"),
        ("series", [["ac.power_kw", None, [10**400, 0, 0], 0]], "a finite number"),
        ("series", [["ac.power_kw", 0, [1.5, 0, 0], 0]], "whole numbers or null"),
        ("series", [["ac.power_kw", 0, [1, 0, 0], [[0, 2]]]], "a quality for each of 3"),
        ("series", [["AC Power", 0, [1, 0, 0], 0]], "a point name like"),
    ],
)
def test_a_wrong_part_is_named_with_what_is_allowed(key: str, value: object, says: str) -> None:
    with pytest.raises(BadMessage, match="is not allowed; ") as caught:
        blocks.from_json(json.dumps({**DOCUMENT, key: value}))
    assert says in str(caught.value)


def test_a_number_that_only_json_can_write_is_refused() -> None:
    text = json.dumps({**DOCUMENT, "dt": [], "series": [["ac.power_kw", None, ["@"], 0]]})
    with pytest.raises(BadMessage, match="a finite number is expected"):
        blocks.from_json(text.replace('"@"', "1e999"))


def test_a_bomb_is_refused_before_it_is_inflated() -> None:
    bomb = zlib.compress(b" " * (blocks.INFLATED_BYTES_MAX * 8))
    assert len(bomb) < 100_000
    with pytest.raises(BadMessage, match=f"at most {blocks.INFLATED_BYTES_MAX} bytes"):
        blocks.decode(bomb)


def test_a_deep_nest_is_refused() -> None:
    for depth in (500, 900, 980, 100_000):
        nest = "[" * depth + "]" * depth
        with pytest.raises(BadMessage):
            blocks.decode(zlib.compress(nest.encode()))
        with pytest.raises(BadMessage):
            blocks.from_json('{"v":1,"dt":[],"series":[["ac.power_kw",0,[1],' + nest + "]]}")


def test_more_values_than_a_block_may_have_are_refused_before_they_are_read() -> None:
    rows = blocks.VALUES_MAX // 1_000 + 1
    document = {**DOCUMENT, "dt": [1] * 999, "series": [0] * rows}
    with pytest.raises(BadMessage, match=f"at most {blocks.VALUES_MAX} values"):
        blocks.from_json(json.dumps(document))


def test_the_largest_block_passes_and_one_sample_more_does_not() -> None:
    largest = one_point([float(i % 7) for i in range(blocks.SAMPLES_MAX)])
    assert blocks.decode(blocks.encode(largest)) == largest
    with pytest.raises(BadMessage, match=r"block\.dt"):
        blocks.decode(blocks.encode(one_point([0.0] * (blocks.SAMPLES_MAX + 1))))


def test_a_full_block_of_long_numbers_stays_below_the_inflated_limit() -> None:
    samples = 100
    columns = blocks.VALUES_MAX // samples
    block = Block(
        device="d" * 500,
        boot="b" * 500,
        seq=2**62,
        at_us=tuple(INSTANT_US_MAX * (i % 2) for i in range(samples)),
        points=tuple("p" * 59 + f".{i}"[:6] for i in range(columns)),
        values=((-1.7976931348623157e308,) * samples,) * columns,
        quality=((Quality.GOOD, Quality.BAD) * (samples // 2),) * columns,
    )
    assert len(blocks.to_json(block)) < blocks.INFLATED_BYTES_MAX
    assert blocks.decode(blocks.encode(block)) == block
