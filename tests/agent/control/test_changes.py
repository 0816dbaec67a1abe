"""agent.control.changes: everything new is told once, in portions, and nobody waits for ever."""

from hypothesis import given
from hypothesis import strategies as st

from agent.control.changes import Changes
from wire.block import Quality, Reading


def _picture(*values: float) -> list[tuple[str, Reading]]:
    return [
        ("d", Reading(f"p.x{index}", value, Quality.GOOD, 1)) for index, value in enumerate(values)
    ]


def test_a_new_connection_is_told_everything_and_then_only_what_is_new() -> None:
    changes = Changes()
    assert changes.take(_picture(1.0, 2.0)) == tuple(_picture(1.0, 2.0))
    assert changes.take(_picture(1.0, 2.0)) == ()
    assert [reading.value for _, reading in changes.take(_picture(1.0, 3.0))] == [3.0]


def test_a_value_that_grows_old_is_new() -> None:
    changes = Changes()
    changes.take(_picture(1.0))
    stale = [("d", Reading("p.x0", 1.0, Quality.STALE, 1))]
    assert changes.take(stale) == tuple(stale)


def test_the_same_point_of_two_devices_is_two_points() -> None:
    changes = Changes()
    reading = Reading("p.x", 1.0, Quality.GOOD, 1)
    assert len(changes.take([("a", reading), ("b", reading)])) == 2


@given(st.integers(1, 40), st.integers(1, 15), st.integers(1, 6))
def test_every_point_is_told_within_one_round_though_all_change_all_the_time(
    points: int, most: int, rounds: int
) -> None:
    changes = Changes()
    portions = -(-points // most)
    for turn in range(rounds):
        told: set[str] = set()
        for portion in range(portions):
            now = float(turn * portions + portion)
            part = changes.take(_picture(*[now] * points), most)
            assert len(part) <= most
            told.update(reading.point for _, reading in part)
        assert len(told) == points
