"""cloud.fleet.sync.rates and .grant: nobody takes the hub, or its line, from the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.fleet.sync import rates
from cloud.fleet.sync.grant import BACKLOG_US, FORGET_US, GRANT_BYTES_S_MIN, Backlogs, share
from cloud.fleet.sync.rates import Rate, Rates
from cloud.kernel.errors import TooMany

NOW_US = 1_795_262_400_000_000
OLD_US = NOW_US - BACKLOG_US - 1


def test_a_burst_is_taken_and_then_as_many_as_the_rate_allows() -> None:
    buckets, rate = Rates(), Rate(burst=3, per_s=0.5)
    for _ in range(3):
        buckets.take("r", "gw-1", rate, 100.0)
    with pytest.raises(TooMany) as refused:
        buckets.take("r", "gw-1", rate, 100.0)
    assert refused.value.headers == {"Retry-After": "3"}
    buckets.take("r", "gw-1", rate, 102.0)
    with pytest.raises(TooMany):
        buckets.take("r", "gw-1", rate, 102.0)


def test_callers_and_routes_do_not_take_from_each_other() -> None:
    buckets, rate = Rates(), Rate(burst=1, per_s=1)
    for route, caller in (("r", "gw-1"), ("r", "gw-2"), ("s", "gw-1")):
        buckets.take(route, caller, rate, 0.0)


def test_the_memory_of_callers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "CALLERS_MAX", 10)
    buckets, rate = Rates(), Rate(burst=1, per_s=1)
    for number in range(25):
        buckets.take("r", str(number), rate, 0.0)
    assert len(buckets._buckets) == 10


@given(st.lists(st.floats(0, 10), min_size=1, max_size=200))
def test_no_caller_gets_more_than_burst_and_rate(pauses_s: list[float]) -> None:
    buckets, rate = Rates(), Rate(burst=5, per_s=2)
    now_s, taken = 0.0, 0
    for pause_s in pauses_s:
        now_s += pause_s
        try:
            buckets.take("r", "gw-1", rate, now_s)
        except TooMany:
            continue
        taken += 1
    assert taken <= rate.burst + rate.per_s * now_s + 1e-6


@given(st.integers(16_000, 10**9), st.integers(0, 10_000))
def test_shares_are_equal_and_together_no_more_than_the_whole(total: int, others: int) -> None:
    mine = share(total, others)
    assert mine is not None
    assert mine >= GRANT_BYTES_S_MIN
    assert mine == GRANT_BYTES_S_MIN or mine * (others + 1) <= total


def test_only_boxes_with_a_backlog_take_a_share_and_silent_ones_are_forgotten() -> None:
    backlogs = Backlogs()
    backlogs.told("gw-1", OLD_US, NOW_US)
    backlogs.told("gw-2", OLD_US, NOW_US)
    backlogs.told("gw-3", NOW_US - BACKLOG_US, NOW_US)
    backlogs.told("gw-4", None, NOW_US)
    assert backlogs.grant("gw-1", 100_000, NOW_US) == 50_000
    assert backlogs.grant("gw-3", 100_000, NOW_US) is None
    assert backlogs.grant("gw-4", 100_000, NOW_US) is None
    assert backlogs.grant("gw-1", None, NOW_US) is None
    backlogs.told("gw-2", None, NOW_US)
    assert backlogs.grant("gw-1", 100_000, NOW_US) == 100_000
    assert backlogs.grant("gw-1", 100_000, NOW_US + FORGET_US) is None
