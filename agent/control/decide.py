"""One decision: plant, schedule and limits become a setpoint and the reasons for it. Pure.

The hard interval is made first (interlocks). Inside it, proposals are arbitrated and the result
is ramped: the base. The response of the frequency products in force is added without a ramp, and
the sum is clipped to the hard interval. The schedule stays out of the reserve that a product
holds; a reserve never forces power, it only caps the schedule. After a start or a reconnection
the base begins at the measured power, so that taking over makes no jump.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from agent.control import steer
from agent.control.arbitrate import Outcome, Proposal, arbitrate, clip
from agent.control.interlocks import UNPROVED, Blocked, Hard, Limits, hard_interval
from agent.control.plant import PlantState
from agent.control.response import Response, Trust, in_force, respond
from agent.status import Reason
from agent.steering import FREE, Steering
from wire.clock import utc
from wire.order import Mode
from wire.schedule import FrequencyService, Schedule, Slot

STARTING = "starting"
AUTOMATIC = "automatic"
STANDBY = "standby"
MANUAL = "manual"
SAFE = "safe"
IDLE_US = 10_000_000
"""How long a proposal of the lowest class lives; it is made anew in every cycle."""
DECISION_GAP_S_MAX = 1.0
"""After a longer pause the base moves as if this much time had passed: no leap."""
RESERVE_FACTORS = {"fcr_ce": 1.25, "fcr_n": 1.34}
"""Power kept free per unit of capacity; other products: 1. Source: SOGL, Nordic FCR rules."""
_POWER_DECIMALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What one decision leaves to the next."""

    base_kw: float | None = None
    """None: not in charge yet; the base will begin at the measured power."""
    at_s: float | None = None
    blocked: Blocked = field(default_factory=Blocked)
    trust: Trust = field(default_factory=Trust)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to write, and why."""

    mode: str
    setpoint_kw: float
    schedule_kw: float
    response_kw: float
    """The part of the setpoint that answers the grid's frequency."""
    lower_kw: float
    upper_kw: float
    reasons: tuple[Reason, ...]
    steering: str = ""
    """The id of the operator's override that the setpoint follows or is cut from; empty: none."""


def decide(
    plant: PlantState,
    schedule: Schedule | None,
    limits: Limits,
    memory: Memory,
    now_us: int,
    steering: Steering = FREE,
) -> tuple[Decision, Memory]:
    """Return the decision of this cycle and what to remember for the next one."""
    hard, blocked = hard_interval(plant, limits, memory.blocked)
    slot = None if schedule is None else schedule.slot_at(now_us)
    services = () if schedule is None else in_force(schedule.services, now_us)
    unarmed = services if plant.power_share_max < 1.0 else ()
    services = () if unarmed else services
    response, trust = respond(services, plant.frequency_hz, plant.at_s, memory.trust)
    schedule_kw = 0.0 if slot is None else slot.power_kw
    if not plant.ready:
        # Whatever was held for a frequency that went away belongs to the time before.
        forgotten = Memory(blocked=blocked, trust=replace(trust, response_kw=0.0))
        return _not_in_charge(plant, hard, schedule_kw), forgotten

    proposals = (
        *_reserve(services, hard),
        *steer.proposals(steering, now_us),
        *_scheduled(schedule, slot),
        _idle(schedule, now_us),
    )
    outcome = arbitrate(proposals, hard.lower_kw, hard.upper_kw, now_us)
    base_kw, why = _base(plant, hard, outcome, limits, memory)
    setpoint_kw, because = _sum(base_kw, response, hard)
    remembered = Memory(base_kw=base_kw, at_s=plant.at_s, blocked=blocked, trust=trust)
    followed = steer.followed(steering, now_us)
    decision = Decision(
        mode=_mode(plant, hard, steering, followed),
        setpoint_kw=setpoint_kw,
        schedule_kw=schedule_kw,
        response_kw=round(setpoint_kw - base_kw, _POWER_DECIMALS) if services else 0.0,
        lower_kw=hard.lower_kw,
        upper_kw=hard.upper_kw,
        reasons=(*why, *because, *_unarmed(unarmed)),
        steering=followed,
    )
    return decision, remembered


def _mode(plant: PlantState, hard: Hard, steering: Steering, followed: str) -> str:
    """Return the mode of a plant that is ready: what has never been known yet is not missing."""
    if hard.stale:
        return SAFE if plant.once_known else STARTING
    if followed:
        return MANUAL
    return STANDBY if steering.mode is Mode.STANDBY else AUTOMATIC


def _not_in_charge(plant: PlantState, hard: Hard, schedule_kw: float) -> Decision:
    """Nothing is written: the inverter is away or not taken over, and its own watchdog rules."""
    once_known = plant.once_known
    stale = hard.stale if once_known or plant.lost else None
    if stale is None:
        reason = Reason("I23", "the inverter has not been taken over yet", 0.0)
    else:
        reason = Reason(stale.code, stale.text, 0.0)
    return Decision(
        mode=SAFE if stale and once_known else STARTING,
        setpoint_kw=0.0,
        schedule_kw=schedule_kw,
        response_kw=0.0,
        lower_kw=hard.lower_kw,
        upper_kw=hard.upper_kw,
        reasons=(reason,),
    )


