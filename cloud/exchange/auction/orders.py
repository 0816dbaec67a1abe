"""What a member orders in an auction, and the form that it must have. Pure.

Powers in steps, sold is positive and bought negative; prices in ticks; periods count from 0, the
first of the local delivery day. A day has as many as its clock gives it: 92, 96 or 100
quarter-hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

PPM = 1_000_000
NAME_MAX = 40
POINTS_MAX = 256
"""Pairs of a curve (EPEX SPOT auction product page)."""
BLOCKS_MAX = 100
"""Blocks of one submission."""
MISTAKES_MAX = 20


class Style(Enum):
    """How a curve runs from one of its pairs to the next."""

    STEP = "STEP"
    """A quantity holds from its price on, up to the price of the next pair."""
    LINEAR = "LINEAR"
    """Straight; two pairs of one price are a jump."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Net quantity by price in one period: what is sold rises with the price, or stays.

    Before the first pair and behind the last the quantity stays as it is there, so that one pair
    alone is an order at any price.
    """

    period: int
    style: Style
    points: tuple[tuple[int, int], ...]
    """(price in ticks, steps)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Powers over several periods that are taken together, for their mean price or a better one."""

    name: str
    """Unique in its submission."""
    price_ticks: int
    parts: tuple[tuple[int, int], ...]
    """(period, steps), all sold or all bought; a profile has not the same power everywhere."""
    min_ratio_ppm: int = PPM
    """Less of it is never taken; all or nothing by default."""
    parent: str = ""
    """A linked block: never taken to a greater part than this one."""
    group: str = ""
    """Exclusive group: the parts taken of its blocks are never more than one whole."""
    loop: str = ""
    """Blocks of one loop are all taken, or none: what some buy the others sell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """All that a member orders for one of its sites, or for none; a new one takes its place."""

    account: str
    site: str
    curves: tuple[Curve, ...] = ()
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds in one auction."""

    periods: int
    price_ticks_min: int
    price_ticks_max: int
    steps_max: int
    """Of a quantity, sold or bought."""


def mistakes(submission: Submission, terms: Terms) -> list[str]:
    """Return a line for each mistake, the first twenty: key, value, what is allowed."""
    found: list[str] = []
    for line in _all(submission, terms):
        found.append(line)
        if len(found) == MISTAKES_MAX:
            break
    return found


def _all(submission: Submission, terms: Terms) -> Iterator[str]:
    seen: set[int] = set()
    for index, curve in enumerate(submission.curves):
        key = f"curves.{index}"
        if curve.period in seen:
            yield f"{key}.period: {curve.period} is there twice; one curve a period is allowed"
        seen.add(curve.period)
        yield from _period(f"{key}.period", curve.period, terms)
        yield from _curve(f"{key}.points", curve, terms)
    if len(submission.blocks) > BLOCKS_MAX:
        yield f"blocks: {len(submission.blocks)} are too many; {BLOCKS_MAX} are allowed"
        return
    names = [block.name for block in submission.blocks]
    for index, block in enumerate(submission.blocks):
        key = f"blocks.{index}"
        if not 1 <= len(block.name) <= NAME_MAX or names.count(block.name) > 1:
            yield f"{key}.name: {block.name!r}: 1 to {NAME_MAX} characters, unique, are expected"
        yield from _block(key, block, terms)
    yield from _links(submission)


def _period(key: str, period: int, terms: Terms) -> Iterator[str]:
    if not 0 <= period < terms.periods:
        yield f"{key}: {period} is not allowed; 0 to {terms.periods - 1} are"


def _price(key: str, ticks: int, terms: Terms) -> Iterator[str]:
    if not terms.price_ticks_min <= ticks <= terms.price_ticks_max:
        low, high = terms.price_ticks_min / 100, terms.price_ticks_max / 100
        yield f"{key}: {ticks / 100:.2f} is not allowed; {low:.2f} to {high:.2f} EUR/MWh are"


def _steps(key: str, steps: int, terms: Terms) -> Iterator[str]:
    if abs(steps) > terms.steps_max:
        yield f"{key}: {steps} steps are not allowed; {terms.steps_max} are, sold or bought"


def _curve(key: str, curve: Curve, terms: Terms) -> Iterator[str]:
    points = curve.points
    if not 1 <= len(points) <= POINTS_MAX:
        yield f"{key}: {len(points)} pairs are not allowed; 1 to {POINTS_MAX} are"
    for place, (ticks, steps) in enumerate(points):
        yield from _price(f"{key}.{place}", ticks, terms)
        yield from _steps(f"{key}.{place}", steps, terms)
        if place == 0:
            continue
        before_ticks, before_steps = points[place - 1]
        twice = place > 1 and points[place - 2][0] == ticks
        if ticks < before_ticks or (ticks == before_ticks and curve.style is Style.STEP) or twice:
            yield f"{key}.{place}: prices must rise from pair to pair"
        if steps < before_steps:
            yield f"{key}.{place}: what is sold must not fall while the price rises"


def _block(key: str, block: Block, terms: Terms) -> Iterator[str]:
    yield from _price(f"{key}.price", block.price_ticks, terms)
    if not 0 <= block.min_ratio_ppm <= PPM:
        yield f"{key}.min_ratio: {block.min_ratio_ppm / PPM} is not allowed; 0 to 1 are"
    if not block.parts or len({period for period, _ in block.parts}) < len(block.parts):
        yield f"{key}.parts: one or more periods, each once, are expected"
    if len({steps > 0 for _, steps in block.parts}) > 1 or any(s == 0 for _, s in block.parts):
        yield f"{key}.parts: all powers must be sold (+), or all bought (-)"
    for period, steps in block.parts:
        yield from _period(f"{key}.parts", period, terms)
        yield from _steps(f"{key}.parts", steps, terms)


def _links(submission: Submission) -> Iterator[str]:
    parents = {block.name: block.parent for block in submission.blocks}
    yield from _loops(submission)
    for index, block in enumerate(submission.blocks):
        if block.parent and block.parent not in parents:
            yield f"blocks.{index}.parent: {block.parent!r} is no block of this submission"
        if block.parent and block.group:
            yield f"blocks.{index}.group: a linked block in an exclusive group is not allowed"
        if len(block.group) > NAME_MAX:
            yield f"blocks.{index}.group: at most {NAME_MAX} characters are allowed"
        name, hops = block.parent, 0
        while name and hops <= len(parents):
            name, hops = parents.get(name, ""), hops + 1
        if name:
            yield f"blocks.{index}.parent: {block.parent!r} makes a circle"


def _loops(submission: Submission) -> Iterator[str]:
    loops: dict[str, list[int]] = {}
    parents = {block.parent for block in submission.blocks}
    for index, block in enumerate(submission.blocks):
        if not block.loop:
            continue
        loops.setdefault(block.loop, []).append(index)
        key = f"blocks.{index}"
        if len(block.loop) > NAME_MAX:
            yield f"{key}.loop: at most {NAME_MAX} characters are allowed"
        if block.min_ratio_ppm < PPM:
            yield f"{key}.min_ratio: {block.min_ratio_ppm / PPM} is not allowed in a loop; 1 is"
        if block.parent or block.name in parents:
            yield f"{key}.loop: a linked block in a loop is not allowed"
    for name, places in loops.items():
        blocks = [submission.blocks[place] for place in places]
        parts = [part for block in blocks for part in block.parts]
        key = f"blocks.{places[0]}.loop"
        if len({steps > 0 for _, steps in parts}) < 2:
            yield f"{key}: loop {name!r} must buy (-) and sell (+), in one block at least each"
        if len({period for period, _ in parts}) < len(parts):
            yield f"{key}: loop {name!r} has a period twice; each once is allowed"
        if len({block.group for block in blocks}) > 1:
            yield f"{key}: all blocks of loop {name!r} must be of one group, or of none"
