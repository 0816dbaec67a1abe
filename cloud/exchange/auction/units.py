"""What is taken together or not at all: a block by itself, or all blocks of a loop. Pure.

A loop buys in some periods and sells in others, as a battery does. What counts is what it gains as
a whole: one of its blocks may lose at the prices if another gains more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud.exchange.auction.orders import PPM, Block, Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One choice of the auction."""

    owner: int
    """Number of its submission."""
    places: tuple[int, ...]
    """Of its blocks among those of the submission."""
    sizes: tuple[int, ...]
    """How many parts each of these has."""
    name: str
    """Unique in the whole auction."""
    parts: tuple[tuple[int, int], ...]
    """(period, steps), block after block; no period twice."""
    limits: tuple[int, ...]
    """The price that is asked for each part, in ticks."""
    min_ratio_ppm: int
    parent: str
    group: str

    @property
    def asked(self) -> int:
        """Return what it wants to receive for all of it at least, or pays at most (-)."""
        return sum(ticks * steps for ticks, (_, steps) in zip(self.limits, self.parts, strict=True))

    @property
    def size(self) -> int:
        """Return the steps of all its parts, sold and bought alike."""
        return sum(abs(steps) for _, steps in self.parts)


def units(submissions: Sequence[Submission]) -> list[Unit]:
    """Return all choices, in the order of the submissions and of their blocks."""
    found = []
    for owner, submission in enumerate(submissions):
        together: dict[str, list[int]] = {}
        for place, block in enumerate(submission.blocks):
            key = f"{owner}\0{block.loop}" if block.loop else f"{owner}/{block.name}"
            together.setdefault(key, []).append(place)
        found += [_unit(owner, key, submission, places) for key, places in together.items()]
    return found


def taken_of(unit: Unit, steps: Sequence[int]) -> list[tuple[int, tuple[int, ...]]]:
    """Return for each of its blocks the place in the submission, and what was taken of it."""
    found, begin = [], 0
    for place, size in zip(unit.places, unit.sizes, strict=True):
        found.append((place, tuple(steps[begin : begin + size])))
        begin += size
    return found


def loops(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return the blocks of each loop together, and each block without one by itself."""
    found: dict[tuple[str, int], list[Block]] = {}
    for place, block in enumerate(blocks):
        found.setdefault((block.loop, 0 if block.loop else place), []).append(block)
    return list(found.values())


def _unit(owner: int, name: str, submission: Submission, places: Sequence[int]) -> Unit:
    blocks = [submission.blocks[place] for place in places]
    first = blocks[0]
    return Unit(
        owner=owner,
        places=tuple(places),
        sizes=tuple(len(block.parts) for block in blocks),
        name=name,
        parts=tuple(part for block in blocks for part in block.parts),
        limits=tuple(block.price_ticks for block in blocks for _ in block.parts),
        min_ratio_ppm=PPM if first.loop else first.min_ratio_ppm,
        parent=first.parent and f"{owner}/{first.parent}",
        group=first.group and f"{owner}/{first.group}",
    )
