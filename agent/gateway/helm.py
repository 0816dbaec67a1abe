"""Setpoints and modes: which are begun now, and which are seen to be in force. Pure.

A setpoint is a state and no act: it is wanted until its end, across restarts of any process. It is
done when control follows it and the inverter says that it has been set to it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent.gateway import lease as leases
from agent.gateway.lease import Change, Lease
from agent.status import Reason, Status
from wire.block import Quality
from wire.clock import utc
from wire.command import State
from wire.order import Mode, ModeOrder, SetpointOrder

READ_BACK = "pcs.set_power_kw"
READ_BACK_S_MAX = 10.0
"""So long after the setpoint is reached the inverter may take to say so."""
SETTLE_S = 1.0
"""A mode that changes nothing visible counts as taken over after this time with control."""
_TOLERANCE_KW = 0.5
_TOLERANCE_SHARE = 0.01
_ON_THE_WAY = {"OPERATOR", "RAMP", "RESPONSE", "I8"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a running lease, from one look to the next."""

    since_s: float
    """Control has been seen to take it over; on the event loop's clock."""
    reached_s: float | None = None
    """The setpoint has been where it was to go since then."""


def starts(held: Sequence[Lease], now_us: int) -> Iterator[Change]:
    """Yield the first step of every setpoint and mode that waits, the oldest order first."""
    waiting = sorted(
        (one for one in held if one.state is State.RECEIVED and leases.is_steering(one)),
        key=leases.age,
    )
    late = {change.id: change for one in waiting if (change := leases.overdue(one, now_us))}
    others = [one for one in held if one.id not in late]
    for one in waiting:
        if one.id in late:
            yield late[one.id]
        elif (newer := leases.replacing(one, others)) is not None:
            yield Change(one.id, State.REFUSED, f"replaced by the newer command {newer.id}")
        else:
            yield Change(one.id, State.RUNNING, "control is told")


def given_up(held: Sequence[Lease], now_us: int) -> Iterator[Change]:
    """Yield the end of what was begun and can no longer come into force."""
    running = [one for one in held if one.state is State.RUNNING and leases.is_steering(one)]
    for one in running:
        newer = leases.replacing(
            one, [other for other in held if other.state is not State.RECEIVED]
        )
        if newer is not None:
            text = f"replaced by the newer command {newer.id} before it was seen in force"
            yield Change(one.id, State.FAILED, text)
            continue
        assert one.command is not None, "is_steering() leaves others out"
        order = one.command.order
        if isinstance(order, SetpointOrder) and now_us >= order.until_us:
            text = "its time ended before control was seen to follow it"
            yield Change(one.id, State.FAILED, text)


def look(
    held: Iterable[Lease], status: Status, seen: dict[str, Seen], now_s: float
) -> Iterator[Change]:
    """Yield what is in force by the newest status of a control that is connected.

    Args:
        held: all leases.
        status: control's newest picture.
        seen: by id, kept by the caller for this function; entries of others are taken out.
        now_s: the event loop's time.
    """
    running = {one.id: one for one in held if one.state is State.RUNNING}
    for gone in [identity for identity in seen if identity not in running]:
        del seen[gone]
    for one in running.values():
        order = None if one.command is None else one.command.order
        match order:
            case SetpointOrder():
                change = _look_at_setpoint(one.id, order, status, seen, now_s)
            case ModeOrder(mode):
                change = _look_at_mode(one.id, mode, status, seen, now_s)
            case _:
                change = None
        if change is not None:
            yield change


def _look_at_mode(
    identity: str, mode: Mode, status: Status, seen: dict[str, Seen], now_s: float
) -> Change | None:
    stands_by = status.mode == Mode.STANDBY or any(r.code == "STANDBY" for r in status.reasons)
    if status.steering or stands_by is not (mode is Mode.STANDBY):
        seen.pop(identity, None)
        return None
    since = seen.setdefault(identity, Seen(now_s))
    if now_s - since.since_s < SETTLE_S:
        return None
    return Change(identity, State.DONE, f"{mode.value} is in force")


def _look_at_setpoint(
    identity: str, order: SetpointOrder, status: Status, seen: dict[str, Seen], now_s: float
) -> Change | None:
    if status.steering != identity:
        seen.pop(identity, None)
        return None
    since = seen.setdefault(identity, Seen(now_s))
    if any(reason.code == "RAMP" for reason in status.reasons):
        seen[identity] = Seen(since.since_s)
        return None
    reached_s = now_s if since.reached_s is None else since.reached_s
    seen[identity] = Seen(since.since_s, reached_s)
    told, read_back_kw = _read_back(status)
    near_kw = _TOLERANCE_KW + _TOLERANCE_SHARE * abs(status.setpoint_kw)
    agrees = read_back_kw is not None and abs(read_back_kw - status.setpoint_kw) <= near_kw
    if told and not agrees and now_s - reached_s < READ_BACK_S_MAX:
        return None
    text = f"{status.setpoint_kw:g} kW, until {utc(order.until_us):%Y-%m-%d %H:%M:%S} UTC"
    cuts = list(_cuts(status.reasons))
    if cuts:
        text = f"asked for {order.power_kw:g} kW; {'; '.join(cuts)}; now {text}"
    if told and not agrees:
        says = "nothing good" if read_back_kw is None else f"{read_back_kw:g} kW"
        text += f"; the inverter says {says} of its setpoint"
    return Change(identity, State.DONE, text, read_back_kw)


def _cuts(reasons: Iterable[Reason]) -> Iterator[str]:
    """Yield who stood in the way, each once."""
    said: set[str] = set()
    for reason in reasons:
        if reason.code not in _ON_THE_WAY and reason.code not in said:
            said.add(reason.code)
            yield f"{reason.code} {reason.text}"


def _read_back(status: Status) -> tuple[bool, float | None]:
    """Return whether the inverter tells its setpoint at all, and a fresh and good value of it."""
    told = [reading for _, reading in status.readings if reading.point == READ_BACK]
    good = [reading.value for reading in told if reading.quality is Quality.GOOD]
    return bool(told), good[0] if good else None
