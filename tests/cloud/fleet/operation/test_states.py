"""cloud.fleet.operation.states: what may become of a command."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.fleet.operation import states
from cloud.fleet.operation.model import Actor, CommandRow, Standing, Wish
from cloud.kernel.errors import Invalid
from tests.support.fleet_messages import ALL_ORDERS
from wire import order as orders
from wire.command import CommandResult, State
from wire.order import Order, RestartOrder, SetpointOrder

NOW_US = 1_795_262_400_000_000
ACTOR = Actor(key_id="0f3c5a9d7b21", account="stadtwerk", reason="test")
ROW = CommandRow(
    id="cmd-1",
    site="werk-sued",
    gateway="box-1",
    kind=RestartOrder.kind,
    payload={"part": "gateway"},
    issued_us=NOW_US,
    expires_us=NOW_US + states.MINUTE_US,
    priority=5,
    actor=ACTOR.key_id,
    account=ACTOR.account,
    reason=ACTOR.reason,
    standing=Standing.ISSUED,
    changed_us=NOW_US,
    by_box=False,
    text="",
    read_back_kw=None,
)
RESULTS = st.builds(
    CommandResult,
    id=st.just("cmd-1"),
    state=st.sampled_from(State),
    at_us=st.integers(NOW_US, NOW_US + 1_000),
    text=st.text(max_size=5),
    read_back_kw=st.none(),
)
STEPS = [Standing.ISSUED, Standing.RECEIVED, Standing.RUNNING]


def result(state: State, at_us: int = NOW_US) -> CommandResult:
    return CommandResult(id="cmd-1", state=state, at_us=at_us, text="", read_back_kw=None)


def step(row: CommandRow) -> int:
    return len(STEPS) if row.standing.final else STEPS.index(row.standing)


@given(st.lists(RESULTS, max_size=12))
def test_whatever_a_box_tells_a_command_only_moves_forward_and_an_end_stays(
    told: list[CommandResult],
) -> None:
    row = ROW
    for each in told:
        after = states.told(row, each) or row
        assert step(after) >= step(row)
        assert after == row or not row.standing.final
        row = after
    ends = [each for each in told if each.state.final]
    if ends:
        assert row.standing.value == ends[0].state.value


@given(st.lists(RESULTS, max_size=8))
def test_the_same_results_a_second_time_change_nothing(told: list[CommandResult]) -> None:
    row = ROW
    for each in told:
        row = states.told(row, each) or row
        assert states.told(row, each) is None


@pytest.mark.parametrize("standing", [Standing.EXPIRED, Standing.CANCELLED, Standing.FAILED])
@pytest.mark.parametrize("state", [State.RECEIVED, State.RUNNING, State.DONE, State.EXPIRED])
def test_what_the_hub_supposed_is_replaced_by_what_the_box_says(
    standing: Standing, state: State
) -> None:
    supposed = replace(ROW, standing=standing, changed_us=NOW_US + 5)
    after = states.told(supposed, result(state))
    assert after is not None
    assert (after.standing.value, after.by_box) == (state.value, True)


@pytest.mark.parametrize("standing", [s for s in Standing if s is not Standing.ISSUED])
def test_only_what_the_box_does_not_hold_is_taken_back(standing: Standing) -> None:
    back = states.cancelled(ROW, "somebody", NOW_US)
    assert back is not None
    assert (back.standing, back.text) == (Standing.CANCELLED, "taken back by somebody")
    assert states.cancelled(replace(ROW, standing=standing), "somebody", NOW_US) is None


def test_what_nobody_fetched_expires_and_what_was_never_heard_of_again_fails_a_day_later() -> None:
    assert states.overdue(ROW, ROW.expires_us - 1) is None
    expired = states.overdue(ROW, ROW.expires_us)
    assert expired is not None
    assert (expired.standing, expired.by_box) == (Standing.EXPIRED, False)
    running = replace(ROW, standing=Standing.RUNNING, by_box=True)
    assert states.overdue(running, ROW.expires_us + states.UNHEARD_US - 1) is None
    lost = states.overdue(running, ROW.expires_us + states.UNHEARD_US)
    assert lost is not None
    assert (lost.standing, lost.text) == (
        Standing.FAILED,
        "the box said 'running' and was not heard of again",
    )
    assert states.overdue(replace(ROW, standing=Standing.DONE), 2 * NOW_US) is None


@pytest.mark.parametrize("order", ALL_ORDERS, ids=lambda order: order.kind)
def test_every_kind_has_an_end_of_its_own(order: Order) -> None:
    if isinstance(order, SetpointOrder):
        order = replace(order, until_us=NOW_US + states.HOUR_US)
    command = states.leased(Wish(order=order, actor=ACTOR), "cmd-1", NOW_US)
    assert command.expires_us == NOW_US + states.USUAL_EXPIRY_US[order.kind]
    assert 0 <= command.priority <= 9


@given(
    until_s=st.integers(-10, 8 * 86_400),
    expires_s=st.none() | st.integers(-10, 31 * 86_400),
)
def test_a_setpoint_is_never_begun_after_its_own_end(until_s: int, expires_s: int | None) -> None:
    order = SetpointOrder(10.0, NOW_US + until_s * 1_000_000)
    expires_us = None if expires_s is None else NOW_US + expires_s * 1_000_000
    try:
        command = states.leased(
            Wish(order=order, actor=ACTOR, expires_us=expires_us), "cmd-1", NOW_US
        )
    except Invalid:
        assert until_s <= 0 or until_s > 7 * 86_400 or (expires_s is not None and expires_s <= 0)
        return
    assert NOW_US < command.expires_us <= order.until_us


@pytest.mark.parametrize("order", ALL_ORDERS, ids=lambda order: order.kind)
def test_of_a_settings_file_only_size_and_hash_are_shown(order: Order) -> None:
    payload = orders.to_document(order)
    shown = states.shown(order.kind, payload)
    if order.kind != "configuration":
        assert shown == payload
        return
    assert shown["toml"] == "***"
    assert shown["characters"] == len(str(payload["toml"]))
    assert states.shown(order.kind, shown) == shown, "once masked, it stays as it is"
    assert "werk-sued" not in str(shown)


def test_the_payload_of_a_command_is_in_no_representation() -> None:
    assert "gateway'}" not in repr(ROW)
