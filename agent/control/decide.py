"""One decision: plant, orders and rules become setpoints and the reasons for them. Pure.

The order is always the same. Protection says what each unit and the plant may do (interlocks).
Inside it the duties to the grid (class 0) leave an interval that holds for everything below, and
that may force power as far as protection allows it. Inside that the other proposals are arbitrated
from the highest class down and the result is ramped: the base. The response of the frequency
products in force is added without a ramp, and the sum is clipped to the interval. The schedule
stays out of the reserve that a product holds; a reserve never forces power, it only caps the
schedule. Then the units share the plant's setpoint. After a start or a reconnection the base
begins at the measured power, so that taking over makes no jump.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from agent.control import base, observe, reserve, steer
from agent.control.arbitrate import Outcome, Proposal, arbitrate, clip, cut_by, untouched
from agent.control.base import POWER_DECIMALS
from agent.control.cuts import Cut, Hard
from agent.control.decision import (
    AUTOMATIC,
    MANUAL,
    SAFE,
    STANDBY,
    STARTING,
    Decision,
    Memory,
    Orders,
    Rules,
)
from agent.control.energy.reservoir import reservoir
from agent.control.interlocks.plant import Guarded, guard
from agent.control.interlocks.stuck import thawed
from agent.control.local.scene import Asked as Wanted
from agent.control.local.site import site
from agent.control.local.strategies import SiteMemory
from agent.control.plant import PlantState
from agent.control.response import told
from agent.control.response.answer import Answer, Asked, answer
from agent.control.spread import nothing, spread
from agent.status import Reason
from agent.steering import Steering
from wire.order import Mode
from wire.schedule import Slot

__all__ = [
    "AUTOMATIC",
    "MANUAL",
    "SAFE",
    "STANDBY",
    "STARTING",
    "Decision",
    "Memory",
    "Orders",
    "Rules",
    "decide",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """What one cycle begins with: what may be done, and what is asked for."""

    plant: PlantState
    guarded: Guarded
    above: Outcome
    asked: Asked
    answered: Answer
    local: Wanted
    schedule_kw: float
    before_kw: float
    """The base of the cycle before; at first the measured power."""
    elapsed_s: float
    """Its age."""


def decide(
    plant: PlantState, orders: Orders, rules: Rules, memory: Memory
) -> tuple[Decision, Memory]:
    """Return the decision of this cycle and what to remember for the next one."""
    scene, after = _scene(plant, orders, rules, memory)
    if not scene.plant.ready:
        return _not_in_charge(scene, rules), after
    hard, above, answered = scene.guarded.plant, scene.above, scene.answered
    outcome = arbitrate(_proposals(scene, orders, rules.limits.rated_kw), above, orders.now_us)
    before_kw = scene.before_kw
    if answered.resumed_kw:
        before_kw = observe.without_kw(before_kw, answered.resumed_kw, outcome.target_kw)
    base_kw, why, held = base.ramped(
        outcome, above, hard, before_kw, scene.elapsed_s, rules.limits, memory.held
    )
    wanted_kw, because = _sum(base_kw, answered, hard, above)
    parts, after_spread = spread(
        wanted_kw,
        (above.lower_kw, above.upper_kw),
        scene.plant,
        rules.limits,
        scene.guarded.units,
        memory.spread,
        armed=bool(answered.kept),
        alert=answered.alert.alert is True,
    )
    followed = steer.followed(orders.steering, orders.now_us)
    decision = Decision(
        mode=_mode(scene.plant, hard, orders.steering, followed),
        setpoint_kw=parts.power_kw,
        base_kw=base_kw,
        schedule_kw=scene.schedule_kw,
        response_kw=_beside(base_kw + answered.management_kw, parts.power_kw, answered),
        management_kw=answered.management_kw,
        lower_kw=above.lower_kw,
        upper_kw=above.upper_kw,
        reasons=(
            *why,
            *because,
            *parts.reasons,
            *told.refused(answered),
            *scene.local.said,
            *[Reason(one.code, one.text, parts.power_kw) for one in scene.guarded.notices],
        ),
        units=parts.units,
        steering=followed,
        frequency=answered.frequency,
        products=answered.products,
        pv_limit_kw=scene.local.pv_limit_kw,
    )
    return decision, Memory(
        base_kw=base_kw,
        at_s=plant.at_s,
        held=held,
        spread=after_spread,
        guard=after.guard,
        response=after.response,
        site=after.site,
        joining=observe.with_ours(after.joining, scene.plant),
    )


def _scene(
    plant: PlantState, orders: Orders, rules: Rules, memory: Memory
) -> tuple[_Scene, Memory]:
    """Look at the plant and at the orders; the memory is that of a plant that is not ready."""
    now_us, schedule = orders.now_us, orders.schedule
    plant, joining = observe.joined(plant, memory.joining)
    plant = thawed(plant, rules.guard.freshness)
    guarded, guard_memory = guard(plant, rules.limits, memory.guard, rules.guard)
    waits = plant.at_s < orders.idle_until_s
    slot = None if schedule is None or waits else schedule.slot_at(now_us)
    before_kw, elapsed_s = before = _before(plant, memory)
    local, site_memory = _site(plant, orders, rules, memory, guarded, slot, before)
    left = untouched(guarded.plant.lower_kw, guarded.plant.upper_kw)
    above = arbitrate(local.duties, left, now_us)
    asked = _asked(plant, orders, rules, above, memory.base_kw, guarded)
    answered, response_memory = answer(plant, asked, rules.response, memory.response)
    scene = _Scene(
        plant=plant,
        guarded=guarded,
        above=above,
        asked=asked,
        answered=answered,
        local=local,
        schedule_kw=0.0 if slot is None else slot.power_kw,
        before_kw=before_kw,
        elapsed_s=elapsed_s,
    )
    if joining.units and not plant.ready:
        joining = replace(joining, units=frozenset())
    return scene, Memory(
        guard=guard_memory, response=response_memory, site=site_memory, joining=joining
    )


def _proposals(scene: _Scene, orders: Orders, rated_kw: float) -> Iterator[Proposal]:
    """Yield what is asked for below class 0, from the highest class down."""
    above, now_us = scene.above, orders.now_us
    yield from reserve.proposals(
        scene.answered.kept, scene.asked.reservoir, above.lower_kw, above.upper_kw, now_us
    )
    yield from steer.proposals(orders.steering, now_us)
    if not (orders.heard and orders.kept):
        yield from observe.proposals(
            scene.before_kw, rated_kw, now_us, heard=orders.heard, kept=orders.kept
        )
    yield from scene.local.wishes


def _site(
    plant: PlantState,
    orders: Orders,
    rules: Rules,
    memory: Memory,
    guarded: Guarded,
    slot: Slot | None,
    before: tuple[float, float],
) -> tuple[Wanted, SiteMemory]:
    """Return what the schedule, the site's strategies and its connection ask for."""
    schedule = orders.schedule
    base_kw, elapsed_s = before
    services = () if schedule is None else schedule.services
    return site(
        plant,
        schedule,
        slot,
        guarded.plant,
        rules.site,
        memory.site,
        now_us=orders.now_us,
        base_kw=base_kw,
        elapsed_s=elapsed_s,
        armed=any(one.start_us <= orders.now_us < one.end_us for one in services),
        rated_kw=rules.limits.rated_kw,
        limits=guarded.operator,
    )


