"""drivers.opcua.sample: doubts about a subscription, justified ones only."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.opcua.sample import Doubts, Sample

OLD, NEW = Sample(50.0), Sample(50.1)


def test_an_item_that_reads_otherwise_twice_without_being_told_is_dropped() -> None:
    doubts = Doubts([0.0])
    doubts.tell(0, OLD)
    assert not doubts.dropped([(0, NEW)])
    assert not doubts.dropped([(0, NEW)])
    assert doubts.dropped([(0, NEW)]) == {0}


def test_a_change_that_is_told_between_two_readings_raises_no_doubt() -> None:
    doubts = Doubts([0.0])
    doubts.tell(0, OLD)
    doubts.dropped([(0, OLD)])
    assert not doubts.dropped([(0, NEW)])
    doubts.tell(0, NEW)
    assert not doubts.dropped([(0, NEW)])
    assert not doubts.dropped([(0, OLD)])
    assert not doubts.dropped([(0, NEW)])


def test_a_change_within_the_deadband_need_not_be_told() -> None:
    doubts = Doubts([0.5])
    doubts.tell(0, OLD)
    assert not any(doubts.dropped([(0, NEW)]) for _ in range(5))


def test_a_status_that_is_not_told_is_noticed_too() -> None:
    doubts = Doubts([0.0])
    doubts.tell(0, OLD)
    readings = [doubts.dropped([(0, Sample(None, "BadNotConnected"))]) for _ in range(3)]
    assert readings[-1] == {0}


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 100)), max_size=30))
def test_a_subscription_that_tells_everything_is_never_doubted(
    changes: list[tuple[int, float]],
) -> None:
    doubts, values = Doubts([0.0] * 4), dict.fromkeys(range(4), Sample(0.0))
    for item, value in changes:
        values[item] = Sample(value)
        doubts.tell(item, values[item])
        assert not doubts.dropped(values.items())
