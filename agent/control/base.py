"""The base: the arbitrated power, ramped, before any response is added. Pure."""

from agent.control.arbitrate import Outcome, clip
from agent.control.cuts import Hard
from agent.status import Reason

DECISION_GAP_S_MAX = 1.0
"""After a longer pause the base moves as if this much time had passed: no leap."""
POWER_DECIMALS = 3


def ramped(
    outcome: Outcome,
    hard: Hard,
    before_kw: float,
    elapsed_s: float,
    ramp_kw_per_s: float,
) -> tuple[float, tuple[Reason, ...]]:
    """Return the base inside the hard interval, and who asked and cut.

    Protection is obeyed at once; only what is asked for is ramped.
    """
    reasons = list(outcome.reasons)
    target_kw = outcome.target_kw
    if not hard.lower_kw <= outcome.wanted_kw <= hard.upper_kw:
        cut = hard.binding(outcome.wanted_kw)
        reasons.append(Reason(cut.code, cut.text, target_kw))
    elif hard.stopped:
        reasons.append(Reason(hard.stopped.code, hard.stopped.text, 0.0))
    step_kw = ramp_kw_per_s * min(max(0.0, elapsed_s), DECISION_GAP_S_MAX)
    ramped_kw = clip(target_kw, before_kw - step_kw, before_kw + step_kw)
    base_kw = clip(ramped_kw, hard.lower_kw, hard.upper_kw)
    if base_kw != target_kw:
        text = f"at most {ramp_kw_per_s:g} kW a second"
        reasons.append(Reason("RAMP", text, round(base_kw, POWER_DECIMALS)))
    return base_kw, tuple(reasons)
