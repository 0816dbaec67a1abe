"""Limits and setpoints of the grid operator (I18), class 0c. Pure.

What comes over contacts (ripple control, dimming) is decoded by the interlock of the inputs and
arrives as limits. What comes as values is a point of some device: ``dso.import_kw_max`` and
``dso.export_kw_max`` for the connection, ``dso.power_kw`` for the battery, and ``dso.heartbeat``,
which must change. A value that is not renewed for its validity is lost, and its own fail-safe
holds. All limits together leave what the strictest of them leaves.
"""

import math
from collections.abc import Iterator, Sequence

from agent.control.arbitrate import Proposal
from agent.control.interlocks.inputs import OperatorLimit
from agent.control.limits import Ramp
from agent.control.local.config import ConnectionSettings
from agent.control.local.scene import DUTY_US, Scene
from agent.control.quantity import Quantity
from wire.schedule import POWER_KW_MAX

CODE = "I18"
CLASS = 0
SUB = 2
IMPORT = "dso.import_kw_max"
EXPORT = "dso.export_kw_max"
POWER = "dso.power_kw"
HEARTBEAT = "dso.heartbeat"


def proposals(
    scene: Scene, settings: ConnectionSettings, limits: Sequence[OperatorLimit] = ()
) -> Iterator[Proposal]:
    """Yield what the grid operator allows and asks for now.

    A step of feed-in holds for the whole installation, at the connection; dimming for what the
    battery draws.
    """
    for limit in limits:
        if limit.feed_in_share is not None:
            cap_kw = max(0.0, limit.feed_in_share) * installed_kw(scene, settings)
            yield _limit(scene, limit.text, upper_kw=_room_kw(scene, cap_kw))
        if limit.import_kw_max is not None:
            yield _limit(scene, limit.text, lower_kw=-max(0.0, limit.import_kw_max))
    inputs = scene.plant.inputs
    if not any(name in inputs for name in (IMPORT, EXPORT, POWER)):
        return
    alive = _alive(inputs.get(HEARTBEAT), settings.grid_operator.validity_s)
    yield from _values(scene, settings, alive=alive)


def installed_kw(scene: Scene, settings: ConnectionSettings) -> float:
    """Return what a step of the grid operator is a share of."""
    for known_kw in (settings.grid_operator.installed_kw, settings.pv_installed_kw):
        if known_kw is not None:
            return known_kw
    return scene.rated_kw


def _values(scene: Scene, settings: ConnectionSettings, *, alive: bool) -> Iterator[Proposal]:
    """Yield the limits that come as values, at the connection, and the setpoint."""
    inputs, said = scene.plant.inputs, settings.grid_operator
    valid_s = said.validity_s if alive else -1.0
    drawn = _held(inputs.get(IMPORT), valid_s, said.failsafe_import_kw)
    if drawn is not None:
        text = f"the grid operator allows {drawn:g} kW to be drawn"
        yield _limit(scene, text, lower_kw=_draw_kw(scene, drawn))
    fed_in = _held(inputs.get(EXPORT), valid_s, said.failsafe_export_kw)
    if fed_in is not None:
        text = f"the grid operator allows {fed_in:g} kW to be fed in"
        yield _limit(scene, text, upper_kw=_room_kw(scene, fed_in))
    setpoint = inputs.get(POWER)
    if setpoint is None:
        return
    told_kw = setpoint.within(valid_s)
    power_kw = said.failsafe_power_kw if told_kw is None else told_kw
    if power_kw is not None and abs(power_kw) <= POWER_KW_MAX:
        text = f"the grid operator asks for {power_kw:g} kW"
        yield _limit(scene, text, preferred_kw=power_kw)


def _held(limit: Quantity | None, valid_s: float, failsafe_kw: float | None) -> float | None:
    """Return the limit in force, a magnitude; a lost one without a fail-safe holds on.

    A limit that is to come and was never told without a fail-safe is 0, the most restrictive: a
    restart must not lift what was in force.
    """
    if limit is None:
        return None
    told_kw = limit.within(valid_s)
    if told_kw is None:
        last = limit.value
        last = last if last is not None and math.isfinite(last) else 0.0
        told_kw = last if failsafe_kw is None else failsafe_kw
    return max(0.0, told_kw)


def _alive(heartbeat: Quantity | None, validity_s: float) -> bool:
    """Say whether the other side lives: without a heartbeat, the values speak for themselves."""
    if heartbeat is None:
        return True
    return heartbeat.usable(validity_s) and heartbeat.still_s <= validity_s


def _room_kw(scene: Scene, cap_kw: float) -> float:
    """Return what the battery may give; without the meter, nothing beside what is produced."""
    return 0.0 if scene.residual_kw is None else cap_kw - scene.residual_kw


def _draw_kw(scene: Scene, cap_kw: float) -> float:
    return 0.0 if scene.residual_kw is None else -cap_kw - scene.residual_kw


def _limit(
    scene: Scene,
    text: str,
    *,
    lower_kw: float | None = None,
    upper_kw: float | None = None,
    preferred_kw: float | None = None,
) -> Proposal:
    return Proposal(
        source="grid_operator",
        cls=CLASS,
        sub=SUB,
        code=CODE,
        text=text,
        valid_from_us=scene.now_us,
        expires_us=scene.now_us + DUTY_US,
        preferred_kw=preferred_kw,
        lower_kw=lower_kw,
        upper_kw=upper_kw,
        ramp=Ramp.GRID,
    )
