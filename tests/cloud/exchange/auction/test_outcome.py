"""cloud.exchange.auction.outcome: worked examples, and the form of what is ordered."""

from dataclasses import replace

import pytest

from cloud.exchange.auction.orders import Block, Style, Submission, mistakes
from cloud.exchange.auction.outcome import Award, Fate, Outcome
from tests.support.auctions import TERMS, curve, curves, solved


def award(outcome: Outcome, account: str) -> Award:
    return next(one for one in outcome.awards if one.account == account)


def test_price_lies_where_demand_and_supply_cross_and_the_last_step_is_shared() -> None:
    outcome = solved(
        curves("buyer", curve(0, (50, -10), (51, 0))),
        curves("first seller", curve(0, (-40, 0), (20, 8))),
        curves("second seller", curve(0, (-40, 0), (20, 8))),
    )
    assert outcome.prices == (20, None, None)
    assert outcome.volumes == (10, 0, 0)
    assert [one.steps[0] for one in outcome.awards] == [-10, 5, 5]
    assert outcome.welfare == 10 * (51 - 20)


def test_a_straight_line_is_met_where_it_crosses() -> None:
    outcome = solved(
        curves("buyer", curve(0, (0, -100), (100, 0), style=Style.LINEAR)),
        curves("seller", curve(0, (0, 0), (100, 100), style=Style.LINEAR)),
    )
    assert outcome.prices[0] == 50
    assert outcome.volumes[0] == 50


def test_where_every_price_between_two_would_do_it_is_the_middle() -> None:
    outcome = solved(
        curves("buyer", curve(0, (60, -10), (61, 0))),
        curves("seller", curve(0, (-40, 0), (20, 10))),
    )
    assert outcome.prices[0] == (20 + 61) // 2


def test_what_nobody_can_deliver_is_cut_pro_rata_at_the_highest_price() -> None:
    outcome = solved(
        curves("first", curve(0, (0, -30))),
        curves("second", curve(0, (0, -60))),
        curves("seller", curve(0, (-40, 0), (10, 30))),
    )
    assert outcome.prices[0] == 100
    assert [one.steps[0] for one in outcome.awards] == [-10, -20, 30]


def test_what_nobody_takes_is_cut_pro_rata_at_the_lowest_price() -> None:
    outcome = solved(
        curves("buyer", curve(0, (100, -7))),
        curves("first", curve(0, (0, 20))),
        curves("second", curve(0, (0, 50))),
    )
    assert outcome.prices[0] == -40
    assert [one.steps[0] for one in outcome.awards] == [-7, 2, 5]


def test_a_block_that_would_gain_and_has_no_prices_is_rejected_and_that_is_said() -> None:
    """With the block the price falls below what it asks; without it, it lies above."""
    block = Block(name="all", price_ticks=40, parts=((0, 10),))
    outcome = solved(
        curves("buyer", curve(0, (-40, -12), (30, -5), (80, 0))),
        curves("seller", curve(0, (-40, 0), (70, 20))),
        Submission(account="plant", site="", blocks=(block,)),
    )
    assert outcome.prices[0] == 70
    assert award(outcome, "plant").blocks[0].fate is Fate.PARADOXICALLY_REJECTED
    assert award(outcome, "plant").blocks[0].surplus == 300


def test_two_blocks_alone_meet_at_a_price_between_theirs() -> None:
    sale = Block(name="sale", price_ticks=20, parts=((0, 4), (1, 4)))
    purchase = Block(name="purchase", price_ticks=25, parts=((0, -4), (1, -4)))
    outcome = solved(
        Submission(account="a", site="", blocks=(sale,)),
        Submission(account="b", site="", blocks=(purchase,)),
    )
    assert outcome.prices[2] is None
    assert outcome.volumes == (4, 4, 0)
    assert 20 * 2 <= sum(ticks or 0 for ticks in outcome.prices[:2]) <= 25 * 2


def test_a_child_is_taken_only_with_its_parent() -> None:
    parent = Block(name="parent", price_ticks=90, parts=((0, 5),))
    child = Block(name="child", price_ticks=-10, parts=((1, 5),), parent="parent")
    outcome = solved(
        curves("buyer", curve(0, (50, -9), (51, 0)), curve(1, (50, -9), (51, 0))),
        Submission(account="plant", site="", blocks=(parent, child)),
    )
    assert {one.fate for one in award(outcome, "plant").blocks} == {Fate.REJECTED}


def test_of_an_exclusive_group_the_best_is_taken() -> None:
    first = Block(name="first", price_ticks=30, parts=((0, 5),), group="either")
    second = Block(name="second", price_ticks=10, parts=((0, 5),), group="either")
    outcome = solved(
        curves("buyer", curve(0, (50, -9), (51, 0))),
        Submission(account="plant", site="", blocks=(first, second)),
    )
    assert [one.fate for one in award(outcome, "plant").blocks] == [Fate.REJECTED, Fate.ACCEPTED]


def loop(name: str, price_ticks: int, *parts: tuple[int, int], group: str = "") -> list[Block]:
    """Return a loop whose blocks, one a part, ask the same price."""
    return [
        Block(name=f"{name} {n}", price_ticks=price_ticks, parts=(part,), loop=name, group=group)
        for n, part in enumerate(parts)
    ]