def _reserve(services: Sequence[FrequencyService], hard: Hard) -> Iterator[Proposal]:
    """I20: one proposal that keeps room for all products together; 0 kW stays allowed."""
    if not services:
        return
    up_kw = down_kw = 0.0
    for service in services:
        kept_kw = service.capacity_kw * RESERVE_FACTORS.get(service.product, 1.0)
        up_kw += kept_kw * max(0.0, *(share for _, share in service.curve))
        down_kw += kept_kw * max(0.0, *(-share for _, share in service.curve))
    products = " and ".join(service.product for service in services)
    yield Proposal(
        source="reserve",
        cls=1,
        code="RESERVE",
        text=f"{up_kw:g} kW up and {down_kw:g} kW down are kept free for {products}",
        valid_from_us=min(service.start_us for service in services),
        expires_us=min(service.end_us for service in services),
        lower_kw=min(0.0, hard.lower_kw + down_kw),
        upper_kw=max(0.0, hard.upper_kw - up_kw),
    )


def _scheduled(schedule: Schedule | None, slot: Slot | None) -> Iterator[Proposal]:
    if schedule is None or slot is None:
        return
    hours = f"{utc(slot.start_us):%H:%M} to {utc(slot.end_us):%H:%M} UTC"
    yield Proposal(
        source="schedule",
        cls=3,
        code="SCHEDULE",
        text=f"version {schedule.version} asks for {slot.power_kw:g} kW from {hours}",
        valid_from_us=slot.start_us,
        expires_us=slot.end_us,
        preferred_kw=slot.power_kw,
    )


def _idle(schedule: Schedule | None, now_us: int) -> Proposal:
    """I14: what holds when no slot does."""
    if schedule is None:
        code, text = "NO_SCHEDULE", "there is no schedule yet"
    elif now_us >= schedule.ends_us:
        code, text = "I14", f"version {schedule.version} of the schedule has run out"
    else:
        code, text = "IDLE", f"version {schedule.version} of the schedule asks for nothing now"
    return Proposal(
        source="idle",
        cls=4,
        code=code,
        text=text,
        valid_from_us=now_us,
        expires_us=now_us + IDLE_US,
        preferred_kw=0.0,
    )


def _base(
    plant: PlantState, hard: Hard, outcome: Outcome, limits: Limits, memory: Memory
) -> tuple[float, tuple[Reason, ...]]:
    """Return the ramped base inside the hard interval, and the reasons so far."""
    reasons = list(outcome.reasons)
    target_kw = outcome.target_kw
    if not hard.lower_kw <= outcome.wanted_kw <= hard.upper_kw:
        cut = hard.binding(outcome.wanted_kw)
        reasons.append(Reason(cut.code, cut.text, target_kw))
    elif hard.stale:
        reasons.append(Reason(hard.stale.code, hard.stale.text, 0.0))
    before_kw, elapsed_s = memory.base_kw, 0.0
    if before_kw is None:
        before_kw = plant.power_kw.value or 0.0
    elif memory.at_s is not None:
        elapsed_s = plant.at_s - memory.at_s
    step_kw = limits.ramp_kw_per_s * min(max(0.0, elapsed_s), DECISION_GAP_S_MAX)
    ramped_kw = clip(target_kw, before_kw - step_kw, before_kw + step_kw)
    base_kw = clip(ramped_kw, hard.lower_kw, hard.upper_kw)
    if base_kw != target_kw:
        text = f"at most {limits.ramp_kw_per_s:g} kW a second"
        reasons.append(Reason("RAMP", text, round(base_kw, _POWER_DECIMALS)))
    return base_kw, tuple(reasons)


def _unarmed(services: Sequence[FrequencyService]) -> Iterator[Reason]:
    """I24: a product that the plant was awarded and does not answer."""
    if services:
        names = " and ".join(service.product for service in services)
        yield Reason("I24", f"{UNPROVED}: {names} is not armed", 0.0)


def _sum(base_kw: float, response: Response, hard: Hard) -> tuple[float, tuple[Reason, ...]]:
    """Return the setpoint: base and response, clipped to the hard interval."""
    wanted_kw = base_kw + response.power_kw
    rounded_kw = round(clip(wanted_kw, hard.lower_kw, hard.upper_kw), _POWER_DECIMALS)
    setpoint_kw = clip(rounded_kw, hard.lower_kw, hard.upper_kw)
    reasons: list[Reason] = []
    if response.products:
        names = " and ".join(response.products)
        code = "RESPONSE" if response.believed else "I8"
        text = (
            f"{response.power_kw:+.1f} kW for {names}"
            if response.believed
            else f"the frequency cannot be trusted: the response of {names} is held, then let out"
        )
        reasons.append(Reason(code, text, round(wanted_kw, _POWER_DECIMALS)))
    if not hard.lower_kw <= wanted_kw <= hard.upper_kw:
        cut = hard.binding(wanted_kw)
        reasons.append(Reason(cut.code, cut.text, setpoint_kw))
    return setpoint_kw, tuple(reasons)
