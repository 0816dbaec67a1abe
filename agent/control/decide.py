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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from agent.control import base, follow, reserve, steer
from agent.control.arbitrate import Outcome, Proposal, arbitrate, clip, cut_by, untouched
from agent.control.base import POWER_DECIMALS
from agent.control.cuts import Cut, Hard
from agent.control.interlocks.inverter import UNPROVED
from agent.control.interlocks.plant import Guarded, GuardMemory, guard
from agent.control.interlocks.rules import NEUTRAL, GuardRules
from agent.control.limits import Limits
from agent.control.plant import PlantState
from agent.control.response.product import Frequency, ProductState
from agent.control.response.respond import Response, Trust, first_fresh, in_force, respond
from agent.control.share import UnitSetpoint, shared
from agent.injection import Injection
from agent.status import Reason
from agent.steering import FREE, Steering
from wire.order import Mode
from wire.schedule import FrequencyService, Schedule

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What one decision leaves to the next."""

    base_kw: float | None = None
    """None: not in charge yet; the base will begin at the measured power."""
    at_s: float | None = None
    held: bool = False
    """A limit of the grid operator holds the base, or the base is still on its way back."""
    guard: GuardMemory = field(default_factory=GuardMemory)
    trust: Trust = field(default_factory=Trust)


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


def decide(
    plant: PlantState, orders: Orders, rules: Rules, memory: Memory
) -> tuple[Decision, Memory]:
    """Return the decision of this cycle and what to remember for the next one."""
    now_us, schedule = orders.now_us, orders.schedule
    guarded, guard_memory = guard(plant, rules.limits, memory.guard, rules.guard)
    hard = guarded.plant
    slot = None if schedule is None else schedule.slot_at(now_us)
    awarded = () if schedule is None else in_force(schedule.services, now_us)
    unarmed = awarded if any(unit.power_share_max < 1.0 for unit in plant.units) else ()
    services = () if unarmed else awarded
    response, trust = respond(services, first_fresh(plant.frequencies), plant.at_s, memory.trust)
    schedule_kw = 0.0 if slot is None else slot.power_kw
    if not plant.ready:
        # Whatever was held for a frequency that went away belongs to the time before.
        forgotten = Memory(guard=guard_memory, trust=replace(trust, response_kw=0.0))
        return _not_in_charge(plant, guarded, rules, schedule_kw), forgotten

    above = arbitrate(_duties(), untouched(hard.lower_kw, hard.upper_kw), now_us)
    proposals = (
        *reserve.proposals(services, above.lower_kw, above.upper_kw),
        *steer.proposals(orders.steering, now_us),
        *follow.proposals(schedule, slot, now_us),
    )
    outcome = arbitrate(proposals, above, now_us)
    before_kw, elapsed_s = _before(plant, memory)
    base_kw, why, held = base.ramped(
        outcome, above, hard, before_kw, elapsed_s, rules.limits, memory.held
    )
    setpoint_kw, because = _sum(base_kw, response, hard, above)
    followed = steer.followed(orders.steering, now_us)
    decision = Decision(
        mode=_mode(plant, hard, orders.steering, followed),
        setpoint_kw=setpoint_kw,
        base_kw=base_kw,
        schedule_kw=schedule_kw,
        response_kw=round(setpoint_kw - base_kw, POWER_DECIMALS) if services else 0.0,
        lower_kw=above.lower_kw,
        upper_kw=above.upper_kw,
        reasons=(*why, *because, *_unarmed(unarmed)),
        units=shared(setpoint_kw, plant.units, rules.limits.units, guarded.units),
        steering=followed,
    )
    return decision, Memory(
        base_kw=base_kw, at_s=plant.at_s, held=held, guard=guard_memory, trust=trust
    )


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
    plant: PlantState, guarded: Guarded, rules: Rules, schedule_kw: float
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
    )


def _unarmed(services: Sequence[FrequencyService]) -> Iterator[Reason]:
    """I24: a product that the plant was awarded and does not answer."""
    if services:
        names = " and ".join(service.product for service in services)
        yield Reason("I24", f"{UNPROVED}: {names} is not armed", 0.0)


def _sum(
    base_kw: float, response: Response, hard: Hard, above: Outcome
) -> tuple[float, tuple[Reason, ...]]:
    """Return the setpoint: base and response, clipped to what class 0 leaves."""
    wanted_kw = base_kw + response.power_kw
    rounded_kw = round(clip(wanted_kw, above.lower_kw, above.upper_kw), POWER_DECIMALS)
    setpoint_kw = clip(rounded_kw, above.lower_kw, above.upper_kw)
    reasons: list[Reason] = []
    if response.products:
        names = " and ".join(response.products)
        code = "RESPONSE" if response.believed else "I8"
        text = (
            f"{response.power_kw:+.1f} kW for {names}"
            if response.believed
            else f"the frequency cannot be trusted: the response of {names} is held, then let out"
        )
        reasons.append(Reason(code, text, round(wanted_kw, POWER_DECIMALS)))
    if not hard.lower_kw <= wanted_kw <= hard.upper_kw:
        cut = hard.binding(wanted_kw)
        reasons.append(Reason(cut.code, cut.text, setpoint_kw))
    cutter = above.cutter(wanted_kw)
    if cutter is not None:
        reasons.append(cut_by(cutter, setpoint_kw))
    return setpoint_kw, tuple(reasons)