def _asked(
    plant: PlantState,
    orders: Orders,
    rules: Rules,
    above: Outcome,
    base_kw: float | None,
    guarded: Guarded,
) -> Asked:
    """Return what this cycle asks of the frequency products."""
    schedule, injection = orders.schedule, orders.injection
    return Asked(
        now_us=orders.now_us,
        voltage=guarded.voltage,
        dead_zone_kw=rules.limits.power_min_kw,
        services=() if schedule is None else schedule.services,
        lower_kw=above.lower_kw,
        upper_kw=above.upper_kw,
        injected_hz=None if injection is None else injection.hz_at(orders.now_us),
        base_kw=base_kw or 0.0,
        reservoir=reservoir(plant, rules.limits),
        unproved=guarded.unproved,
    )


def _beside(base_kw: float, setpoint_kw: float, answered: Answer) -> float:
    """Return the part of the setpoint that answers the frequency, after everything that cut it."""
    return round(setpoint_kw - base_kw, POWER_DECIMALS) if answered.products else 0.0


def _before(plant: PlantState, memory: Memory) -> tuple[float, float]:
    """Return the base of the cycle before and its age; at first the measured power."""
    before_kw = observe.before_kw(memory.base_kw, plant, memory.joining)
    return before_kw, 0.0 if memory.at_s is None else plant.at_s - memory.at_s


def _mode(plant: PlantState, hard: Hard, steering: Steering, followed: str) -> str:
    """Return the mode of a plant that is ready: what has never been known yet is not missing."""
    if hard.stale:
        return SAFE if plant.once_known else STARTING
    if followed:
        return MANUAL
    return STANDBY if steering.mode is Mode.STANDBY else AUTOMATIC


def _not_in_charge(scene: _Scene, rules: Rules) -> Decision:
    """Nothing is written: the inverters are away or not taken over, and their watchdogs rule."""
    hard, once_known = scene.guarded.plant, scene.plant.once_known
    stale = hard.stale if once_known or scene.plant.lost else None
    cut = stale or Cut("I23", "the inverter has not been taken over yet", 0.0, 0.0)
    return Decision(
        mode=SAFE if stale and once_known else STARTING,
        setpoint_kw=0.0,
        base_kw=0.0,
        schedule_kw=scene.schedule_kw,
        response_kw=0.0,
        lower_kw=hard.lower_kw,
        upper_kw=hard.upper_kw,
        reasons=(Reason(cut.code, cut.text, 0.0),),
        units=nothing(scene.plant, rules.limits, scene.guarded.units).units,
        frequency=scene.answered.frequency,
    )


def _sum(
    base_kw: float, answered: Answer, hard: Hard, above: Outcome
) -> tuple[float, tuple[Reason, ...]]:
    """Return the setpoint: base and response, clipped to what class 0 leaves."""
    wanted_kw = base_kw + answered.response_kw + answered.management_kw
    rounded_kw = round(clip(wanted_kw, above.lower_kw, above.upper_kw), POWER_DECIMALS)
    setpoint_kw = clip(rounded_kw, above.lower_kw, above.upper_kw)
    reasons = list(told.response(answered, round(wanted_kw, POWER_DECIMALS)))
    if not hard.lower_kw <= wanted_kw <= hard.upper_kw:
        cut = hard.binding(wanted_kw)
        reasons.append(Reason(cut.code, cut.text, setpoint_kw))
    cutter = above.cutter(wanted_kw)
    if cutter is not None:
        reasons.append(cut_by(cutter, setpoint_kw))
    return setpoint_kw, tuple(reasons)
