"""agent.gateway.meter: history takes its share of the line, and no upload is too large for it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.gateway.meter import (
    BATCH_BYTES_MAX,
    BATCH_BYTES_MIN,
    BYTES_S_MIN,
    JITTER_S_MAX,
    SHARE,
    Meter,
)

MINUTE_S = 60.0


def carried(meter: Meter, line_bytes_s: float, seconds: float, *, old: bool = True) -> float:
    """Upload for `seconds` over a line of this speed; return the bytes a second."""
    now_s, total = 0.0, 0
    while now_s < seconds:
        now_s += meter.pause_s(now_s) if old else 0.0
        size = meter.batch_bytes(old=old)
        began_s = now_s
        now_s += size / line_bytes_s
        meter.sent(size, began_s, now_s, old=old)
        total += size
    return total / now_s


@pytest.mark.parametrize("line_bytes_s", [8_000, 100_000, 625_000, 50_000_000])
def test_backfill_takes_three_tenths_of_the_line_by_itself(line_bytes_s: float) -> None:
    # The smallest upload is longer than a second on the slowest line, which costs no share.
    assert carried(Meter(), line_bytes_s, 20 * MINUTE_S) == pytest.approx(
        SHARE * line_bytes_s, rel=0.05
    )


def test_what_is_young_has_the_whole_line() -> None:
    assert carried(Meter(), 625_000, MINUTE_S, old=False) == pytest.approx(625_000, rel=0.01)


def test_backfill_takes_what_the_hub_grants_and_no_more() -> None:
    meter = Meter(granted_bytes_s=50_000)
    assert carried(meter, 625_000, 10 * MINUTE_S) == pytest.approx(50_000, rel=0.1)


def test_a_grant_of_more_than_the_line_gives_the_whole_line() -> None:
    meter = Meter(granted_bytes_s=10_000_000)
    assert carried(meter, 625_000, MINUTE_S) == pytest.approx(625_000, rel=0.01)


def test_the_settings_limit_what_the_hub_may_grant() -> None:
    meter = Meter(own_bytes_s=20_000, granted_bytes_s=10_000_000)
    assert meter.limit_bytes_s == 20_000
    assert carried(meter, 625_000, 10 * MINUTE_S) == pytest.approx(20_000, rel=0.2)


def test_a_grant_of_nothing_is_still_a_little() -> None:
    assert Meter(granted_bytes_s=0).limit_bytes_s == BYTES_S_MIN


def test_an_upload_grows_to_what_the_line_carries_within_a_second() -> None:
    meter = Meter()
    carried(meter, 625_000, MINUTE_S, old=False)
    assert meter.batch_bytes(old=False) == pytest.approx(625_000, rel=0.05)


def test_after_failures_uploads_are_small_and_get_more_time() -> None:
    meter = Meter()
    before_s = meter.expected_s(100_000)
    for _ in range(20):
        meter.failed()
    assert meter.batch_bytes(old=True) == BATCH_BYTES_MIN
    assert meter.expected_s(100_000) > 10 * before_s


def test_small_uploads_on_a_distant_line_do_not_make_it_look_slow() -> None:
    meter = Meter()
    before = meter.rate_bytes_s
    for second in range(100):
        meter.sent(900, second, second + 0.4, old=False)
    assert meter.rate_bytes_s == before


@pytest.mark.parametrize("chance", [min, max])
def test_a_fleet_that_comes_back_does_not_begin_at_once(
    chance: Callable[[float, float], float],
) -> None:
    meter = Meter()
    meter.back(100.0, chance)
    assert meter.pause_s(100.0) == chance(0.0, JITTER_S_MAX)


@given(
    st.lists(
        st.one_of(
            st.none(), st.tuples(st.integers(0, 4_000_000), st.floats(0, 100), st.booleans())
        ),
        max_size=50,
    ),
    st.one_of(st.none(), st.integers(0, 10**9)),
)
def test_whatever_happens_uploads_keep_their_bounds(
    uploads: list[tuple[int, float, bool] | None], grant: int | None
) -> None:
    meter = Meter(granted_bytes_s=grant)
    now_s = 0.0
    for upload in uploads:
        if upload is None:
            meter.failed()
            continue
        size, took_s, old = upload
        meter.sent(size, now_s, now_s + took_s, old=old)
        now_s += took_s
        assert 0 < meter.expected_s(1) < float("inf")
        for of_old in (False, True):
            assert BATCH_BYTES_MIN <= meter.batch_bytes(old=of_old) <= BATCH_BYTES_MAX
        assert meter.pause_s(now_s) >= 0
