"""Proposals with priority, bounds and expiry become one target and the reasons. Pure.

Each proposal may prefer a power, set bounds, or both. Classes, highest first: 0 grid operator and
safety, 1 frequency obligations, 2 operator, 3 schedule, 4 local strategies. From the top down,
every proposal narrows the interval that the hard limits left; a lower class can tighten what a
higher one left open, never loosen or shift it. The highest class with a preference decides.
Expired, future and senseless proposals have no effect whatever, and the order in which
proposals arrive has none either.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

from agent.control.limits import Ramp
from agent.status import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What one source asks for."""

    source: str
    cls: int
    """0 decides before 4."""
    sub: int = 0
    """Order inside the class; of class 0: 2 the grid operator's limits, 3 the connection's."""
    code: str
    text: str
    valid_from_us: int
    expires_us: int
    """Mandatory: nobody asks for ever."""
    preferred_kw: float | None = None
    lower_kw: float | None = None
    upper_kw: float | None = None
    ramp: Ramp = Ramp.SCHEDULE
    """How fast the base may move to what this one prefers, or away from what it bounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The interval that is left, the target in it, and who asked and cut as it happened."""

    lower_kw: float
    upper_kw: float
    lower_by: Proposal | None = None
    """Whose bound the edge is; None: the plant's own."""
    upper_by: Proposal | None = None
    decider: Proposal | None = None
    """Whose preference decides; None: nobody has one."""
    target_kw: float = 0.0
    reasons: tuple[Reason, ...] = ()

    @property
    def wanted_kw(self) -> float:
        """Return what the deciding preference asked for before any bound cut it."""
        wanted_kw = None if self.decider is None else self.decider.preferred_kw
        return 0.0 if wanted_kw is None else wanted_kw

    def cutter(self, power_kw: float) -> Proposal | None:
        """Return the proposal whose bound stands in the way of `power_kw`."""
        if power_kw > self.upper_kw:
            return self.upper_by
        return self.lower_by if power_kw < self.lower_kw else None


def untouched(lower_kw: float, upper_kw: float) -> Outcome:
    """Return what there is before anybody asks: the interval that protection leaves."""
    assert lower_kw <= upper_kw, "the hard interval is never empty"
    return Outcome(lower_kw=lower_kw, upper_kw=upper_kw, target_kw=clip(0.0, lower_kw, upper_kw))


@dataclass(slots=True)
class _Interval:
    """What is left so far, and which proposals set its edges; None: the plant did."""

    lower_kw: float
    upper_kw: float
    lower_by: Proposal | None = None
    upper_by: Proposal | None = None

    def narrow(self, proposal: Proposal) -> bool:
        """Take the proposal's bounds in; False: they conflict, and the nearest edge is left."""
        low = self.lower_kw if proposal.lower_kw is None else proposal.lower_kw
        high = self.upper_kw if proposal.upper_kw is None else proposal.upper_kw
        agreed = low <= self.upper_kw and high >= self.lower_kw
        if low > self.lower_kw:
            self.lower_kw, self.lower_by = min(low, self.upper_kw), proposal
        if high < self.upper_kw:
            self.upper_kw, self.upper_by = max(high, self.lower_kw), proposal
        return agreed


def arbitrate(proposals: Iterable[Proposal], above: Outcome, now_us: int) -> Outcome:
    """Return what is left of `above`, and the target in it, once these have been heard.

    All proposals of one class are heard together; what a higher class left is `above`, so that
    ``arbitrate(lower, arbitrate(higher, a))`` is ``arbitrate([*higher, *lower], a)``. With no
    preference the target is 0, clipped.
    """
    ranked = _ranked(proposals)
    if not ranked:
        return above
    left = _Interval(above.lower_kw, above.upper_kw, above.lower_by, above.upper_by)
    decider, target_kw = above.decider, above.target_kw
    reasons = list(above.reasons)
    for proposal in ranked:
        code = _dropped(proposal, now_us)
        if code is not None:
            reasons.append(_reason(code, proposal, target_kw if decider else 0.0))
            continue
        if not left.narrow(proposal):
            reasons.append(_reason("CONFLICT", proposal, left.lower_kw))
        if decider is None and proposal.preferred_kw is not None:
            decider, wanted_kw = proposal, proposal.preferred_kw
            target_kw = clip(wanted_kw, left.lower_kw, left.upper_kw)
            reasons.append(_reason(proposal.code, proposal, wanted_kw))
            cutter = left.upper_by if wanted_kw > left.upper_kw else None
            cutter = left.lower_by if wanted_kw < left.lower_kw else cutter
            if cutter is not None:
                reasons.append(_reason(cutter.code, cutter, target_kw))
    if decider is None:
        target_kw = clip(0.0, left.lower_kw, left.upper_kw)
    return Outcome(
        lower_kw=left.lower_kw,
        upper_kw=left.upper_kw,
        lower_by=left.lower_by,
        upper_by=left.upper_by,
        decider=decider,
        target_kw=target_kw,
        reasons=tuple(reasons),
    )


def clip(power_kw: float, lower_kw: float, upper_kw: float) -> float:
    """Return the power inside the interval that is nearest to `power_kw`."""
    return min(max(power_kw, lower_kw), upper_kw)


_place = attrgetter("cls", "sub")


def _ranked(proposals: Iterable[Proposal]) -> Sequence[Proposal]:
    """Return them from the highest class down; only those of one place are looked at further."""
    ranked = sorted(proposals, key=_place)
    for one, after in pairwise(ranked):
        if one.sub == after.sub and one.cls == after.cls:
            return sorted(ranked, key=_rank)
    return ranked


def _rank(proposal: Proposal) -> tuple[object, ...]:
    """Order by class; everything else only makes the order independent of arrival."""
    return (
        proposal.cls,
        proposal.sub,
        proposal.valid_from_us,
        proposal.source,
        proposal.code,
        proposal.expires_us,
        repr((proposal.preferred_kw, proposal.lower_kw, proposal.upper_kw)),
    )


def _dropped(proposal: Proposal, now_us: int) -> str | None:
    """Return why a proposal has no effect; None: it has one."""
    low, high, preferred = proposal.lower_kw, proposal.upper_kw, proposal.preferred_kw
    if now_us >= proposal.expires_us:
        return "EXPIRED"
    if now_us < proposal.valid_from_us:
        return "NOT_YET"
    if preferred is not None and not math.isfinite(preferred):
        return "INVALID"
    if low is not None and (math.isnan(low) or (high is not None and low > high)):
        return "INVALID"
    if high is not None and math.isnan(high):
        return "INVALID"
    return None


def cut_by(cutter: Proposal, power_kw: float) -> Reason:
    """Return the reason that a proposal's bound has cut a power to `power_kw`."""
    return _reason(cutter.code, cutter, power_kw)


def _reason(code: str, proposal: Proposal, power_kw: float) -> Reason:
    text = proposal.text if code == proposal.code else f"{proposal.source}: {proposal.text}"
    asked_kw = proposal.preferred_kw
    asked_kw = asked_kw if asked_kw is not None and math.isfinite(asked_kw) else None
    return Reason(code, text, power_kw, proposal.source, proposal.cls, asked_kw)
