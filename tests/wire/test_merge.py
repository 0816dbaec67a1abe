"""wire/block.py, merge: fewer blocks, the same samples, and every result can still be sent."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import messages, strategies
from wire import block as blocks
from wire.block import Block, Quality, merge

ONE = replace(
    messages.BLOCK,
    seq=0,
    at_us=(0,),
    values=tuple(column[:1] for column in messages.BLOCK.values),
    quality=tuple(column[:1] for column in messages.BLOCK.quality),
)


def run(device: str, samples: Sequence[int], *, points: tuple[str, ...] = ("a.b",)) -> list[Block]:
    """Consecutive blocks of one device, `samples[i]` samples in the i-th."""
    made = []
    seq = 0
    for count in samples:
        made.append(
            Block(
                device=device,
                boot="boot",
                seq=seq,
                at_us=tuple(range(seq, seq + count)),
                points=points,
                values=(tuple(float(n) for n in range(seq, seq + count)),) * len(points),
                quality=((Quality.GOOD,) * count,) * len(points),
            )
        )
        seq += count
    return made


def facts(merged: Sequence[Block]) -> set[tuple[object, ...]]:
    """Every single value with all that is known about it."""
    return {
        (b.device, b.boot, b.seq + s, b.at_us[s], point, b.values[p][s], b.quality[p][s])
        for b in merged
        for p, point in enumerate(b.points)
        for s in range(len(b.at_us))
    }


def split(block: Block, at: int) -> list[Block]:
    def part(low: int, high: int) -> Block:
        return replace(
            block,
            seq=block.seq + low,
            at_us=block.at_us[low:high],
            values=tuple(column[low:high] for column in block.values),
            quality=tuple(column[low:high] for column in block.quality),
        )

    return [part(0, at), part(at, len(block.at_us))]


def test_blocks_that_continue_each_other_become_one() -> None:
    assert merge(run("a", [1] * 5)) == run("a", [5])


def test_devices_that_take_turns_become_one_block_each() -> None:
    turns = [
        block for pair in zip(run("a", [1] * 9), run("b", [1] * 9), strict=True) for block in pair
    ]
    assert merge(turns) == [*run("a", [9]), *run("b", [9])]


def test_a_gap_another_boot_or_other_points_begin_a_new_block() -> None:
    first, second, third = run("a", [1, 1, 1])
    assert merge([first, third]) == [first, third]
    other_boot = replace(second, boot="later")
    assert merge([first, other_boot]) == [first, other_boot]
    (_, other_points) = run("a", [1, 1], points=("a.b", "a.c"))
    assert merge([first, other_points]) == [first, other_points]


def test_a_device_that_went_back_to_other_points_keeps_its_order() -> None:
    first, second, third = run("a", [1, 1, 1])
    (_, wider, _) = run("a", [1, 1, 1], points=("a.b", "a.c"))
    assert merge([first, wider, third]) == [first, wider, third]
    assert merge([first, second, third, first]) == [*run("a", [3]), first]


def test_nothing_becomes_nothing() -> None:
    assert merge([]) == []


@given(strategies.blocks(samples_max=8), st.data())
def test_what_was_cut_apart_is_joined_exactly(block: Block, data: st.DataObject) -> None:
    parts = [block]
    if len(block.at_us) > 1:
        parts = split(block, data.draw(st.integers(1, len(block.at_us) - 1)))
    assert merge(parts) == [block]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3), st.booleans()), max_size=20))
def test_no_value_is_lost_doubled_or_reordered(plan: list[tuple[str, int, bool]]) -> None:
    flow = []
    next_seq = {"a": 0, "b": 0}
    for device, count, gap in plan:
        seq = next_seq[device] + (5 if gap else 0)
        block = replace(run(device, [count])[0], seq=seq, at_us=tuple(range(seq, seq + count)))
        next_seq[device] = seq + count
        flow.append(block)
    merged = merge(flow)
    assert facts(merged) == facts(flow)
    assert sum(len(b.at_us) for b in merged) == sum(len(b.at_us) for b in flow)
    for device in "ab":
        numbers = [b.seq for b in merged if b.device == device]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    "samples",
    [
        [blocks.SAMPLES_MAX - 1, 5],
        [blocks.SAMPLES_MAX // 2, blocks.SAMPLES_MAX // 2 - 1, 5],
        [1] * (blocks.SAMPLES_MAX + 1),
    ],
)
def test_a_joined_block_never_has_more_samples_than_may_be_sent(samples: list[int]) -> None:
    merged = merge(run("a", samples))
    assert sum(len(block.at_us) for block in merged) == sum(samples)
    for block in merged:
        assert blocks.decode(blocks.encode(block)) == block


def test_a_joined_block_never_has_more_values_than_may_be_sent() -> None:
    points = tuple(f"a.p{number}" for number in range(100))
    merged = merge(run("a", [50] * 41, points=points))
    assert [len(block.at_us) for block in merged] == [2_000, 50]


class _Counted(tuple[int, ...]):
    """Times that count how often somebody asks how many they are."""

    __slots__ = ()
    asked = 0

    def __len__(self) -> int:
        _Counted.asked += 1
        return super().__len__()


def test_the_work_of_merging_grows_with_the_blocks_not_with_their_square() -> None:
    flow = [replace(block, at_us=_Counted(block.at_us)) for block in run("a", [1] * 5_000)]
    _Counted.asked = 0
    merge(flow)
    assert _Counted.asked <= 20 * len(flow)
