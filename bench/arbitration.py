"""``arbitration``: random sets of proposals against the rules that must always hold, and the time.

The rules are those of the control guide: the interval only ever shrinks, the target lies inside
it, a lower class never moves what a higher one chose, what is out of its time or makes no sense
has no effect, and the order of arrival has none either.
"""

import math
import statistics
import time
from collections import Counter
from dataclasses import replace
from random import Random

from agent.control.arbitrate import Outcome, Proposal, arbitrate, clip, untouched
from bench.options import Figures, Options

SETS = 10_000_000
QUICK_SETS = 20_000
TIMED = 2_000
AT_ONCE = 20
NOW_US = 1_000
_ABSURD_KW = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -1e300)


def run(options: Options) -> Figures:
    """Return how many sets were looked at, the rules that were broken, and the time of one."""
    sets = QUICK_SETS if options.quick else SETS
    began_s = time.perf_counter()
    broken = violations(sets, seed=options.seed)
    return {
        "sets": sets,
        "violations": sum(broken.values()),
        "seconds": round(time.perf_counter() - began_s, 1),
        "arbitrate_us": arbitrate_us(),
        "notes": f"the time is that of {AT_ONCE} proposals",
    }


def arbitrate_us() -> float:
    """Return the median of one arbitration of many proposals that are all in force."""
    random = Random(7)
    proposals = [
        replace(_proposal(random, cls % 5), valid_from_us=0, expires_us=2 * NOW_US)
        for cls in range(AT_ONCE)
    ]
    took_us = []
    for _ in range(TIMED):
        began_s = time.perf_counter()
        arbitrate(proposals, untouched(-80.0, 100.0), NOW_US)
        took_us.append((time.perf_counter() - began_s) * 1e6)
    return round(statistics.median(took_us), 1)


def violations(sets: int, seed: int) -> dict[str, int]:
    """Return how often each rule was broken; empty: they all hold."""
    random, broken = Random(seed), Counter[str]()
    for _ in range(sets):
        low_kw, high_kw = -random.uniform(0.0, 100.0), random.uniform(0.0, 100.0)
        proposals = [_proposal(random, _below(random, 5)) for _ in range(_below(random, 6))]
        outcome = arbitrate(proposals, untouched(low_kw, high_kw), NOW_US)
        broken.update(_broken(random, proposals, outcome, low_kw, high_kw))
    return dict(broken)


def _broken(
    random: Random, proposals: list[Proposal], outcome: Outcome, low_kw: float, high_kw: float
) -> list[str]:
    """Return the rules that one set breaks."""
    broken = []
    start = untouched(low_kw, high_kw)
    if not low_kw <= outcome.lower_kw <= outcome.upper_kw <= high_kw:
        broken.append("the interval only shrinks")
    if not outcome.lower_kw <= outcome.target_kw <= outcome.upper_kw:
        # A lower class may tighten below the target of a higher one, never move it.
        decider = outcome.decider
        if decider is None or not low_kw <= outcome.target_kw <= high_kw:
            broken.append("the target lies inside")
    lower = _proposal(random, 5)
    further = arbitrate([*proposals, lower], start, NOW_US)
    if outcome.decider is not None and further.target_kw != outcome.target_kw:
        broken.append("a lower class moves nothing")
    if not outcome.lower_kw <= further.lower_kw <= further.upper_kw <= outcome.upper_kw:
        broken.append("a lower class loosens nothing")
    shuffled = sorted(proposals, key=lambda _: random.random())
    if not _same(arbitrate(shuffled, start, NOW_US), outcome):
        broken.append("the order is irrelevant")
    begin_us, end_us = random.choice(((0, NOW_US), (NOW_US + 1, 2 * NOW_US)))
    idle = replace(lower, cls=_below(random, 5), valid_from_us=begin_us, expires_us=end_us)
    if not _same(arbitrate([*proposals, idle], start, NOW_US), outcome):
        broken.append("what is out of its time has no effect")
    if not proposals and outcome.target_kw != clip(0.0, low_kw, high_kw):
        broken.append("nobody asking means 0")
    return broken


def _same(one: Outcome, other: Outcome) -> bool:
    return (one.target_kw, one.lower_kw, one.upper_kw) == (
        other.target_kw,
        other.lower_kw,
        other.upper_kw,
    )


def _proposal(random: Random, cls: int) -> Proposal:
    def power_kw() -> float | None:
        kind = random.random()
        if kind < 0.4:
            return None
        return random.choice(_ABSURD_KW) if kind < 0.5 else random.uniform(-150.0, 150.0)

    return Proposal(
        source="abc"[_below(random, 3)],
        cls=cls,
        sub=_below(random, 3),
        code="X",
        text="asks",
        valid_from_us=_below(random, 1_200),
        expires_us=800 + _below(random, 1_200),
        preferred_kw=power_kw(),
        lower_kw=power_kw(),
        upper_kw=power_kw(),
    )


def _below(random: Random, count: int) -> int:
    """Return 0 to `count` - 1, in a third of the time of `randrange`."""
    return int(random.random() * count)
