"""What was uploaded in pieces (`telemetry.history`) comes back whole, in order, page by page."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.fleet.model import History
from cloud.fleet.telemetry.history import Chunk, Question, collect
from wire.block import Block, Quality, decode, encode

FOREVER_US = 2**62


def chunk(device: str, times: list[int]) -> Chunk:
    block = Block(
        device=device,
        boot="boot-1",
        seq=0,
        at_us=tuple(times),
        points=("ac.power_kw", "battery.soc_pct"),
        values=(tuple(map(float, times)), tuple(map(float, times))),
        quality=((Quality.GOOD,) * len(times),) * 2,
    )
    return encode(block), min(times)


def in_order(chunks: list[Chunk]) -> list[Chunk]:
    return sorted(chunks, key=lambda one: one[1])


def rows(history: History) -> list[tuple[str, str, int]]:
    return [(s.device, s.point, at_us) for s in history.series for at_us in s.at_us]


def test_overlapping_blocks_of_two_devices_are_told_apart() -> None:
    chunks = in_order([chunk("a", [0, 10, 20]), chunk("b", [5, 15]), chunk("a", [30])])
    question = Question({"ac.power_kw"}, 0, FOREVER_US, 100)
    history = collect(chunks, question, complete=True)
    assert [(s.device, s.at_us) for s in history.series] == [("a", (0, 10, 20, 30)), ("b", (5, 15))]
    assert history.next_us is None


def test_what_may_be_missing_behind_the_last_chunk_is_left_for_the_next_answer() -> None:
    chunks = in_order([chunk("a", [0, 10, 20]), chunk("b", [5, 15])])
    question = Question(frozenset(), 0, FOREVER_US, 100)
    history = collect(chunks, question, complete=False)
    assert history.next_us == 5
    assert {at_us for _, _, at_us in rows(history)} == {0}


def test_an_instant_with_more_samples_than_the_limit_still_comes_whole() -> None:
    chunks = in_order([chunk("a", [7, 8]), chunk("b", [7])])
    history = collect(chunks, Question(frozenset(), 0, FOREVER_US, 1), complete=True)
    assert len(rows(history)) == 4
    assert history.next_us == 8


@st.composite
def _pieces(draw: st.DrawFn) -> list[tuple[str, list[int]]]:
    """Pieces that begin at different instants and last at most 3: some overlap, never many."""
    begins = draw(st.lists(st.integers(0, 50), max_size=12, unique=True))
    return [
        (
            draw(st.sampled_from("abc")),
            [begin, *(begin + d for d in draw(st.sets(st.integers(1, 3))))],
        )
        for begin in begins
    ]


@given(_pieces(), st.integers(1, 30), st.integers(0, 20), st.integers(21, 60), st.integers(6, 20))
def test_page_by_page_every_sample_of_the_period_comes_exactly_once(
    pieces: list[tuple[str, list[int]]], limit: int, from_us: int, to_us: int, chunks_max: int
) -> None:
    chunks = in_order([chunk(device, times) for device, times in pieces])
    wanted = sorted(
        (device, point, at_us)
        for device, times in pieces
        for at_us in times
        for point in ("ac.power_kw", "battery.soc_pct")
        if from_us <= at_us < to_us
    )
    found: list[tuple[str, str, int]] = []
    begin_us: int | None = from_us
    while begin_us is not None:
        # As the store asks: the first chunks that are not over before the period begins.
        left = [c for c in chunks if max(decode(c[0]).at_us) >= begin_us]
        page, question = left[:chunks_max], Question(frozenset(), begin_us, to_us, limit)
        history = collect(page, question, complete=len(left) <= chunks_max)
        assert history.next_us is None or history.next_us > begin_us, "it goes on"
        found += rows(history)
        begin_us = history.next_us
    assert sorted(found) == wanted
