"""agent.control.outbox: bounded in bytes, in order, and honest about what it dropped."""

from hypothesis import given
from hypothesis import strategies as st

from agent.control.outbox import ITEM_OVERHEAD_BYTES, Outbox
from wire.sync import Event, Severity

ROOMY = 1_000_000


def _event(number: int) -> Event:
    return Event(
        at_us=number, code="X", severity=Severity.INFO, source="control", text=f"item {number:04}"
    )


def _filled(count: int, bytes_max: int = ROOMY) -> Outbox:
    outbox = Outbox(bytes_max)
    for number in range(count):
        outbox.put(_event(number))
    return outbox


def _numbers(outbox: Outbox, after: int = -1, count_max: int = 1_000) -> list[int]:
    return [number for number, _ in outbox.after(after, count_max)]


def test_items_come_out_in_order_and_only_behind_what_was_sent() -> None:
    outbox = _filled(5)
    assert _numbers(outbox) == [0, 1, 2, 3, 4]
    assert _numbers(outbox, after=2) == [3, 4]
    assert _numbers(outbox, after=1, count_max=2) == [2, 3]
    assert _numbers(outbox, after=4) == []


def test_what_is_stored_is_forgotten_and_numbers_go_on() -> None:
    outbox = _filled(5)
    outbox.stored(2)
    outbox.put(_event(5))
    assert _numbers(outbox) == [3, 4, 5]
    outbox.stored(99)
    assert (len(outbox), outbox.dropped) == (0, 0)


def test_storing_the_same_number_twice_changes_nothing() -> None:
    outbox = _filled(5)
    outbox.stored(2)
    outbox.stored(2)
    outbox.stored(-1)
    assert _numbers(outbox) == [3, 4]


def test_a_full_ring_drops_the_oldest_and_counts_it() -> None:
    frame_bytes = len(_filled(1).after(-1, 1)[0][1]) + ITEM_OVERHEAD_BYTES
    outbox = _filled(10, bytes_max=4 * frame_bytes)
    assert _numbers(outbox) == [6, 7, 8, 9]
    assert (outbox.dropped, outbox.take_unreported(), outbox.take_unreported()) == (6, 6, 0)


def test_an_item_larger_than_the_ring_is_still_kept_until_the_next_one() -> None:
    assert _numbers(_filled(3, bytes_max=1)) == [2]


@given(
    st.lists(st.none() | st.integers(0, 60), max_size=60),
    st.integers(200, 2_000),
)
def test_every_item_is_kept_stored_or_counted_as_dropped(
    actions: list[int | None], bytes_max: int
) -> None:
    """An action puts an item (None), or says that everything up to a number is stored."""
    outbox, put, stored = Outbox(bytes_max), 0, 0
    for action in actions:
        if action is None:
            outbox.put(_event(put))
            put += 1
        else:
            before = len(outbox)
            outbox.stored(action)
            stored += before - len(outbox)
    assert put == len(outbox) + stored + outbox.dropped
    assert _numbers(outbox) == list(range(put - len(outbox), put))
