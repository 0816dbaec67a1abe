"""I3: charging that the battery itself asks for, and nobody else ever forces. Pure.

Cells that are nearly empty age, and a battery that has switched itself off cannot be woken from
here. Where the site allows a power for it, a battery that asks is charged with it, ahead of
everybody but protection, the grid operator and the connection.
"""

from collections.abc import Iterator

from agent.control.arbitrate import Proposal
from agent.control.limits import Ramp
from agent.control.local.scene import DUTY_US, Scene

CODE = "I3"
CLASS = 0
SUB = 9
"""Behind the limits of the grid operator and of the connection."""
REQUEST = "input.charge_request"
"""Not 0: the battery management asks to be charged."""
REQUEST_AGE_S_MAX = 10.0
"""Older than this nobody asks: forcing on a stale wish is worse than not forcing."""


def proposals(scene: Scene, forced_charge_kw: float) -> Iterator[Proposal]:
    """Yield the charging while the battery asks for it."""
    request = scene.plant.inputs.get(REQUEST)
    asked = None if request is None else request.within(REQUEST_AGE_S_MAX)
    if not asked:
        return
    yield Proposal(
        source="battery",
        cls=CLASS,
        sub=SUB,
        code=CODE,
        text=f"the battery asks to be charged: {forced_charge_kw:g} kW",
        valid_from_us=scene.now_us,
        expires_us=scene.now_us + DUTY_US,
        preferred_kw=-forced_charge_kw,
        ramp=Ramp.LOCAL,
    )
