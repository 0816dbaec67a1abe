"""The base: the arbitrated power, ramped, before any response is added. Pure.

Bounds of protection and of class 0 are obeyed at once; only what is asked for is ramped, each by
the ramp of its own class. Where a limit of the grid operator held the base and is lifted, the way
back follows the ramp of that limit until the target is reached.
"""

import math

from agent.control.arbitrate import Outcome, Proposal, clip
from agent.control.cuts import Hard
from agent.control.limits import Limits, Ramp
from agent.status import Reason

DECISION_GAP_S_MAX = 1.0
"""After a longer pause the base moves as if this much time had passed: no leap."""
POWER_DECIMALS = 3


def ramped(
    outcome: Outcome,
    above: Outcome,
    hard: Hard,
    before_kw: float,
    elapsed_s: float,
    limits: Limits,
    held: bool,
) -> tuple[float, tuple[Reason, ...], bool]:
    """Return the base, who asked and cut, and whether a limit of the grid operator still shows.

    Args:
        outcome: of all classes.
        above: what class 0 left, which the base never leaves.
        hard: what protection left.
        before_kw: the base of the cycle before.
        elapsed_s: its age.
        limits: of the plant, for the ramps.
        held: what this function returned last in the cycle before.
    """
    reasons = list(outcome.reasons)
    target_kw = outcome.target_kw
    if not hard.lower_kw <= outcome.wanted_kw <= hard.upper_kw:
        cut = hard.binding(outcome.wanted_kw)
        reasons.append(Reason(cut.code, cut.text, target_kw))
    elif hard.stopped:
        reasons.append(Reason(hard.stopped.code, hard.stopped.text, 0.0))
    of_grid = _of_grid(above.cutter(outcome.wanted_kw))
    ramp = _ramp(outcome, held=held and not of_grid)
    speed_kw_per_s = limits.ramp(ramp)
    step_kw = speed_kw_per_s * min(max(0.0, elapsed_s), DECISION_GAP_S_MAX)
    step_kw = 0.0 if math.isnan(step_kw) else step_kw  # no ramp, and no time has passed
    ramped_kw = clip(target_kw, before_kw - step_kw, before_kw + step_kw)
    base_kw = clip(ramped_kw, above.lower_kw, above.upper_kw)
    if base_kw != target_kw:
        text = f"at most {speed_kw_per_s:g} kW a second"
        reasons.append(Reason("RAMP", text, round(base_kw, POWER_DECIMALS)))
    return base_kw, tuple(reasons), of_grid or (held and base_kw != target_kw)


def _of_grid(cutter: Proposal | None) -> bool:
    return cutter is not None and cutter.ramp is Ramp.GRID


def _ramp(outcome: Outcome, *, held: bool) -> Ramp:
    if held:
        return Ramp.GRID
    return Ramp.SCHEDULE if outcome.decider is None else outcome.decider.ramp
