"""cloud.exchange.auction.hull: no price that could be published lies outside of it."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.exchange.auction.hull import Hull, hull
from cloud.exchange.auction.ladder import Ladder
from cloud.exchange.auction.orders import Style
from tests.support.auctions import some_curve

LOW, HIGH = -40, 100


def a_ladder(seed: int, scale: int = 1) -> Ladder:
    random = Random(seed)
    drawn = [some_curve(random, 0, random.choice(list(Style))) for _ in range(random.randint(0, 5))]
    return Ladder(drawn, LOW * scale, HIGH * scale)


Given = list[tuple[int, int, int]]


def given_at_each(ladder: Ladder) -> Given:
    """Return each price with the least and the most that the curves can give at it."""
    found = []
    for ticks in range(ladder.lowest, ladder.highest + 1):
        least, most = ladder.bounds(ticks)
        found.append((ticks, int(least.sum()), int(most.sum())))
    return found


def slow_interval(at_each: Given, needed: int) -> tuple[int, int] | None:
    """Return the prices at which the curves can give a quantity, by looking at each."""
    found = [ticks for ticks, least, most in at_each if least <= needed <= most]
    return (found[0], found[-1]) if found else None


def bounds(of: Hull, quantity: float) -> tuple[float, float]:
    """Return the lowest and the highest price that a hull allows, in ticks."""
    low = max([of.lowest, *(line.at + line.slope * quantity for line in of.below)])
    high = min([of.highest, *(line.at + line.slope * quantity for line in of.above)])
    return low * 100, high * 100


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_prices_are_found_as_by_looking_at_each(seed: int) -> None:
    ladder = a_ladder(seed)
    at_each = given_at_each(ladder)
    for needed in range(ladder.fewest - 2, ladder.most + 3):
        assert ladder.interval(needed) == slow_interval(at_each, needed)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 2), st.sampled_from((1, 100)))
def test_no_exact_price_is_outside_however_a_step_is_off(seed: int, off: int, scale: int) -> None:
    ladder = a_ladder(seed, scale)
    whole = hull(ladder, ladder.fewest, ladder.most, off)
    for needed in range(ladder.fewest, ladder.most + 1):
        span = ladder.interval(needed)
        assert span is not None
        for near in range(needed - off, needed + off + 1):
            low, high = bounds(whole, max(ladder.fewest, min(ladder.most, near)))
            assert low - 1e-6 <= span[0] <= span[1] <= high + 1e-6
