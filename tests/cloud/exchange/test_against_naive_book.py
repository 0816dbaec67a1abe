"""cloud.exchange.matching: message by message what the naive market does, on random flows.

Each flow mixes limits, icebergs, all-or-none, fill-or-kill and immediate-or-cancel orders of three
accounts with random self-trade rules, withdrawals and decreases, at prices around and below nought.
After each message trades, endings, resting orders with what they hide, and the answer of a dry run
must be equal, and no two orders but all-or-none ones may agree without having traded.
"""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.exchange.matching import book
from tests.cloud.exchange.naive.flows import LOCKED, Pair, play

_MESSAGES = 26
_HAPPENS = {
    "trade",
    "own trade",
    "clip",
    "reduced",
    LOCKED,
    "NON FILLED",
    "NON SELF_TRADE",
    "AON FILLED",
    "AON SELF_TRADE",
    "FOK FILLED",
    "FOK KILLED",
    "IOC FILLED",
    "IOC KILLED",
    "IOC SELF_TRADE",
}


def test_every_message_does_what_the_naive_market_does_quickly() -> None:
    seen: set[str] = set()
    for seed in range(300):
        seen |= play(seed, _MESSAGES)
    assert seen >= _HAPPENS, "a rule that never came up was not tested"


@pytest.mark.parametrize("again_max", [1, 4, 9])
def test_where_few_may_try_again_the_same_few_do(
    again_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "AGAIN_MAX", again_max)
    for seed in range(100):
        play(seed, 2 * _MESSAGES)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1_000, 11_000, 2_500))
def test_every_message_does_what_the_naive_market_does(first: int) -> None:
    for seed in range(first, first + 2_500):
        play(seed, _MESSAGES)


@pytest.mark.slow
def test_a_long_flow_in_a_full_book_does_what_the_naive_market_does() -> None:
    for seed in range(20):
        play(seed, 300)


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 20))
def test_the_smallest_flow_that_differs_would_be_shown(random: Random, messages: int) -> None:
    pair = Pair(random)
    for _ in range(messages):
        pair.step()
