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
from dataclasses import dataclass, field

from agent.control import base, follow, reserve, steer
from agent.control.arbitrate import Outcome, Proposal, arbitrate, clip, cut_by, untouched
from agent.control.base import POWER_DECIMALS
from agent.control.cuts import Cut, Hard
from agent.control.energy.reservoir import reservoir
from agent.control.interlocks.inverter import UNPROVED
from agent.control.interlocks.plant import Guarded, GuardMemory, guard
from agent.control.interlocks.rules import NEUTRAL, GuardRules
from agent.control.limits import Limits
from agent.control.plant import PlantState
from agent.control.response import told
from agent.control.response.answer import Answer, Asked, ResponseMemory, ResponseRules, answer
from agent.control.response.product import Frequency, ProductState
from agent.control.share import UnitSetpoint, shared
from agent.injection import Injection
from agent.status import Reason
from agent.steering import FREE, Steering
from wire.order import Mode
from wire.schedule import Schedule

STARTING = "starting"
AUTOMATIC = "automatic"
STANDBY = "standby"
MANUAL = "manual"
SAFE = "safe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What is wanted of the plant in this cycle, from outside of it."""

    now_us: int
    """Wall time, for schedules and for the ends of orders."""
    schedule: Schedule | None = None
    steering: Steering = FREE
    injection: Injection | None = None
    """A test's frequency for the products, while it lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the settings say; the same for the life of the process."""

    limits: Limits
    guard: GuardRules = NEUTRAL
    response: ResponseRules = field(default_factory=ResponseRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What one decision leaves to the next."""

    base_kw: float | None = None
    """None: not in charge yet; the base will begin at the measured power."""
    at_s: float | None = None
    held: bool = False
    """A limit of the grid operator holds the base, or the base is still on its way back."""
    guard: GuardMemory = field(default_factory=GuardMemory)
    response: ResponseMemory = field(default_factory=ResponseMemory)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to write, and why."""

    mode: str
    setpoint_kw: float
    """Of the plant."""
    base_kw: float
    """The part that does not depend on the grid's frequency."""
    schedule_kw: float
    response_kw: float
    """The part of the setpoint that answers the grid's frequency."""
    lower_kw: float
    upper_kw: float
    reasons: tuple[Reason, ...]
    units: tuple[UnitSetpoint, ...]
    steering: str = ""
    """The id of the operator's override that the setpoint follows or is cut from; empty: none."""
    frequency: Frequency | None = None
    """As it was judged, for the evidence; None: it was not looked at."""
    products: tuple[ProductState, ...] = ()
    """Of all products that the site is awarded now."""
    management_kw: float = 0.0
    """The part of the setpoint that keeps the energy of products."""


def decide(
    plant: PlantState, orders: Orders, rules: Rules, memory: Memory
) -> tuple[Decision, Memory]:
    """Return the decision of this cycle and what to remember for the next one."""
    now_us, schedule = orders.now_us, orders.schedule
    guarded, guard_memory = guard(plant, rules.limits, memory.guard, rules.guard)
    hard = guarded.plant
    slot = None if schedule is None else schedule.slot_at(now_us)
    above = arbitrate(_duties(), untouched(hard.lower_kw, hard.upper_kw), now_us)
    asked = _asked(plant, orders, rules, above, memory.base_kw)
    answered, response_memory = answer(plant, asked, rules.response, memory.response)
    schedule_kw = 0.0 if slot is None else slot.power_kw
    if not plant.ready:
        forgotten = Memory(guard=guard_memory, response=response_memory)
        return _not_in_charge(plant, guarded, rules, schedule_kw, answered), forgotten

    proposals = (
        *reserve.proposals(answered.kept, asked.reservoir, above.lower_kw, above.upper_kw, now_us),
        *steer.proposals(orders.steering, now_us),
        *follow.proposals(schedule, slot, now_us),
    )
    outcome = arbitrate(proposals, above, now_us)
    before_kw, elapsed_s = _before(plant, memory)
    base_kw, why, held = base.ramped(
        outcome, above, hard, before_kw, elapsed_s, rules.limits, memory.held
    )
    setpoint_kw, because = _sum(base_kw, answered, hard, above)
    followed = steer.followed(orders.steering, now_us)
    decision = Decision(
        mode=_mode(plant, hard, orders.steering, followed),
        setpoint_kw=setpoint_kw,
        base_kw=base_kw,
        schedule_kw=schedule_kw,
        response_kw=_beside(base_kw + answered.management_kw, setpoint_kw, answered),
        management_kw=answered.management_kw,
        lower_kw=above.lower_kw,
        upper_kw=above.upper_kw,
        reasons=(*why, *because, *told.refused(answered)),
        units=shared(setpoint_kw, plant.units, rules.limits.units, guarded.units),
        steering=followed,
        frequency=answered.frequency,
        products=answered.products,
    )
    return decision, Memory(
        base_kw=base_kw,
        at_s=plant.at_s,
        held=held,
        guard=guard_memory,
        response=response_memory,
    )


def _asked(
    plant: PlantState, orders: Orders, rules: Rules, above: Outcome, base_kw: float | None
) -> Asked:
    """Return what this cycle asks of the frequency products."""
    schedule, injection = orders.schedule, orders.injection
    unproved = any(unit.power_share_max < 1.0 for unit in plant.units)
    return Asked(
        now_us=orders.now_us,
        services=() if schedule is None else schedule.services,
        lower_kw=above.lower_kw,
        upper_kw=above.upper_kw,
        injected_hz=None if injection is None else injection.hz_at(orders.now_us),
        base_kw=base_kw or 0.0,
        reservoir=reservoir(plant, rules.limits),
        unproved=UNPROVED if unproved else "",
    )


def _beside(base_kw: float, setpoint_kw: float, answered: Answer) -> float:
    """Return the part of the setpoint that answers the frequency, after everything that cut it."""
    return round(setpoint_kw - base_kw, POWER_DECIMALS) if answered.products else 0.0


def _duties() -> Iterator[Proposal]:
    """Yield class 0 below protection: the grid operator's limits (0c), the connection's (0d)."""
    yield from ()


def _before(plant: PlantState, memory: Memory) -> tuple[float, float]:
    """Return the base of the cycle before and its age; at first the measured power."""
    if memory.base_kw is None:
        return plant.power_kw.value or 0.0, 0.0
    return memory.base_kw, 0.0 if memory.at_s is None else plant.at_s - memory.at_s


def _mode(plant: PlantState, hard: Hard, steering: Steering, followed: str) -> str:
    """Return the mode of a plant that is ready: what has never been known yet is not missing."""
    if hard.stale:
        return SAFE if plant.once_known else STARTING
    if followed:
        return MANUAL
    return STANDBY if steering.mode is Mode.STANDBY else AUTOMATIC


def _not_in_charge(
    plant: PlantState, guarded: Guarded, rules: Rules, schedule_kw: float, answered: Answer
) -> Decision:
    """Nothing is written: the inverters are away or not taken over, and their watchdogs rule."""
    hard, once_known = guarded.plant, plant.once_known
    stale = hard.stale if once_known or plant.lost else None
    cut = stale or Cut("I23", "the inverter has not been taken over yet", 0.0, 0.0)
    return Decision(
        mode=SAFE if stale and once_known else STARTING,
        setpoint_kw=0.0,
        base_kw=0.0,
        schedule_kw=schedule_kw,
        response_kw=0.0,
        lower_kw=hard.lower_kw,
        upper_kw=hard.upper_kw,
        reasons=(Reason(cut.code, cut.text, 0.0),),
        units=shared(0.0, plant.units, rules.limits.units, guarded.units),
        frequency=answered.frequency,
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
