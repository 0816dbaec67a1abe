"""``auction``: a day of 96 quarter-hours with 1,000 members' curves and 300 blocks, to its prices.

Each member has a curve for every period: 1,000 curves a period, every second one stepwise. Of the
blocks some are linked, some in exclusive groups, some may be taken in part.
"""

import random
import time

from bench.options import Figures, Options
from cloud.exchange.auction.orders import Block, Curve, Style, Submission, Terms
from cloud.exchange.auction.outcome import Fate, auction

_TERMS = Terms(periods=96, price_ticks_min=-50_000, price_ticks_max=400_000, steps_max=100_000)
_LIMIT_S = 60.0
_PAIRS = 8
_PPM = 1_000_000


def run(options: Options) -> Figures:
    members, blocks = (100, 40) if options.quick else (1_000, 300)
    limit_s = 10.0 if options.quick else _LIMIT_S
    drawn = random.Random(options.seed)
    submissions = [_member(drawn, number, blocks // 10) for number in range(members)]
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    ends_s = began_s + limit_s
    outcome = auction(submissions, _TERMS, lambda: ends_s - time.perf_counter())
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    fates = [block.fate for award in outcome.awards for block in award.blocks]
    losing = [
        block
        for award in outcome.awards
        for block in award.blocks
        if any(block.steps) and block.surplus < 0
    ]
    prices = [ticks for ticks in outcome.prices if ticks is not None]
    return {
        "curves": members * _TERMS.periods,
        "pairs": members * _TERMS.periods * _PAIRS,
        "blocks": len(fates),
        "solved_s": round(wall_s, 3),
        "cpu_s": round(cpu_s, 3),
        "limit_s": limit_s,
        "gap": outcome.gap,
        "rounds": outcome.rounds,
        "cuts": outcome.cuts,
        "accepted": sum(fate in (Fate.ACCEPTED, Fate.PARTLY_ACCEPTED) for fate in fates),
        "paradoxically_rejected": fates.count(Fate.PARADOXICALLY_REJECTED),
        "paradoxically_accepted": len(losing),
        "price_eur_mwh_min": min(prices) / 100,
        "price_eur_mwh_max": max(prices) / 100,
        "volume_steps": sum(outcome.volumes),
    }


def _member(drawn: random.Random, number: int, with_blocks: int) -> Submission:
    level = drawn.gauss(0, 1_500)
    curves = tuple(_curve(drawn, number, period, level) for period in range(_TERMS.periods))
    blocks = tuple(_blocks(drawn)) if number < with_blocks else ()
    return Submission(account=f"member-{number:04}", site="", curves=curves, blocks=blocks)


def _curve(drawn: random.Random, number: int, period: int, level: float) -> Curve:
    daily = 8_000 + 4_000 * ((period % 48) / 24 - 1) ** 2
    centre = daily + level + drawn.gauss(0, 1_000)
    prices = sorted({round(centre + drawn.gauss(0, 4_000)) for _ in range(_PAIRS)})
    lean = drawn.choice((-1, 1)) * drawn.randrange(200)
    steps = sorted(lean + drawn.randint(-150, 150) for _ in prices)
    style = Style.LINEAR if number % 2 else Style.STEP
    return Curve(period=period, style=style, points=tuple(zip(prices, steps, strict=True)))


def _blocks(drawn: random.Random) -> list[Block]:
    blocks: list[Block] = []
    for number in range(10):
        sign = drawn.choice((-1, 1))
        first = drawn.randrange(_TERMS.periods - 4)
        length = drawn.randint(4, min(48, _TERMS.periods - first))
        power = sign * drawn.randint(50, 2_000)
        sort = drawn.random()
        linked = bool(blocks) and sort < 0.15
        blocks.append(
            Block(
                name=f"block {number}",
                price_ticks=round(drawn.gauss(9_000, 1_500)),
                parts=tuple((period, power) for period in range(first, first + length)),
                min_ratio_ppm=drawn.choice((_PPM, _PPM, _PPM, _PPM // 2)),
                parent=blocks[-1].name if linked and not blocks[-1].group else "",
                group="either" if 0.15 <= sort < 0.3 else "",
            )
        )
    return blocks
