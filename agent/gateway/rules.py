"""Report by exception: which samples of a point are worth keeping. Pure.

The first rule that names a point holds for it; a point without one keeps every sample. With a
rule, kept are: the first sample of a run of control, every change of quality, and otherwise what
comes at least ``period_s`` after the last one kept and differs from it by more than ``deadband``
(without one: always); after ``heartbeat_s`` the next sample in any case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from wire.block import Block, Quality

EARLY = 0.05
"""A sample may come this share of its period early: clocks and polls are not that exact."""
MEMORY_MAX = 100_000
"""Points whose last kept sample is remembered; beyond it all are forgotten and begin anew."""
_US_PER_S = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    points: tuple[str, ...]
    """Patterns of names: ``battery.temp*``."""
    deadband: float | None = None
    """In the unit of the point; None: every value counts as a change."""
    period_s: float = 0.0
    heartbeat_s: float = 300.0

    def names(self, point: str) -> bool:
        return any(fnmatchcase(point, pattern) for pattern in self.points)


@dataclass(frozen=True, slots=True)
class Kept:
    """The last kept sample of a point."""

    boot: str
    at_us: int
    value: float | None
    quality: Quality


Memory = Mapping[tuple[str, str], Kept]
"""By device and point."""


def rule_for(rules: Sequence[Rule], point: str) -> Rule | None:
    return next((rule for rule in rules if rule.names(point)), None)


def kept_of(
    block: Block, rules: Sequence[Rule | None], memory: Memory
) -> tuple[list[Block], dict[tuple[str, str], Kept]]:
    """Return what is kept of `block`, and what is to be remembered then.

    ``rules[p]`` is that of ``points[p]``. Points kept at the same instants share a block; its
    ``seq`` is the number of the first sample in it.
    """
    news: dict[tuple[str, str], Kept] = {}
    groups: dict[tuple[int, ...], list[int]] = {}
    everything = tuple(range(len(block.at_us)))
    for p, rule in enumerate(rules):
        instants = everything
        if rule is not None:
            last = memory.get((block.device, block.points[p]))
            instants, last = _instants(block, p, rule, last)
            if last is not None:
                news[block.device, block.points[p]] = last
        groups.setdefault(instants, []).append(p)
    if list(groups) in ([], [everything]):
        return [block], news
    return [chosen(block, points, at) for at, points in groups.items() if at], news


def chosen(block: Block, points: Sequence[int], instants: Sequence[int]) -> Block:
    """Return some points of a block at some of its instants, neither of them empty."""
    return replace(
        block,
        seq=block.seq + instants[0],
        at_us=tuple(block.at_us[s] for s in instants),
        points=tuple(block.points[p] for p in points),
        values=tuple(tuple(block.values[p][s] for s in instants) for p in points),
        quality=tuple(tuple(block.quality[p][s] for s in instants) for p in points),
    )


def _instants(
    block: Block, p: int, rule: Rule, last: Kept | None
) -> tuple[tuple[int, ...], Kept | None]:
    found = []
    for s, at_us in enumerate(block.at_us):
        value, quality = block.values[p][s], block.quality[p][s]
        if _worth(rule, last, block.boot, at_us, value, quality):
            found.append(s)
            last = Kept(block.boot, at_us, value, quality)
    return tuple(found), last


def _worth(
    rule: Rule, last: Kept | None, boot: str, at_us: int, value: float | None, quality: Quality
) -> bool:
    if last is None or last.boot != boot or last.quality != quality:
        return True
    waited_s = (at_us - last.at_us) / _US_PER_S
    if waited_s < 0 or waited_s >= rule.heartbeat_s * (1 - EARLY):
        return True  # A clock that went back begins anew.
    if waited_s < rule.period_s * (1 - EARLY):
        return False
    if rule.deadband is None:
        return True
    if value is None or last.value is None:
        return value is not last.value
    return abs(value - last.value) > rule.deadband
