"""Calendar rules: what holds in some hours of some days. Pure."""

from collections.abc import Sequence

from agent.control.arbitrate import Proposal
from agent.control.limits import Ramp
from agent.control.local.config import CalendarRule
from agent.control.local.hours import Minute, covers
from agent.control.local.scene import WISH_US, Scene

CODE = "CALENDAR"


def rule_at(rules: Sequence[CalendarRule], at: Minute) -> int | None:
    """Return the place of the first rule whose hours have come; None: there is none."""
    return next((place for place, rule in enumerate(rules) if covers(rule, at)), None)


def proposal(
    scene: Scene, rule: CalendarRule, cls: int, sub: int, *, low: bool, high: bool
) -> Proposal:
    """Return what a rule asks for.

    Args:
        low: the charge is at or below the rule's own floor.
        high: and at or above its own ceiling.
    """
    lower_kw = None if rule.charge_kw_max is None else -rule.charge_kw_max
    return Proposal(
        source="calendar",
        cls=cls,
        sub=sub,
        code=CODE,
        text=f"{rule.name}: {rule.start} to {rule.end}",
        valid_from_us=scene.now_us,
        expires_us=scene.now_us + WISH_US,
        preferred_kw=rule.power_kw,
        lower_kw=0.0 if high else lower_kw,
        upper_kw=0.0 if low else rule.discharge_kw_max,
        ramp=Ramp.LOCAL,
    )