def market(*prices: int) -> list[Submission]:
    """Return sellers and buyers who meet at about these prices, with room for a battery."""
    return [
        curves("buyers", *(curve(t, (p, -50), (p + 2, 0)) for t, p in enumerate(prices))),
        curves("sellers", *(curve(t, (p - 1, 0), (p + 1, 50)) for t, p in enumerate(prices))),
    ]


def test_a_loop_is_taken_for_what_it_gains_as_a_whole() -> None:
    """The purchase pays more than it says, and the sale brings so much more that both gain."""
    blocks = (
        Block(name="buy", price_ticks=10, parts=((0, -5),), loop="battery"),
        Block(name="sell", price_ticks=10, parts=((2, 4),), loop="battery"),
    )
    outcome = solved(*market(20, 30, 60), Submission(account="b", site="", blocks=blocks))
    assert award(outcome, "b").steps == (-5, 0, 4)
    buy, sell = award(outcome, "b").blocks
    assert (buy.fate, sell.fate) == (Fate.ACCEPTED, Fate.ACCEPTED)
    assert buy.surplus < 0 < buy.surplus + sell.surplus


def test_a_loop_that_would_lose_is_rejected_whole() -> None:
    blocks = tuple(loop("battery", 0, (0, -5), (2, 4)))
    outcome = solved(*market(50, 30, 60), Submission(account="b", site="", blocks=blocks))
    assert award(outcome, "b").steps == (0, 0, 0)
    assert {one.fate for one in award(outcome, "b").blocks} == {Fate.REJECTED}


def test_of_exclusive_loops_the_one_is_taken_that_the_prices_favour_most() -> None:
    blocks = (
        *loop("early", 0, (0, -5), (1, 4), group="day"),
        *loop("late", 0, (1, -5), (2, 4), group="day"),
        *loop("long", 0, (0, -5), (2, 4), group="day"),
    )
    for prices, best in (((10, 60, 20), "early"), ((40, 10, 60), "late"), ((10, 30, 60), "long")):
        outcome = solved(*market(*prices), Submission(account="b", site="", blocks=blocks))
        taken = [one.name for one in award(outcome, "b").blocks if one.fate is Fate.ACCEPTED]
        assert taken == [f"{best} 0", f"{best} 1"]


def test_a_block_that_may_be_cut_down_fills_what_is_left() -> None:
    block = Block(name="part", price_ticks=10, parts=((0, 20),), min_ratio_ppm=250_000)
    outcome = solved(
        curves("buyer", curve(0, (50, -9), (51, 0))),
        Submission(account="plant", site="", blocks=(block,)),
    )
    assert award(outcome, "plant").blocks[0].fate is Fate.PARTLY_ACCEPTED
    assert award(outcome, "plant").steps == (9, 0, 0)
    assert outcome.prices[0] is not None
    assert outcome.prices[0] >= 10


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (curves("m", curve(3, (0, 1))), "curves.0.period: 3 is not allowed; 0 to 2 are"),
        (curves("m", curve(0, (0, 1)), curve(0, (0, 1))), "curves.1.period: 0 is there twice"),
        (curves("m", curve(0, (0, 5), (1, 4))), "curves.0.points.1: what is sold must not fall"),
        (curves("m", curve(0, (0, 5), (0, 6))), "curves.0.points.1: prices must rise"),
        (curves("m", curve(0, (101, 5))), "curves.0.points.0: 1.01 is not allowed; -0.40 to 1.00"),
        (curves("m", curve(0, (0, 101))), "curves.0.points.0: 101 steps are not allowed"),
        (
            Submission(
                account="m",
                site="",
                blocks=(Block(name="a", price_ticks=0, parts=((0, 1), (1, -1))),),
            ),
            "blocks.0.parts: all powers must be sold (+), or all bought (-)",
        ),
        (
            Submission(
                account="m",
                site="",
                blocks=(
                    Block(name="a", price_ticks=0, parts=((0, 1),), parent="b"),
                    Block(name="b", price_ticks=0, parts=((0, 1),), parent="a"),
                ),
            ),
            "blocks.0.parent: 'b' makes a circle",
        ),
        *(
            (Submission(account="m", site="", blocks=tuple(blocks)), f"blocks.{line}")
            for blocks, line in (
                (loop("x", 0, (0, 1), (1, 1)), "0.loop: loop 'x' must buy (-) and sell (+)"),
                (loop("x", 0, (0, 1), (0, -1)), "0.loop: loop 'x' has a period twice"),
                (
                    [loop("x", 0, (0, 1), group="g")[0], *loop("x", 0, (0, 1), (1, -1))[1:]],
                    "0.loop: all blocks of loop 'x' must be of one group, or of none",
                ),
                (
                    [replace(one, min_ratio_ppm=0) for one in loop("x", 0, (0, 1), (1, -1))],
                    "0.min_ratio: 0.0 is not allowed in a loop; 1 is",
                ),
                (
                    [
                        *loop("x", 0, (0, 1), (1, -1)),
                        Block(name="a", price_ticks=0, parts=((0, 1),), parent="x 1"),
                    ],
                    "1.loop: a linked block in a loop is not allowed",
                ),
            )
        ),
    ],
)
def test_a_mistake_is_told_by_key_and_what_is_allowed(wrong: Submission, line: str) -> None:
    assert mistakes(wrong, TERMS)[0].startswith(line)
