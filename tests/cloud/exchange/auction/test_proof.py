"""cloud.exchange.auction.outcome: no choice of blocks is worth more, and no result is wrong."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloud.exchange.auction.orders import Block, Curve, Style, Submission, Terms
from cloud.exchange.auction.outcome import Award, Outcome, auction
from tests.support.auctions import TERMS, curves, solved, some, some_with_loops

# the same, thought out plainly: fractions, lists, all combinations


def plain(given: Curve, ticks: int, *, below: bool = False) -> Fraction:
    """Return what a curve gives at a price, or just below it."""
    points = list(given.points)
    before = [point for point in points if (point[0] < ticks if below else point[0] <= ticks)]
    if not before:
        return Fraction(points[0][1])
    after = [point for point in points[len(before) :] if point[0] > before[-1][0] or below]
    if given.style is Style.STEP or not after:
        return Fraction(before[-1][1])
    (p0, q0), (p1, q1) = before[-1], after[0]
    return q0 + Fraction((q1 - q0) * (ticks - p0), p1 - p0)


def steps_of(given: Curve, terms: Terms) -> list[tuple[Fraction, Fraction]]:
    """Return (mean price, quantity) of each piece of a stepwise curve: first what it buys."""
    pieces = [(Fraction(terms.price_ticks_min), max(Fraction(given.points[0][1]), Fraction(0)))]
    for (_, q0), (p1, q1) in zip(given.points, given.points[1:], strict=False):
        pieces.append((Fraction(p1), Fraction(q1 - q0)))
    pieces.append(
        (Fraction(terms.price_ticks_max), max(Fraction(-given.points[-1][1]), Fraction(0)))
    )
    return [piece for piece in pieces if piece[1]]


def least(given: Curve) -> int:
    return min(given.points[0][1], 0)


def bought_value(given: Curve, terms: Terms) -> Fraction:
    """Return what its buyer would pay for all that the curve buys at most."""
    value, at = Fraction(0), Fraction(least(given))
    for price, size in steps_of(given, terms):
        until = min(at + size, Fraction(0))
        value += price * max(until - at, Fraction(0))
        at += size
    return value


def best_cost(period: int, needed: int, found: list[Curve], terms: Terms) -> Fraction | None:
    """Return the lowest cost at which stepwise curves of a period give a quantity, or None."""
    mine = [one for one in found if one.period == period]
    at = Fraction(sum(least(one) for one in mine))
    cost = -sum((bought_value(one, terms) for one in mine), Fraction(0))
    if needed < at:
        return None
    pieces = [piece for one in mine for piece in steps_of(one, terms)]
    for price, size in sorted(pieces, key=lambda piece: piece[0]):
        more = min(size, needed - at)
        cost, at = cost + price * more, at + more
    return cost if at == needed else None


def span(period: int, needed: int, found: list[Curve], terms: Terms) -> list[int]:
    """Return all prices at which stepwise curves of a period can give a quantity."""
    mine = [one for one in found if one.period == period]
    prices = []
    for ticks in range(terms.price_ticks_min, terms.price_ticks_max + 1):
        low = sum(plain(one, ticks, below=True) for one in mine)
        high = sum(plain(one, ticks) for one in mine)
        if ticks == terms.price_ticks_min:
            low = sum((min(plain(one, ticks), Fraction(0)) for one in mine), Fraction(0))
        if ticks == terms.price_ticks_max:
            high = sum((max(plain(one, ticks), Fraction(0)) for one in mine), Fraction(0))
        if low <= needed <= high:
            prices.append(ticks)
    return prices


def allowed(taken: list[list[Block]]) -> bool:
    names = {block.name for loop in taken for block in loop}
    groups = [loop[0].group for loop in taken if loop[0].group]
    linked = all(loop[0].parent in names for loop in taken if loop[0].parent)
    return linked and len(groups) == len(set(groups))


def joined(blocks: list[Block]) -> list[list[Block]]:
    """Return what is taken together: the blocks of a loop, or one alone."""
    found: dict[str, list[Block]] = {}
    for block in blocks:
        found.setdefault(block.loop or f"alone {block.name}", []).append(block)
    return list(found.values())


def has_prices(taken: list[list[Block]], spans: list[list[int]]) -> bool:
    """Tell whether there are prices at which no block, and no loop, loses."""
    touched = sorted({period for loop in taken for block in loop for period, _ in block.parts})
    return any(
        all(
            sum(
                steps * (prices[touched.index(t)] - block.price_ticks)
                for block in loop
                for t, steps in block.parts
            )
            >= 0
            for loop in taken
        )
        for prices in product(*(spans[period] for period in touched))
    )


def brute_force(found: list[Curve], blocks: list[Block], terms: Terms) -> Fraction:
    """Return the greatest welfare of all choices of whole blocks that have prices."""
    best: Fraction | None = None
    loops = joined(blocks)
    for chosen in product((False, True), repeat=len(loops)):
        taken = [loop for loop, yes in zip(loops, chosen, strict=True) if yes]
        if not allowed(taken):
            continue
        parts = [(block, part) for loop in taken for block in loop for part in block.parts]
        net = [0] * terms.periods
        for _, (period, steps) in parts:
            net[period] += steps
        costs = [best_cost(t, -net[t], found, terms) for t in range(terms.periods)]
        if any(cost is None for cost in costs):
            continue
        asked = sum(block.price_ticks * steps for block, (_, steps) in parts)
        welfare = -sum((cost for cost in costs if cost is not None), Fraction(asked))
        if best is not None and welfare <= best:
            continue
        if has_prices(taken, [span(t, -net[t], found, terms) for t in range(terms.periods)]):
            best = welfare
    assert best is not None, "no block at all is always possible"
    return best


def all_curves(submissions: list[Submission]) -> list[Curve]:
    return [one for submission in submissions for one in submission.curves]


@pytest.mark.parametrize("seed", range(60))
def test_no_other_choice_of_whole_blocks_is_worth_more(seed: int) -> None:
    submissions = some(seed, [Style.STEP], [1_000_000])
    outcome = solved(*submissions)
    blocks = list(submissions[-1].blocks)
    best = brute_force(all_curves(submissions), blocks, TERMS)
    assert outcome.gap == 0
    assert outcome.welfare == pytest.approx(float(best), abs=0.6)


@pytest.mark.parametrize("seed", range(60))
def test_no_other_choice_of_blocks_and_loops_is_worth_more(seed: int) -> None:
    submissions = some_with_loops(seed, [Style.STEP], [1_000_000])
    outcome = solved(*submissions)
    blocks = [
        replace(block, name=f"{one.account} {block.name}")
        for one in submissions
        for block in one.blocks
    ]
    best = brute_force(all_curves(submissions), blocks, TERMS)
    assert outcome.gap == 0
    assert outcome.welfare == pytest.approx(float(best), abs=0.6)


def broken(submissions: list[Submission], outcome: Outcome) -> Iterator[str]:
    """Return what is not as it must be in a result."""
    for ticks in outcome.prices:
        if ticks is not None and not -40 <= ticks <= 100:
            yield f"price {ticks}"
    for period in range(TERMS.periods):
        if sum(one.steps[period] for one in outcome.awards):
            yield f"period {period} does not balance"
    by_account = {one.account: one for one in outcome.awards}
    for submission in submissions:
        got = by_account[submission.account]
        net = [0] * TERMS.periods
        for block, result in zip(submission.blocks, got.blocks, strict=True):
            for (period, _), steps in zip(block.parts, result.steps, strict=True):
                net[period] += steps
        yield from broken_blocks(submission, got)
        yield from broken_curves(submission, got, net, outcome)


def broken_blocks(submission: Submission, got: Award) -> Iterator[str]:
    """Return which blocks lose, or break what their member asked for."""
    parts: dict[str, float] = {}
    for block, result in zip(submission.blocks, got.blocks, strict=True):
        parts[block.name] = sum(result.steps) / sum(steps for _, steps in block.parts)
        if not any(result.steps):
            continue
        if result.surplus < 0 and not block.loop:
            yield f"{result} is paradoxically accepted"
        for (_, size), steps in zip(block.parts, result.steps, strict=True):
            if abs(steps) < int(abs(size) * block.min_ratio_ppm / 1e6):
                yield f"{result} is less than the least"
        if block.parent and not parts[block.parent]:
            yield f"{result} without its parent"
    for group in {block.group for block in submission.blocks if block.group}:
        loops = [loop for loop in joined(list(submission.blocks)) if loop[0].group == group]
        if sum(parts[loop[0].name] for loop in loops) > 1 + 1e-9:
            yield f"group {group}"
    yield from broken_loops(submission, got)


def broken_loops(submission: Submission, got: Award) -> Iterator[str]:
    """Return which loops are not whole, or lose."""
    results = {result.name: result for result in got.blocks}
    for loop in joined(list(submission.blocks)):
        mine = [results[block.name] for block in loop]
        whole = [
            [steps for _, steps in block.parts] == list(result.steps)
            for block, result in zip(loop, mine, strict=True)
        ]
        if loop[0].loop and any(any(result.steps) for result in mine):
            if not all(whole):
                yield f"loop {loop[0].loop} is not whole"
            if sum(result.surplus for result in mine) < 0:
                yield f"loop {loop[0].loop} is paradoxically accepted"


def broken_curves(
    submission: Submission, got: Award, net: list[int], outcome: Outcome
) -> Iterator[str]:
    """Return where a curve got more or less than it gives at the price."""
    for one in submission.curves:
        ticks = outcome.prices[one.period]
        if ticks is None:
            if got.steps[one.period] != net[one.period]:
                yield f"{one} got {got.steps} without a price"
            continue
        low, high = plain(one, ticks, below=True), plain(one, ticks)
        if one.style is Style.LINEAR:  # one tick below, to the nearest step
            low = plain(one, max(ticks - 1, -40)) - Fraction(1, 2)
            high += Fraction(1, 2)
        low = min(low, Fraction(0)) if ticks == -40 else low
        high = max(high, Fraction(0)) if ticks == 100 else high
        if not low <= got.steps[one.period] - net[one.period] <= high:
            yield f"{one} got {got.steps} at {ticks}, {low} to {high} expected"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000_000))
def test_every_result_with_loops_balances_and_takes_none_that_loses(seed: int) -> None:
    submissions = some_with_loops(seed, list(Style), [1_000_000, 500_000, 0])
    outcome = solved(*submissions)
    assert list(broken(submissions, outcome)) == []
    assert outcome.gap == 0
    assert solved(*reversed(submissions)) == outcome


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000_000))
@example(5316).via("a parent was cut down below what its child takes at least")
def test_every_result_balances_and_takes_no_block_that_loses(seed: int) -> None:
    submissions = some(seed, list(Style), [1_000_000, 500_000, 0])
    outcome = solved(*submissions)
    assert list(broken(submissions, outcome)) == []
    assert outcome.gap == 0
    without = [curves(one.account, *one.curves) for one in submissions]
    assert outcome.welfare >= solved(*without).welfare - 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000_000))
def test_the_order_of_the_submissions_changes_nothing(seed: int) -> None:
    submissions = some(seed, list(Style), [1_000_000, 500_000])
    assert solved(*submissions) == solved(*reversed(submissions))


def test_without_any_time_the_curves_still_have_their_prices() -> None:
    submissions = some(7, [Style.STEP], [1_000_000])
    outcome = auction(submissions, TERMS, lambda: 0.0)
    assert list(broken(submissions, outcome)) == []
