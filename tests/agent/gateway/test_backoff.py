"""agent.gateway.backoff: the first retry is quick, later ones jitter up to a minute."""

import random

from hypothesis import given
from hypothesis import strategies as st

from agent.gateway.backoff import CAP_S, FIRST_S_MAX, Backoff


def longest(low: float, high: float) -> float:
    return high


def test_the_first_retry_is_quick_and_the_pauses_then_double_up_to_the_cap() -> None:
    backoff = Backoff(longest)
    assert [backoff.next_s() for _ in range(8)] == [FIRST_S_MAX, 2, 4, 8, 16, 32, CAP_S, CAP_S]


def test_a_success_begins_anew() -> None:
    backoff = Backoff(longest)
    backoff.next_s()
    backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == FIRST_S_MAX


@given(st.integers(1, 3_000), st.integers(0, 2**32))
def test_no_pause_is_ever_longer_than_the_cap(failures: int, seed: int) -> None:
    backoff = Backoff(random.Random(seed).uniform)
    assert all(0 <= backoff.next_s() <= CAP_S for _ in range(failures))
