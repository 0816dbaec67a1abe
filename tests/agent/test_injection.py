"""A test frequency: pieces that end by themselves."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import injection as injections
from agent import link
from agent.injection import LEASE_US_MAX, Injection
from wire.fields import BadMessage

PIECE = Injection("tnl-a", ((1_000_000, 50.0), (2_000_000, 50.2), (4_000_000, 50.2)))


def test_a_piece_is_linear_between_its_points_and_nothing_outside_of_them() -> None:
    assert PIECE.hz_at(999_999) is None
    assert PIECE.hz_at(1_000_000) == 50.0
    assert PIECE.hz_at(1_500_000) == pytest.approx(50.1)
    assert PIECE.hz_at(4_000_000) == 50.2
    assert PIECE.hz_at(4_000_001) is None


def test_a_test_that_nobody_continues_is_over_after_the_lease() -> None:
    longest = Injection("t", ((0, 50.0), (LEASE_US_MAX, 50.0)))
    assert not longest.too_far(0)
    assert longest.hz_at(LEASE_US_MAX + 1) is None
    assert Injection("t", ((0, 50.0), (LEASE_US_MAX + 1, 50.0))).too_far(0)


def test_a_piece_without_points_ends_the_test() -> None:
    assert Injection("t", ()).hz_at(0) is None
    assert not Injection("t", ()).too_far(0)


async def test_a_piece_crosses_the_link_unchanged() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(link.encode(PIECE))
    assert await link.receive(reader) == PIECE


@pytest.mark.parametrize(
    "document",
    [
        {"id": "", "points": []},
        {"id": "t" * 41, "points": []},
        {"id": "t", "points": [[0, 44.9]]},
        {"id": "t", "points": [[0, float("nan")]]},
        {"id": "t", "points": [[0, 50.0], [0, 50.0]]},
        {"id": "t", "points": [[-1, 50.0]]},
        {"id": "t", "points": [[0, 50.0]] * 201},
        {"id": "t"},
    ],
)
def test_a_wrong_piece_is_refused_with_one_line(document: dict[str, object]) -> None:
    with pytest.raises(BadMessage, match="injection"):
        injections.from_document(document)


@given(
    st.lists(
        st.tuples(st.integers(0, 10**9), st.floats(45, 55)), max_size=20, unique_by=lambda p: p[0]
    ),
    st.integers(-(10**9), 2 * 10**9),
)
def test_what_is_answered_is_always_a_possible_frequency(
    points: list[tuple[int, float]], now_us: int
) -> None:
    hz = Injection("t", tuple(sorted(points))).hz_at(now_us)
    assert hz is None or 45.0 - 1e-9 <= hz <= 55.0 + 1e-9
