"""cloud.market.series.chunk: what is packed comes back exactly; nonsense is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.market.series import chunk
from cloud.market.series.chunk import BadChunk

STEP_US = 900_000_000
floats = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-500_00, 4_000_00).map(
    lambda cents: cents / 100
)


@given(
    st.lists(st.integers(0, 99), min_size=1, unique=True).map(sorted),
    st.data(),
    st.integers(-(10**6), 10**6),
)
def test_what_is_packed_comes_back_to_the_last_bit(
    slots: list[int], data: st.DataObject, first: int
) -> None:
    values = data.draw(st.lists(floats, min_size=len(slots), max_size=len(slots)))
    starts = [first * STEP_US + slot * STEP_US for slot in slots]
    packed = chunk.pack(starts, values, STEP_US)
    back, numbers = chunk.unpack(packed, starts[0], STEP_US, len(starts))
    assert list(back) == starts
    assert list(map(repr, numbers)) == list(map(repr, values))


def test_a_day_of_prices_takes_less_than_three_bytes_a_value() -> None:
    values = [round(80 + 40 * ((n * 37) % 96) / 96 - n / 7, 2) for n in range(96)]
    packed = chunk.pack(range(0, 96 * STEP_US, STEP_US), values, STEP_US)
    assert len(packed) < 3 * 96


@pytest.mark.parametrize("starts", [[0, 1], [0, 0], [STEP_US, 0], [0, 1_500 * STEP_US]])
def test_intervals_off_the_grid_out_of_order_or_too_far_are_refused(starts: list[int]) -> None:
    with pytest.raises(ValueError, match=r"grid|ascend|allowed"):
        chunk.pack(starts, [1.0] * len(starts), STEP_US)


@given(st.binary(max_size=200))
def test_bytes_of_somebody_else_are_no_chunk(found: bytes) -> None:
    with pytest.raises(BadChunk):
        chunk.unpack(found, 0, STEP_US, 96)
