"""Roll-ups (`telemetry.rolls`): merged in any order and any portions, they are the same."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cloud.fleet.telemetry import columns, rolls
from cloud.fleet.telemetry.rolls import MINUTE_US, NEVER_US, QUARTER_US, Rolls
from wire.block import Block, Quality

POINTS = ("a.b", "a.c")
Sample = tuple[int, float | None, Quality]


@dataclass(frozen=True)
class Expected:
    n: int
    good: int
    mean: float | None
    low: float | None
    high: float | None
    last: float | None
    quality: int


def naive(samples: Sequence[Sample], step_us: int) -> dict[int, Expected]:
    """What each interval was, the long way."""
    found: dict[int, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample[0] - sample[0] % step_us, []).append(sample)
    return {start: _one(part) for start, part in found.items()}


def _one(part: Sequence[Sample]) -> Expected:
    good = [(at, v) for at, v, q in part if q is Quality.GOOD and v is not None]
    numbers = [v for _, v in good]
    return Expected(
        n=len(part),
        good=len(good),
        mean=fmean(numbers) if numbers else None,
        low=min(numbers, default=None),
        high=max(numbers, default=None),
        last=max(good)[1] if good else None,
        quality=max(q for _, _, q in part),
    )


def shown(found: Rolls, series: int) -> dict[int, Expected]:
    return {
        int(found.start_us[i]): Expected(
            n=int(found.n[i]),
            good=int(found.good[i]),
            mean=found.total[i] / found.good[i] if found.good[i] else None,
            low=number(found.low[i]),
            high=number(found.high[i]),
            last=number(found.last[i]),
            quality=int(found.quality[i]),
        )
        for i in range(len(found))
        if found.series[i] == series
    }


def number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def same(found: dict[int, Expected], expected: dict[int, Expected]) -> None:
    assert found.keys() == expected.keys()
    for start, one in found.items():
        other = expected[start]
        assert (one.n, one.good, one.low, one.high, one.last, one.quality) == (
            other.n,
            other.good,
            other.low,
            other.high,
            other.last,
            other.quality,
        )
        assert (one.mean is None) == (other.mean is None)
        assert one.mean is None or math.isclose(one.mean, other.mean or 0.0, abs_tol=1e-9)


values = st.none() | st.integers(-50, 50).map(float)
qualities = st.sampled_from(Quality)


@st.composite
def blocks(draw: st.DrawFn) -> list[Block]:
    """Blocks of one device whose instants are all different, in any order."""
    times = draw(st.lists(st.integers(0, 40 * 60), min_size=1, max_size=40, unique=True))
    cuts = sorted(draw(st.sets(st.integers(1, len(times)), max_size=5)) | {0, len(times)})
    return [
        Block(
            device="d",
            boot="b",
            seq=first,
            at_us=tuple(t * 1_000_000 for t in times[first:last]),
            points=POINTS,
            values=tuple(tuple(draw(values) for _ in range(last - first)) for _ in POINTS),
            quality=tuple(tuple(draw(qualities) for _ in range(last - first)) for _ in POINTS),
        )
        for first, last in pairwise(cuts)
        if last > first
    ]


def samples(found: Sequence[Block], row: int) -> list[Sample]:
    return [
        sample
        for block in found
        for sample in zip(block.at_us, block.values[row], block.quality[row], strict=True)
    ]


@given(blocks(), st.booleans(), st.sampled_from([MINUTE_US, QUARTER_US]))
def test_each_interval_is_what_its_samples_say_whatever_came_when(
    found: list[Block], together: bool, step_us: int
) -> None:
    parts = [columns.of(block) for block in found]
    ids = np.array([3, 7])
    portions = [parts] if together else [[part] for part in parts]
    minutes = rolls.merged(rolls.joined(rolls.rolled(p, ids) for p in portions), MINUTE_US)
    result = rolls.merged(minutes, step_us)
    for row, series in enumerate((3, 7)):
        same(shown(result, series), naive(samples(found, row), step_us))
    assert result.series.tolist() == sorted(result.series.tolist())


def test_a_series_without_a_number_is_left_out() -> None:
    block = Block(
        device="d",
        boot="b",
        seq=0,
        at_us=(5,),
        points=POINTS,
        values=((1.0,), (2.0,)),
        quality=((Quality.GOOD,),) * 2,
    )
    found = rolls.rolled([columns.of(block)], np.array([-1, 4]))
    assert (found.series.tolist(), found.total.tolist()) == ([4], [2.0])


def test_nothing_good_is_no_number() -> None:
    block = Block(
        device="d",
        boot="b",
        seq=0,
        at_us=(5,),
        points=("a.b",),
        values=((None,),),
        quality=((Quality.LOST,),),
    )
    found = rolls.rolled([columns.of(block)], np.array([0]))
    assert (found.n[0], found.good[0], found.last_us[0]) == (1, 0, NEVER_US)
    assert math.isnan(found.last[0])


def test_nothing_merged_is_nothing() -> None:
    assert len(rolls.merged(rolls.joined([]), MINUTE_US)) == 0
