"""A command on the box: admitted once, begun once, ended once; and what setpoints add up to. Pure.

The states go one way: received → running → a final one; or straight from received to refused or
expired. What comes again is known by its id and changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from agent.steering import FREE, Override, Steering
from wire.clock import utc
from wire.command import Command, CommandResult, State
from wire.order import ModeOrder, SetpointOrder

OVERRIDE_US_MAX = 7 * 86_400 * 1_000_000
"""An operator's setpoint may last so long."""
OPEN_MAX = 100
"""Commands that are not at their end; more are refused."""
_RANK = {State.ISSUED: 0, State.RECEIVED: 1, State.RUNNING: 2}
_FINAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A command, how far it is, and what was noted before it was begun."""

    command: Command | None
    """None: it could not be read, or its content is no longer needed."""
    result: CommandResult
    issued_us: int
    said: State | None = None
    """The last state that the hub has confirmed to have heard."""
    memo: str = ""

    @property
    def id(self) -> str:
        return self.result.id

    @property
    def state(self) -> State:
        return self.result.state

    @property
    def unsaid(self) -> bool:
        return self.said is not self.state

    def at(self, state: State, text: str, at_us: int, read_back_kw: float | None = None) -> "Lease":
        """Return the lease in a later state.

        Raises:
            ValueError: the state is not a later one.
        """
        if _RANK.get(state, _FINAL) <= _RANK.get(self.state, _FINAL):
            raise ValueError(f"command {self.id}: {self.state} cannot become {state}")
        result = CommandResult(
            id=self.id, state=state, at_us=at_us, text=text, read_back_kw=read_back_kw
        )
        return replace(self, result=result)


@dataclass(frozen=True, slots=True)
class Change:
    """A lease is to come into a later state."""

    id: str
    state: State
    text: str
    read_back_kw: float | None = None


def admitted(command: Command, open_count: int, now_us: int) -> Lease:
    """Return what becomes of a command that comes for the first time."""
    state, text = State.RECEIVED, "held by the box"
    if now_us >= command.expires_us:
        state, text = State.EXPIRED, f"it came after its end at {_time(command.expires_us)}"
    elif open_count >= OPEN_MAX:
        state, text = State.REFUSED, f"{open_count} commands are open; at most {OPEN_MAX} may be"
    elif isinstance(command.order, SetpointOrder):
        until_us = command.order.until_us
        if now_us >= until_us:
            state, text = State.EXPIRED, f"it was to hold until {_time(until_us)}"
        elif until_us > now_us + OVERRIDE_US_MAX:
            days = OVERRIDE_US_MAX // 86_400_000_000
            state, text = State.REFUSED, f"it is to hold for more than {days} days"
    result = CommandResult(id=command.id, state=state, at_us=now_us, text=text)
    return Lease(command=command, result=result, issued_us=command.issued_us)


def unreadable(identity: str, why: str, now_us: int) -> Lease:
    """Return the refusal of a command that this version cannot read."""
    text = f"this version of the box cannot read it: {why}"
    result = CommandResult(id=identity, state=State.REFUSED, at_us=now_us, text=text)
    return Lease(command=None, result=result, issued_us=now_us)


def is_steering(lease: Lease) -> bool:
    return lease.command is not None and isinstance(lease.command.order, SetpointOrder | ModeOrder)


def overdue(lease: Lease, now_us: int) -> Change | None:
    """Return the end of a lease that was not begun in time."""
    command = lease.command
    if lease.state is not State.RECEIVED or command is None:
        return None
    if now_us >= command.expires_us:
        text = f"not begun before its end at {_time(command.expires_us)}"
        return Change(lease.id, State.EXPIRED, text)
    if isinstance(command.order, SetpointOrder) and now_us >= command.order.until_us:
        text = f"it was to hold until {_time(command.order.until_us)}"
        return Change(lease.id, State.EXPIRED, text)
    return None


def next_act(leases: Iterable[Lease]) -> Lease | None:
    """Return the command, other than what control is steered by, that is to be begun first."""
    waiting = [
        lease for lease in leases if lease.state is State.RECEIVED and not is_steering(lease)
    ]
    return min(waiting, key=_urgency, default=None)


def _urgency(lease: Lease) -> tuple[int, int, str]:
    priority = 0 if lease.command is None else lease.command.priority
    return priority, lease.issued_us, lease.id


def steering(leases: Iterable[Lease], now_us: int) -> Steering:
    """Return what operators want: the newest mode that was begun, and a setpoint newer than it."""
    mode = FREE.mode
    override: Override | None = None
    for lease in begun(leases):
        assert lease.command is not None, "begun() leaves others out"
        match lease.command.order:
            case ModeOrder(wanted):
                mode, override = wanted, None
            case SetpointOrder(power_kw, until_us):
                override = Override(lease.id, power_kw, until_us)
    if override is not None and now_us >= override.until_us:
        override = None
    return Steering(mode, override)


def begun(leases: Iterable[Lease]) -> list[Lease]:
    """Return the setpoints and modes that were begun, the oldest order first."""
    return sorted(
        (one for one in leases if is_steering(one) and one.state in (State.RUNNING, State.DONE)),
        key=age,
    )


def newest_begun(leases: Iterable[Lease]) -> set[str]:
    """Return the ids of the newest mode and the newest setpoint: what is wanted follows of them."""
    found: dict[str, str] = {}
    for lease in begun(leases):
        assert lease.command is not None, "begun() leaves others out"
        found[lease.command.kind] = lease.id
    return set(found.values())


def replacing(lease: Lease, others: Iterable[Lease]) -> Lease | None:
    """Return a newer order that leaves nothing of this one: a mode ends setpoints before it, too.

    A setpoint leaves the mode alone: that holds again after it.
    """
    assert lease.command is not None, "asked of setpoints and modes only"
    kinds = (
        (ModeOrder,) if isinstance(lease.command.order, ModeOrder) else (SetpointOrder, ModeOrder)
    )
    newer = [
        other
        for other in others
        if other.command is not None
        and isinstance(other.command.order, kinds)
        and other.state in (State.RECEIVED, State.RUNNING, State.DONE)
        and age(other) > age(lease)
    ]
    return max(newer, key=age, default=None)


def age(lease: Lease) -> tuple[int, str]:
    return lease.issued_us, lease.id


def _time(at_us: int) -> str:
    return f"{utc(at_us):%Y-%m-%d %H:%M:%S} UTC"
