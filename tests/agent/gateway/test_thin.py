"""agent.gateway.thin: 1-minute means say what the samples said, and no minute is split."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.gateway.thin import MINUTE_US, Rewritten, Stamp, minutes, thinned
from wire import block as blocks
from wire.block import Block, Quality

SECOND_US = 1_000_000
NOON_US = 1_790_000_040_000_000 - 1_790_000_040_000_000 % MINUTE_US
POINTS = ("ac.power_kw", "battery.soc_pct")


def block(first: int, count: int, device: str = "inverter", step_s: int = 1) -> Block:
    """Return `count` samples, the first of them `first` seconds after noon."""
    numbers = range(first, first + count * step_s, step_s)
    return Block(
        device=device,
        boot="boot",
        seq=first // step_s,
        at_us=tuple(NOON_US + number * SECOND_US for number in numbers),
        points=POINTS,
        values=tuple(tuple(float(number) + p for number in numbers) for p in range(len(POINTS))),
        quality=tuple((Quality.GOOD,) * count for _ in POINTS),
    )


def frames(*given: Block) -> list[tuple[Stamp, bytes]]:
    return [
        (Stamp(seq, one.at_us[0], None, None), blocks.encode(one)) for seq, one in enumerate(given)
    ]


def decoded(kept: list[Rewritten]) -> dict[int, Block]:
    return {frame.seq: blocks.decode(frame.payload) for frame in kept}


def test_a_minute_of_samples_becomes_one_mean_at_its_beginning() -> None:
    (one,) = [minutes([block(0, 60)])]
    assert one.at_us == (NOON_US,)
    assert one.values == ((29.5,), (30.5,))
    assert one.step_us == MINUTE_US


def test_the_mean_is_of_the_good_values_and_its_quality_is_the_worst() -> None:
    one = Block(
        device="d",
        boot="b",
        seq=0,
        at_us=(NOON_US, NOON_US + SECOND_US, NOON_US + 2 * SECOND_US),
        points=("ac.power_kw", "battery.soc_pct"),
        values=((1.0, 9.0, None), (None, None, None)),
        quality=((Quality.GOOD, Quality.STALE, Quality.LOST), (Quality.BAD,) * 3),
    )
    mean = minutes([one])
    assert mean.values == ((1.0,), (None,))
    assert mean.quality == ((Quality.LOST,), (Quality.BAD,))


def test_frames_of_a_device_become_one_under_the_first_number_and_the_others_go() -> None:
    kept, gone = thinned(frames(*(block(start, 5) for start in range(0, 125, 5))))
    found = decoded(kept)
    assert list(found) == [0]
    assert gone == list(range(1, 24))
    assert found[0].at_us == (NOON_US, NOON_US + MINUTE_US)
    assert found[0].values[0] == (29.5, 89.5)


def test_what_lies_after_the_last_whole_minute_stays_as_it_was_read() -> None:
    given = [block(start, 7) for start in range(0, 133, 7)]
    kept, gone = thinned(frames(*given))
    found = decoded(kept)
    split = 119 // 7
    assert found[split].at_us == tuple(NOON_US + s * SECOND_US for s in range(120, 126))
    assert found[split].seq == 120
    assert found[split].step_us == 0
    assert found[0].at_us == (NOON_US, NOON_US + MINUTE_US)
    assert gone == list(range(1, split))


def test_devices_points_and_clocks_are_never_mixed() -> None:
    parts = [
        block(0, 60),
        block(0, 60, device="meter"),
        block(60, 60),
        block(60, 60),
        block(120, 5),
    ]
    given = frames(*parts)
    stamp, payload = given[3]
    given[3] = (Stamp(stamp.seq, stamp.t0_us, "a boot in doubt", 7), payload)
    kept, gone = thinned(given)
    found = decoded(kept)
    assert [(seq, one.device, len(one.at_us)) for seq, one in sorted(found.items())] == [
        (0, "inverter", 2),
        (1, "meter", 1),
        (3, "inverter", 1),
    ]
    assert gone == [2]


def test_what_is_no_block_or_thinned_already_is_left_alone() -> None:
    means = minutes([block(0, 60)])
    kept, gone = thinned([(Stamp(0, NOON_US, None, None), b"no block"), *frames(means)[:1]])
    assert kept == []
    assert gone == []


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 40), st.integers(1, 3)),
        min_size=1,
        max_size=12,
    )
)
def test_every_minute_that_is_thinned_has_the_mean_of_exactly_its_samples(
    parts: list[tuple[str, int, int]],
) -> None:
    now: dict[str, int] = defaultdict(int)
    given = []
    for device, count, step_s in parts:
        given.append(block(now[device], count, device, step_s))
        now[device] += count * step_s
    before = frames(*given)
    kept, gone = thinned(before)
    found = decoded(kept)
    after = [found.get(seq) or one for seq, one in enumerate(given) if seq not in gone]
    for device in {"a", "b"}:
        samples = _samples([one for one in given if one.device == device])
        left = _samples([one for one in after if one.device == device and not one.step_us])
        means = _samples([one for one in after if one.device == device and one.step_us])
        assert left.items() <= samples.items()
        whole: dict[int, list[float]] = defaultdict(list)
        for at_us, value in samples.items():
            if at_us not in left:
                whole[at_us - at_us % MINUTE_US].append(value)
        assert means == pytest.approx(
            {at_us: sum(values) / len(values) for at_us, values in whole.items()}, abs=0.006
        )


def _samples(of: list[Block]) -> dict[int, float]:
    found = {}
    for one in of:
        for at_us, value in zip(one.at_us, one.values[0], strict=True):
            assert value is not None
            found[at_us] = value
    return found
