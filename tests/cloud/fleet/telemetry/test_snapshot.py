"""Newest values of a device (`telemetry.snapshot`): whatever order frames come in, the newest."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from cloud.fleet.model import Newest
from cloud.fleet.telemetry import columns, snapshot
from tests.support import strategies
from wire.block import Block, Quality


@dataclass
class Known:
    """One point, the long way."""

    value: float | None
    at_us: int
    quality: Quality
    sampled_us: int
    epoch: str
    seq: int


def tell(known: dict[str, Known], epoch: str, seq: int, block: Block) -> None:
    for point, values, quality in zip(block.points, block.values, block.quality, strict=True):
        before = known.get(point)
        if before is not None and before.epoch == epoch and before.seq >= seq:
            continue
        good = [
            i
            for i, (v, q) in enumerate(zip(values, quality, strict=True))
            if v is not None and q is Quality.GOOD
        ]
        if good:
            value, at_us = values[good[-1]], block.at_us[good[-1]]
        elif before is not None and before.value is not None:
            value, at_us = before.value, before.at_us
        else:
            value, at_us = None, block.at_us[-1]
        known[point] = Known(value, at_us, quality[-1], block.at_us[-1], epoch, seq)


def shown(known: dict[str, Known]) -> list[Newest]:
    return [
        Newest(
            device="d",
            point=point,
            value=one.value,
            at_us=one.at_us,
            quality=one.quality,
            sampled_us=one.sampled_us,
        )
        for point, one in sorted(known.items())
    ]


@given(st.lists(st.tuples(st.integers(0, 9), strategies.blocks()), min_size=1, max_size=8))
def test_the_newest_frame_of_each_point_has_the_word(told: list[tuple[int, Block]]) -> None:
    known: dict[str, Known] = {}
    found = snapshot.empty("e")
    for seq, block in told:
        tell(known, "e", seq, block)
        found.take("e", seq, columns.of(block))
        found = snapshot.unpack(found.epoch, *snapshot.pack(found))
    assert found.of("d") == shown(known)
    some = set(list(known)[::2])
    assert found.of("d", some) == [one for one in shown(known) if one.point in some]


@given(strategies.blocks(), strategies.blocks())
def test_a_new_epoch_begins_its_numbers_again(first: Block, second: Block) -> None:
    known: dict[str, Known] = {}
    found = snapshot.empty("e")
    for epoch, seq, block in (("e", 5, first), ("f", 0, second)):
        tell(known, epoch, seq, block)
        found.take(epoch, seq, columns.of(block))
    assert found.of("d") == shown(known)


def test_a_device_of_a_thousand_points_is_packed_small() -> None:
    found = snapshot.empty("e", [f"cell.v_{i}" for i in range(1_000)])
    names, payload = snapshot.pack(found)
    assert len(names) + len(payload) < 6_000
    again = snapshot.unpack("e", names, payload)
    assert again.names == found.names
    assert again.seq.tolist() == found.seq.tolist()


def test_points_beyond_the_limit_are_history_only() -> None:
    found = snapshot.empty("e", [f"a.p_{i}" for i in range(snapshot.POINTS_MAX)])
    block = Block(
        device="d",
        boot="b",
        seq=0,
        at_us=(1,),
        points=("a.p_0", "b.new"),
        values=((1.0,), (2.0,)),
        quality=((Quality.GOOD,),) * 2,
    )
    found.take("e", 1, columns.of(block))
    assert len(found.names) == snapshot.POINTS_MAX
    assert found.of("d", {"a.p_0", "b.new"})[0].value == 1.0
