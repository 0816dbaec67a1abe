"""drivers.sunspec.discover: the walk finds every model wherever it lies and ends on any answers."""

from collections.abc import Callable, Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from drivers.sunspec.discover import (
    BASES,
    BLOCKS_MAX,
    LENGTH_MAX,
    MARK,
    Ask,
    Block,
    Chain,
    Heads,
    walk,
)

Answer = Callable[[Ask], Sequence[int] | None]
REQUESTS_MAX = len(BASES) + BLOCKS_MAX + 1


def walked(
    answer: Answer, bases: Sequence[int] = BASES, heads: Heads | None = None
) -> tuple[Chain, list[Ask]]:
    """Let a walk run against `answer`; the chain, and what was asked for."""
    asked: list[Ask] = []
    steps = walk(bases, heads or {})
    try:
        ask = next(steps)
        while True:
            asked.append(ask)
            assert len(asked) <= REQUESTS_MAX + (BLOCKS_MAX if heads else 0)
            ask = steps.send(answer(ask))
    except StopIteration as end:
        chain: Chain = end.value
        return chain, asked


def memory(words: Mapping[int, int]) -> Answer:
    """Answer from a memory; registers that are not there are refused."""

    def answer(ask: Ask) -> Sequence[int] | None:
        addresses = range(ask.start, ask.start + ask.count)
        return [words[a] for a in addresses] if all(a in words for a in addresses) else None

    return answer


def device(base: int, models: Sequence[tuple[int, int]], end: bool = True) -> dict[int, int]:
    words = dict(zip((base, base + 1), MARK, strict=True))
    address = base + 2
    for model, length in models:
        words |= {address: model, address + 1: length}
        address += 2 + length
    return words | ({address: 0xFFFF, address + 1: 0} if end else {})


def test_the_chain_is_found_at_each_of_the_three_bases() -> None:
    for base in BASES:
        chain, _ = walked(memory(device(base, [(1, 66), (103, 50)])))
        assert chain == Chain(base, (Block(1, base + 2, 66), Block(103, base + 70, 50)))


def test_unknown_models_are_stepped_over_by_their_length() -> None:
    chain, _ = walked(memory(device(40_000, [(1, 65), (64_999, 17), (124, 24)])))
    assert chain.blocks[2] == Block(124, 40_002 + 67 + 19, 24)


def test_heads_that_are_asked_for_are_looked_at_and_a_refused_one_does_not_end_the_walk() -> None:
    words = device(40_000, [(1, 66), (705, 20), (706, 20), (1, 4)]) | {40_075: 4, 40_076: 3}
    chain, asked = walked(memory(words), heads={705: range(5, 7), 706: range(5, 7), 1: range(5, 7)})
    assert not chain.trouble
    assert [(block.model, block.head) for block in chain.blocks] == [
        (1, ()),
        (705, (4, 3)),
        (706, ()),
        (1, ()),
    ]
    assert Ask(40_075, 2) in asked
    assert Ask(40_097, 2) in asked


def test_a_model_too_short_for_its_head_is_not_looked_into() -> None:
    _, asked = walked(memory(device(0, [(705, 4)])), heads={705: range(5, 7)})
    assert Ask(7, 2) not in asked


def test_a_hundred_heads_are_a_hundred_requests_more_and_no_more() -> None:
    words = dict.fromkeys(range(65_536), 0xFFFE) | device(0, [(705, 30)] * BLOCKS_MAX)
    chain, asked = walked(memory(words), heads={705: range(5, 7)})
    assert {block.head for block in chain.blocks} == {(0xFFFE, 0xFFFE)}
    assert sum(ask.count for ask in asked) < 1_000


def test_a_device_without_the_mark_is_said_to_have_none() -> None:
    chain, asked = walked(lambda ask: [0] * ask.count)
    assert (chain.base, chain.blocks) == (None, ())
    assert "40000, 50000, 0" in chain.trouble
    assert len(asked) == len(BASES)


def test_a_model_without_length_ends_the_walk_and_what_was_found_stays() -> None:
    for length in (0, LENGTH_MAX + 1):
        words = device(40_000, [(1, 66)], end=False) | {40_070: 103, 40_071: length}
        chain, _ = walked(memory(words))
        assert [block.model for block in chain.blocks] == [1]
        assert f"model 103 at 40070 claims {length} registers" in chain.trouble


def test_a_chain_without_an_end_stops_where_it_can_no_longer_be_read() -> None:
    chain, _ = walked(memory(device(0, [(1, 66)], end=False)))
    assert [block.model for block in chain.blocks] == [1]
    assert "cannot be read at 70" in chain.trouble


def test_a_chain_that_leaves_the_address_space_stops_there() -> None:
    chain, _ = walked(lambda ask: MARK if ask.count and ask.start == 50_000 else [9, LENGTH_MAX])
    assert "leaves the address space" in chain.trouble
    assert all(block.address + 2 + block.length <= 65_536 for block in chain.blocks)


def test_a_chain_of_a_hundred_and_one_models_stops_after_a_hundred() -> None:
    chain, _ = walked(memory(device(40_000, [(7, 3)] * (BLOCKS_MAX + 1))))
    assert len(chain.blocks) == BLOCKS_MAX
    assert "more than 100 models" in chain.trouble
    chain, _ = walked(memory(device(40_000, [(7, 3)] * BLOCKS_MAX)))
    assert not chain.trouble


@given(
    st.lists(st.none() | st.tuples(st.integers(0, 65_535), st.integers(0, 65_535)), min_size=1),
    st.integers(0, 2),
)
def test_the_walk_ends_on_any_chain_and_stays_in_the_address_space(
    answers: list[tuple[int, int] | None], base: int
) -> None:
    left = iter(answers)

    def answer(ask: Ask) -> Sequence[int] | None:
        assert ask.count == 2
        assert 0 <= ask.start <= 65_536 - ask.count
        return MARK if ask.start == BASES[base] else next(left, answers[0])

    chain, asked = walked(answer)
    assert len(asked) <= REQUESTS_MAX
    assert len(chain.blocks) <= BLOCKS_MAX
    assert all(block.address + 2 + block.length <= 65_536 for block in chain.blocks)


@given(
    st.sampled_from(BASES),
    st.lists(st.tuples(st.integers(1, 65_534), st.integers(1, 60)), max_size=40),
)
def test_every_sound_chain_is_found_whole_and_in_order(
    base: int, models: list[tuple[int, int]]
) -> None:
    chain, _ = walked(memory(device(base, models)))
    assert not chain.trouble
    assert [(block.model, block.length) for block in chain.blocks] == models
