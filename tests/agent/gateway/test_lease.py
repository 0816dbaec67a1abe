"""agent.gateway.lease and helm: a command from state to state, and what setpoints add up to."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.gateway import helm
from agent.gateway import lease as leases
from agent.gateway.helm import READ_BACK_S_MAX, Seen
from agent.gateway.lease import OPEN_MAX, OVERRIDE_US_MAX, Change, Lease
from agent.status import Reason, Status
from agent.steering import FREE, Override, Steering
from tests.support.commands import HOUR_US, SECOND_US, command, setpoint
from wire.block import Quality, Reading
from wire.command import Command, State
from wire.order import Mode, ModeOrder, Part, RestartOrder, SetpointOrder

NOW_US = 1_790_000_000_000_000
STATUS = Status(
    at_us=NOW_US,
    mode="manual",
    setpoint_kw=20.0,
    schedule_kw=0.0,
    response_kw=0.0,
    reasons=(Reason("OPERATOR", "an operator asks", 20.0),),
    devices=(),
    readings=(("inverter", Reading("pcs.set_power_kw", 20.0, Quality.GOOD, NOW_US)),),
    schedule_version=None,
    schedule_ends_us=None,
    beats=1,
    missed=0,
    kept_items=0,
    dropped_items=0,
    steering="c1",
)


def held(what: Command, state: State = State.RECEIVED) -> Lease:
    lease = leases.admitted(what, 0, NOW_US)
    return lease if state is State.RECEIVED else lease.at(state, "", NOW_US)


def mode(identity: str, wanted: Mode, after_us: int = 0) -> Command:
    return command(identity, ModeOrder(wanted), NOW_US, issued_us=NOW_US + after_us)


def test_what_comes_too_late_is_expired_and_never_received() -> None:
    late = command("c1", RestartOrder(Part.CONTROL), NOW_US - 2 * HOUR_US)
    assert leases.admitted(late, 0, NOW_US).state is State.EXPIRED
    over = setpoint("c1", 20.0, NOW_US, holds_s=-1)
    assert leases.admitted(over, 0, NOW_US).state is State.EXPIRED
    edge = replace(late, expires_us=NOW_US)
    assert leases.admitted(edge, 0, NOW_US).state is State.EXPIRED
    assert leases.admitted(edge, 0, NOW_US - 1).state is State.RECEIVED


def test_too_many_and_too_long_are_refused_with_the_limit() -> None:
    crowded = leases.admitted(setpoint("c1", 20.0, NOW_US), OPEN_MAX, NOW_US)
    assert (crowded.state, str(OPEN_MAX) in crowded.result.text) == (State.REFUSED, True)
    order = SetpointOrder(1.0, NOW_US + OVERRIDE_US_MAX + 1)
    assert leases.admitted(command("c1", order, NOW_US), 0, NOW_US).state is State.REFUSED


@given(st.lists(st.sampled_from([state for state in State if state is not State.ISSUED])))
def test_states_only_go_forward_and_the_first_end_stays(wanted: list[State]) -> None:
    lease = held(setpoint("c1", 20.0, NOW_US))
    ends: list[State] = []
    for state in wanted:
        before = lease.state
        try:
            lease = lease.at(state, "", NOW_US)
        except ValueError:
            assert lease.state is before
        else:
            assert not before.final
            ends += [state] if state.final else []
    assert len(ends) <= 1
    assert lease.state.final is bool(ends)


def test_the_more_urgent_act_goes_first_and_of_equals_the_older() -> None:
    restart = RestartOrder(Part.CONTROL)
    waiting = [
        held(command("b", restart, NOW_US, issued_us=NOW_US + 1)),
        held(command("a", restart, NOW_US, issued_us=NOW_US)),
        held(setpoint("s", 1.0, NOW_US)),
    ]
    first = leases.next_act(waiting)
    assert first is not None
    assert first.id == "a"
    urgent = held(command("u", restart, NOW_US, issued_us=NOW_US + 9, priority=0))
    assert leases.next_act([*waiting, urgent]) is urgent
    assert leases.next_act([held(setpoint("s", 1.0, NOW_US))]) is None


def test_the_newest_setpoint_that_was_begun_is_wanted_until_its_end() -> None:
    one = held(setpoint("c1", 20.0, NOW_US, holds_s=60), State.DONE)
    two = held(setpoint("c2", 30.0, NOW_US, holds_s=30, after_us=1), State.RUNNING)
    waiting = held(setpoint("c3", 40.0, NOW_US, after_us=2))
    both = [two, one, waiting]
    wanted = Steering(Mode.AUTOMATIC, Override("c2", 30.0, NOW_US + 30 * SECOND_US))
    assert leases.steering(both, NOW_US) == wanted
    assert leases.steering(both, NOW_US + 30 * SECOND_US) == FREE  # the older one does not return
    assert leases.steering([], NOW_US) == FREE


def test_a_newer_mode_ends_a_setpoint_and_a_setpoint_leaves_the_mode() -> None:
    asked = held(setpoint("c1", 20.0, NOW_US), State.DONE)
    standby = held(mode("m1", Mode.STANDBY, 1), State.DONE)
    later = held(setpoint("c2", 5.0, NOW_US, after_us=2), State.DONE)
    assert leases.steering([asked, standby], NOW_US) == Steering(Mode.STANDBY, None)
    wanted = leases.steering([asked, standby, later], NOW_US)
    assert wanted.mode is Mode.STANDBY
    assert wanted.override is not None
    assert wanted.override.id == "c2"
    automatic = held(mode("m2", Mode.AUTOMATIC, 3), State.RUNNING)
    assert leases.steering([asked, standby, later, automatic], NOW_US) == FREE


def test_of_orders_that_wait_together_only_what_is_not_replaced_is_begun() -> None:
    waiting = [
        held(setpoint("c2", 2.0, NOW_US, after_us=2)),
        held(mode("m1", Mode.STANDBY, 1)),
        held(setpoint("c1", 1.0, NOW_US)),
    ]
    changes = {change.id: change.state for change in helm.starts(waiting, NOW_US)}
    assert changes == {"c1": State.REFUSED, "m1": State.RUNNING, "c2": State.RUNNING}


def test_an_expired_newer_one_replaces_nothing() -> None:
    waiting = [
        held(setpoint("c1", 1.0, NOW_US)),
        held(setpoint("c2", 2.0, NOW_US, holds_s=1, after_us=1)),
    ]
    later_us = NOW_US + 2 * SECOND_US
    changes = {change.id: change.state for change in helm.starts(waiting, later_us)}
    assert changes == {"c1": State.RUNNING, "c2": State.EXPIRED}


def test_an_older_one_that_comes_late_is_refused() -> None:
    newer = held(setpoint("c2", 2.0, NOW_US, after_us=1), State.DONE)
    older = held(setpoint("c1", 1.0, NOW_US))
    (change,) = helm.starts([newer, older], NOW_US)
    assert change == Change("c1", State.REFUSED, "replaced by the newer command c2")


def look(lease: Lease, status: Status, seen: dict[str, Seen], now_s: float) -> Change | None:
    changes = list(helm.look([lease], status, seen, now_s))
    return changes[0] if changes else None


def running(power_kw: float = 20.0) -> Lease:
    return held(setpoint("c1", power_kw, NOW_US), State.RUNNING)


def test_a_setpoint_is_done_when_control_follows_it_and_the_inverter_says_so() -> None:
    change = look(running(), STATUS, {}, 1.0)
    assert change is not None
    assert (change.state, change.read_back_kw) == (State.DONE, 20.0)
    assert look(running(), replace(STATUS, steering="c0"), {}, 1.0) is None


def test_a_setpoint_that_still_ramps_is_not_done() -> None:
    ramping = replace(STATUS, reasons=(*STATUS.reasons, Reason("RAMP", "10 kW a second", 5.0)))
    assert look(running(), ramping, {}, 1.0) is None


def test_a_cut_setpoint_is_done_and_says_who_cut_it() -> None:
    cut = replace(STATUS, reasons=(*STATUS.reasons, Reason("I3", "the battery is empty", 0.0)))
    change = look(running(80.0), cut, {}, 1.0)
    assert change is not None
    assert "asked for 80 kW; I3 the battery is empty; now 20 kW" in change.text


@pytest.mark.parametrize("quality", [Quality.GOOD, Quality.STALE])
def test_an_inverter_that_says_something_else_is_waited_for_and_then_quoted(
    quality: Quality,
) -> None:
    seen: dict[str, Seen] = {}
    value = 3.0 if quality is Quality.GOOD else 20.0
    wrong = replace(
        STATUS, readings=(("inverter", Reading("pcs.set_power_kw", value, quality, NOW_US)),)
    )
    assert look(running(), wrong, seen, 1.0) is None
    assert look(running(), wrong, seen, 1.0 + READ_BACK_S_MAX / 2) is None
    change = look(running(), wrong, seen, 1.0 + READ_BACK_S_MAX)
    assert change is not None
    assert change.state is State.DONE
    assert ("3 kW" if quality is Quality.GOOD else "nothing good") in change.text


def test_an_inverter_that_never_tells_its_setpoint_is_not_waited_for() -> None:
    change = look(running(), replace(STATUS, readings=()), {}, 1.0)
    assert change is not None
    assert (change.state, change.read_back_kw) == (State.DONE, None)


def test_a_mode_is_done_once_control_has_been_seen_in_it_for_a_while() -> None:
    lease = held(mode("m1", Mode.STANDBY), State.RUNNING)
    seen: dict[str, Seen] = {}
    standby = replace(STATUS, mode="standby", steering="", reasons=())
    assert look(lease, replace(standby, mode="automatic"), seen, 0.0) is None
    assert look(lease, standby, seen, 1.0) is None
    change = look(lease, standby, seen, 2.5)
    assert change is not None
    assert change.state is State.DONE


def test_what_was_never_seen_in_force_fails_at_its_end_or_when_replaced() -> None:
    lease = running()
    assert list(helm.given_up([lease], NOW_US)) == []
    (ended,) = helm.given_up([lease], NOW_US + 600 * SECOND_US)
    newer = held(setpoint("c2", 1.0, NOW_US, after_us=1), State.RUNNING)
    (replaced,) = helm.given_up([lease, newer], NOW_US)
    assert (ended.state, replaced.state, replaced.id) == (State.FAILED, State.FAILED, "c1")
