"""bench.edge_poll, bench.registers: what the figures are made of is right."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.edge_poll import _jitter_ms, _name, _on_time
from bench.registers import REGISTERS, age_s, value_at
from wire.block import Block, Quality, Reading, sample

NOON_US = 1_790_000_000_000_000


@given(st.integers(0, REGISTERS - 1), st.integers(0, 2**50), st.integers(0, 300_000_000))
def test_a_register_tells_when_it_was_read(address: int, at_us: int, later_us: int) -> None:
    age = age_s(address, value_at(address, at_us), at_us + later_us)
    assert age == pytest.approx(later_us / 1e6, abs=0.011)


def _block(age_us: int, quality: Quality = Quality.GOOD) -> Iterator[Block]:
    value = float(value_at(3, NOON_US - age_us)) if quality is Quality.GOOD else None
    yield sample("device-1", "b", 0, NOON_US, [Reading(_name(3), value, quality, NOON_US)])


def test_a_sample_is_on_time_when_its_value_is_of_its_own_period() -> None:
    period = NOON_US, NOON_US + 1
    assert sum(_on_time(_block(900_000), *period, 1.0)) == 1
    assert sum(_on_time(_block(1_500_000), *period, 1.0)) == 0
    assert sum(_on_time(_block(0, Quality.LOST), *period, 1.0)) == 0
    assert sum(_on_time(_block(0), NOON_US + 1, NOON_US + 2, 1.0)) == 0


def test_jitter_is_the_distance_from_a_grid_wherever_that_lies() -> None:
    assert _jitter_ms([number + 0.999 for number in range(20)], 1.0) == pytest.approx(
        [0.0] * 18, abs=1e-9
    )
    late = [float(number) for number in range(20)]
    late[10] += 0.03
    assert max(_jitter_ms(late, 1.0)) == pytest.approx(30.0)
