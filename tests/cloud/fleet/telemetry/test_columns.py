"""Blocks as arrays (`telemetry.columns`): what `wire.block` accepts, with the same numbers."""

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.fleet.telemetry import columns
from tests.support import strategies
from tests.support.columns import same
from wire import block as blocks
from wire.block import Block
from wire.fields import BadMessage

T = TypeVar("T")


def both(payload: bytes) -> None:
    """Either both refuse with the same words, or both see the same."""
    block, said = judged(blocks.decode, payload)
    found, also_said = judged(columns.decode, payload)
    assert said == also_said
    if block is not None and found is not None:
        same(found, block)


def judged(decode: Callable[[bytes], T], payload: bytes) -> tuple[T | None, str]:
    try:
        return decode(payload), ""
    except BadMessage as error:
        return None, str(error)


@given(strategies.blocks(samples_max=40))
def test_any_block_comes_out_with_the_same_numbers(block: Block) -> None:
    same(columns.decode(blocks.encode(block)), block)
    same(columns.of(block), block)


@settings(max_examples=400)
@given(st.data())
def test_a_damaged_block_is_judged_as_wire_judges_it(data: st.DataObject) -> None:
    document = json.loads(blocks.to_json(data.draw(strategies.blocks())))
    both(zlib.compress(data.draw(strategies.damaged(document)).encode("utf-8", "surrogatepass")))


@given(st.binary(max_size=100))
def test_garbage_is_refused(payload: bytes) -> None:
    both(payload)
    both(zlib.compress(payload))


SERIES = [["a.b", 1, [1, 2], 0], ["a.c", None, [0.5, 1.5], [[0, 1], [3, 1]]]]


def document(**changes: object) -> dict[str, object]:
    base = {"v": 1, "dev": "d", "boot": "b", "seq": 0, "t0": 10, "dt": [5], "series": SERIES}
    return base | changes


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"step": 60_000_000},
        {"step": True},
        {"dt": [True]},
        {"dt": [-11]},
        {"dt": [2**70]},
        {"dt": [2**63 - 1]},
        {"dt": [1.0]},
        {"dt": [2.5e17, 1]},
        {"series": [["a.b", True, [1, 2], 0]]},
        {"series": [["a.b", 1.0, [1, 2], 0]]},
        {"series": [["a.b", 10, [1, 2], 0]]},
        {"series": [["a.b", 1, [1, True], 0]]},
        {"series": [["a.b", 1, [1, 2.0], 0]]},
        {"series": [["a.b", 1, [1, None], 0]]},
        {"series": [["a.b", 1, [None, None], 3]]},
        {"series": [["a.b", 10, [None, None], 3]]},
        {"series": [["a.b", 1, [2**54, 2**54], 0]]},
        {"series": [["a.b", 1, [2**54 + 1, 0], 0]]},
        {"series": [["a.b", 1, [2**63, 0], 0]]},
        {"series": [["a.b", None, [2**63, 2**90], 0]]},
        {"series": [["a.b", None, [10**400, 1], 0]]},
        {"series": [["a.b", None, ["1", 2], 0]]},
        {"series": [["a.b", 1, "12", 0]]},
        {"series": [["a.b", 1, {"1": 1, "2": 2}, 0]]},
        {"series": [["a.b", 1, [[1], [2]], 0]]},
        {"series": [["a.b", 1, [1], 0]]},
        {"series": [["a.b", 1, [1, 2], 4]]},
        {"series": [["a.b", 1, [1, 2], -1]]},
        {"series": [["a.b", 1, [1, 2], [[0, 1]]]]},
        {"series": [["a.b", 1, [1, 2], 0], ["a.b", 1, [1, 2], 0]]},
        {"series": [["A", 1, [1, 2], 0]]},
        {"series": [[["a.b"], 1, [1, 2], 0]]},
        {"series": [["a.b", 1, [1, 2]]]},
        {"series": ["abcd"]},
        {"series": []},
        {"series": [["a.b", 0, [-0.0, 1], 0]]},
        {"dev": "true"},
        {"dev": "\u00e4"},
        {"dev": ""},
        {"v": 2},
    ],
)
def test_what_is_odd_is_judged_as_wire_judges_it(changed: dict[str, object]) -> None:
    both(zlib.compress(json.dumps(document(**changed)).encode()))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(document()).replace("0.5", "NaN"),
        json.dumps(document()).replace("0.5", "1e999"),
        json.dumps(document()).replace("0.5", "-0.0"),
        json.dumps(document()) + " ",
        json.dumps(document())[:-1],
    ],
)
def test_numbers_that_json_cannot_mean_are_judged_as_wire_judges_them(text: str) -> None:
    both(zlib.compress(text.encode()))


def test_an_incomplete_or_doubled_stream_is_refused() -> None:
    payload = zlib.compress(json.dumps(document()).encode())
    for cut in (payload[:-1], payload + b"x", payload + payload):
        both(cut)


def test_a_long_column_of_large_steps_keeps_every_number() -> None:
    times = tuple(range(600))
    row = tuple(float((-1) ** i * 2**52) for i in times)
    block = Block(
        device="d",
        boot="b",
        seq=0,
        at_us=times,
        points=("a.b",),
        values=(row,),
        quality=((blocks.Quality.GOOD,) * 600,),
    )
    found = columns.decode(blocks.encode(block))
    assert np.array_equal(found.values[0], row)


@given(strategies.blocks(), st.data())
def test_some_points_of_a_block_are_what_the_whole_block_has_of_them(
    block: Block, data: st.DataObject
) -> None:
    wanted = data.draw(st.sets(st.sampled_from([*block.points, "not.there"])))
    payload = blocks.encode(block)
    found = columns.decode_points(payload, wanted)
    block = blocks.decode(payload)  # whole numbers have no negative zero
    rows = [index for index, point in enumerate(block.points) if point in wanted]
    expected = replace(
        block,
        points=tuple(block.points[index] for index in rows),
        values=tuple(block.values[index] for index in rows),
        quality=tuple(block.quality[index] for index in rows),
    )
    same(found, expected)


@settings(max_examples=200)
@given(st.data())
def test_some_points_of_whatever_is_a_block_are_found(data: st.DataObject) -> None:
    """Also when somebody else's program wrote it, with spaces and in another order."""
    document = json.loads(blocks.to_json(data.draw(strategies.blocks())))
    keys = data.draw(st.permutations(list(document)))
    text = json.dumps(
        {key: document[key] for key in keys}, indent=data.draw(st.none() | st.just(1))
    )
    payload = zlib.compress(text.encode())
    whole = columns.decode(payload)
    wanted = set(whole.points[::2])
    found = columns.decode_points(payload, wanted)
    assert set(found.points) == wanted
    for row, point in enumerate(found.points):
        assert np.array_equal(
            found.values[row], whole.values[whole.points.index(point)], equal_nan=True
        )
