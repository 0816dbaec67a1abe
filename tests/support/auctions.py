"""Auctions for tests: small ones by hand, and random ones."""

from dataclasses import replace
from random import Random

from cloud.exchange.auction.orders import Block, Curve, Style, Submission, Terms, mistakes
from cloud.exchange.auction.outcome import Outcome, auction

TERMS = Terms(periods=3, price_ticks_min=-40, price_ticks_max=100, steps_max=100)
LIMIT_S = 30.0


def left_s() -> float:
    return LIMIT_S


def solved(*submissions: Submission, terms: Terms = TERMS) -> Outcome:
    assert [line for one in submissions for line in mistakes(one, terms)] == []
    return auction(submissions, terms, left_s)


def curve(period: int, *points: tuple[int, int], style: Style = Style.STEP) -> Curve:
    return Curve(period=period, style=style, points=points)


def curves(account: str, *found: Curve) -> Submission:
    return Submission(account=account, site="", curves=found)


def some_curve(random: Random, period: int, style: Style) -> Curve:
    prices = sorted(random.sample(range(-40, 101, 5), random.randint(1, 4)))
    steps = sorted(random.randint(-12, 12) for _ in prices)
    return curve(period, *zip(prices, steps, strict=True), style=style)


def some_blocks(random: Random, count: int, periods: int, ratios: list[int]) -> list[Block]:
    blocks: list[Block] = []
    for number in range(count):
        sign = random.choice((-1, 1))
        found = sorted(random.sample(range(periods), random.randint(1, periods)))
        linked = blocks and not blocks[-1].group and random.random() < 0.25
        blocks.append(
            Block(
                name=f"b{number}",
                price_ticks=random.randint(-30, 90),
                parts=tuple((period, sign * random.randint(1, 9)) for period in found),
                min_ratio_ppm=random.choice(ratios),
                parent=blocks[-1].name if linked else "",
                group="g" if not linked and random.random() < 0.3 else "",
            )
        )
    return blocks


def some_loops(random: Random, count: int, periods: int) -> list[Block]:
    """Return loops of a purchase and a sale, half of them exclusive alternatives."""
    found = []
    for number in range(count):
        chosen = random.sample(range(periods), random.randint(2, periods))
        cut = random.randint(1, len(chosen) - 1)
        group = "battery" if random.random() < 0.5 else ""
        for sign, name, mine in ((-1, "buy", chosen[:cut]), (1, "sell", chosen[cut:])):
            found.append(
                Block(
                    name=f"{name} {number}",
                    price_ticks=random.randint(-30, 90),
                    parts=tuple((period, sign * random.randint(1, 9)) for period in mine),
                    group=group,
                    loop=f"loop {number}",
                )
            )
    return found


def some_with_loops(seed: int, styles: list[Style], ratios: list[int]) -> list[Submission]:
    """Return curves, a member's blocks, and another one's loops."""
    *members, blocks = some(seed, styles, ratios)
    random = Random(seed)
    few = replace(blocks, blocks=tuple(one for one in blocks.blocks[:3] if not one.parent))
    loops = some_loops(random, random.randint(1, 3), 3)
    return [*members, few, Submission(account="loops", site="", blocks=tuple(loops))]


def some(seed: int, styles: list[Style], ratios: list[int]) -> list[Submission]:
    random = Random(seed)
    members = [
        curves(f"m{n}", *(some_curve(random, t, random.choice(styles)) for t in range(3)))
        for n in range(random.randint(1, 4))
    ]
    blocks = some_blocks(random, random.randint(0, 5), 3, ratios)
    return [*members, Submission(account="blocks", site="", blocks=tuple(blocks))]
