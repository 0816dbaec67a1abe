"""agent.web.auth: the code opens, guessing is braked, sessions end."""

import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.web.auth import (
    ADDRESSES_MAX,
    SESSION_S_MAX,
    SESSIONS_MAX,
    TRIES_ALL_MAX,
    TRIES_MAX,
    TRIES_WINDOW_S,
    Door,
    TooManyTries,
    access_code_in,
)

CODE = "blue-horse-42"


@dataclass(slots=True)
class Hands:
    """A clock that is moved by hand."""

    at_s: float = 1_000.0

    def __call__(self) -> float:
        return self.at_s


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def door(hands: Hands) -> Door:
    return Door(CODE, hands)


def test_the_code_fits_and_others_do_not(door: Door) -> None:
    assert door.fits(f" {CODE} ", "a")
    assert not door.fits(CODE.upper(), "a")
    assert not door.fits("", "a")
    assert not door.fits("ü€\ud83d\ude00", "a")


def test_the_sixth_wrong_code_of_an_address_within_a_minute_is_not_even_looked_at(
    door: Door, hands: Hands
) -> None:
    for _ in range(TRIES_MAX):
        assert not door.fits("wrong", "a")
    with pytest.raises(TooManyTries):
        door.fits(CODE, "a")
    assert door.fits(CODE, "b"), "another address is not punished"
    hands.at_s += TRIES_WINDOW_S + 1
    assert door.fits(CODE, "a")


def test_a_right_code_forgets_the_wrong_ones(door: Door) -> None:
    for _ in range(3):
        for _ in range(TRIES_MAX - 1):
            assert not door.fits("wrong", "a")
        assert door.fits(CODE, "a")


def test_many_addresses_together_are_braked_too(door: Door) -> None:
    for i in range(TRIES_ALL_MAX):
        door.fits("wrong", f"address {i}")
    with pytest.raises(TooManyTries):
        door.fits(CODE, "somebody else")
    assert len(door._tries) <= ADDRESSES_MAX


def test_a_session_is_known_until_it_is_closed(door: Door) -> None:
    token = door.open_session()
    assert door.knows(token)
    door.close_session(token)
    assert not door.knows(token)
    assert not door.knows("")


def test_a_session_ends_when_it_is_not_used_for_long(door: Door, hands: Hands) -> None:
    token = door.open_session()
    hands.at_s += SESSION_S_MAX - 1
    assert door.knows(token)
    hands.at_s += SESSION_S_MAX - 1
    assert door.knows(token), "its use kept it open"
    hands.at_s += SESSION_S_MAX + 1
    assert not door.knows(token)


def test_with_too_many_sessions_the_one_unused_for_longest_ends(door: Door) -> None:
    first, second = door.open_session(), door.open_session()
    assert door.knows(first)
    for _ in range(SESSIONS_MAX - 1):
        door.open_session()
    assert door.knows(first)
    assert not door.knows(second)


def test_neither_code_nor_tokens_are_printed(door: Door) -> None:
    token = door.open_session()
    assert CODE not in repr(door)
    assert token not in repr(door)


def test_a_code_is_made_once_for_the_owner_only_and_easy_to_type(tmp_path: Path) -> None:
    path = tmp_path / "access-code"
    code = access_code_in(path)
    assert access_code_in(path) == code
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(code) == 14
    assert not set(code) & set("ilo01ILO")
    assert access_code_in(tmp_path / "other") != code
