"""agent.control.share, spread, balance: units together are the plant, whatever one of them does."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.balance import SHARE
from agent.control.cuts import Cut, Hard, intersect
from agent.control.interlocks.several import (
    HEALTHY_AFTER_S,
    WAIT_S_MAX,
    ReturnMemory,
    returning,
)
from agent.control.limits import Limits, UnitLimits
from agent.control.plant import PlantState, UnitState
from agent.control.quantity import Quantity
from agent.control.spread import Spread, SpreadMemory, spread

NAMES = ("one", "two", "three")
BLOCKED = intersect([Cut("I12", "no physical response", 0.0, 0.0), Cut("LIMIT", "", -1, 1)])


def _limits(name: str, **values: Any) -> UnitLimits:
    limits = UnitLimits(
        unit=name,
        discharge_kw_max=100.0,
        charge_kw_max=100.0,
        soc_min_pct=10.0,
        soc_max_pct=90.0,
        capacity_kwh=200.0,
    )
    return replace(limits, **values)


def _units(*socs_pct: float) -> tuple[UnitState, ...]:
    return tuple(
        UnitState(
            unit=name,
            ready=True,
            power_kw=Quantity(0.0, 0.05),
            soc_pct=Quantity(soc_pct, 0.5),
        )
        for name, soc_pct in zip(NAMES, socs_pct, strict=False)
    )


def _free(low_kw: float = -100.0, high_kw: float = 100.0) -> Hard:
    return intersect([Cut("LIMIT", "the settings", low_kw, high_kw)])


def _spread(
    power_kw: float,
    *socs_pct: float,
    hards: dict[str, Hard] | None = None,
    memory: SpreadMemory | None = None,
    balancing: bool = False,
    armed: bool = False,
    alert: bool = False,
    **values: Any,
) -> tuple[Spread, SpreadMemory]:
    units = _units(*socs_pct)
    limits = Limits(
        units=tuple(_limits(unit.unit, **values) for unit in units),
        ramp_kw_per_s=10.0,
        balancing=balancing,
    )
    free = {unit.unit: _free() for unit in units}
    return spread(
        power_kw,
        (-300.0, 300.0),
        PlantState(at_s=100.0, units=units),
        limits,
        {**free, **(hards or {})},
        memory or SpreadMemory(),
        armed=armed,
        alert=alert,
    )


def _powers(told: Spread) -> list[float]:
    return [unit.power_kw if unit.power_kw is not None else 0.0 for unit in told.units]


def test_units_discharge_by_what_they_hold_and_charge_by_what_they_can_take() -> None:
    assert _powers(_spread(60.0, 30.0, 50.0)[0]) == pytest.approx([20.0, 40.0])
    assert _powers(_spread(-60.0, 30.0, 50.0)[0]) == pytest.approx([-36.0, -24.0])


def test_what_one_unit_cannot_take_flows_to_the_others() -> None:
    told, _ = _spread(160.0, 80.0, 20.0, 20.0)
    assert _powers(told) == pytest.approx([100.0, 30.0, 30.0])


def test_a_blocked_unit_gets_zero_and_the_others_its_share_at_once_i25() -> None:
    before, memory = _spread(150.0, 50.0, 50.0, 50.0)
    assert _powers(before) == pytest.approx([50.0, 50.0, 50.0])
    after, _ = _spread(150.0, 50.0, 50.0, 50.0, hards={"two": BLOCKED}, memory=memory)
    assert _powers(after) == pytest.approx([75.0, 0.0, 75.0])
    assert [(reason.code, reason.source) for reason in after.reasons] == [("UNIT_BLOCKED", "two")]


def test_a_unit_that_would_run_too_slowly_stays_off_unless_a_product_is_armed() -> None:
    told, memory = _spread(45.0, 50.0, 50.0, 50.0, power_min_kw=20.0)
    assert sorted(_powers(told)) == pytest.approx([0.0, 22.5, 22.5])
    assert len(memory.share.idle) == 1
    armed, _ = _spread(45.0, 50.0, 50.0, 50.0, power_min_kw=20.0, armed=True)
    assert _powers(armed) == pytest.approx([15.0, 15.0, 15.0])


def test_a_unit_that_was_off_starts_later_than_it_stops() -> None:
    _, off = _spread(45.0, 50.0, 50.0, 50.0, power_min_kw=20.0)
    again, off = _spread(63.0, 50.0, 50.0, 50.0, power_min_kw=20.0, memory=off)
    assert 0.0 in _powers(again)
    now, on = _spread(73.0, 50.0, 50.0, 50.0, power_min_kw=20.0, memory=off)
    assert 0.0 not in _powers(now)
    assert 0.0 not in _powers(_spread(63.0, 50.0, 50.0, 50.0, power_min_kw=20.0, memory=on)[0])


def test_power_that_no_unit_can_run_at_becomes_zero_or_the_nearer_edge_with_hysteresis() -> None:
    low, memory = _spread(7.0, 50.0, power_min_kw=20.0)
    assert (low.power_kw, low.reasons[0].code) == (0.0, "EXCLUSION")
    still, memory = _spread(11.0, 50.0, power_min_kw=20.0, memory=memory)
    assert still.power_kw == 0.0
    edge, memory = _spread(-12.5, 50.0, power_min_kw=20.0, memory=memory)
    assert (edge.power_kw, _powers(edge)) == (-20.0, [-20.0])
    kept, _ = _spread(-9.0, 50.0, power_min_kw=20.0, memory=memory)
    assert kept.power_kw == -20.0


def test_what_the_inverters_cannot_be_told_goes_to_the_largest() -> None:
    told, _ = _spread(100.0, 50.0, 50.0, 50.0, step_kw=1.0)
    assert sorted(_powers(told)) == pytest.approx([33.0, 33.0, 34.0])


def test_units_far_apart_are_brought_together_where_the_site_wants_it_and_not_in_an_alert() -> None:
    moved_kw = SHARE * 100.0
    told, memory = _spread(0.0, 60.0, 40.0, balancing=True)
    assert _powers(told) == pytest.approx([moved_kw, -moved_kw])
    near, _ = _spread(0.0, 53.0, 46.0, balancing=True, memory=memory)
    assert _powers(near) == pytest.approx([moved_kw, -moved_kw])
    assert _powers(_spread(0.0, 53.0, 46.0, balancing=True)[0]) == [0.0, 0.0]
    assert _powers(_spread(0.0, 60.0, 40.0, balancing=True, alert=True)[0]) == [0.0, 0.0]
    assert _powers(_spread(0.0, 60.0, 40.0)[0]) == [0.0, 0.0]


def test_a_unit_that_is_not_ours_is_told_nothing() -> None:
    units = (replace(_units(50.0)[0], ready=False), _units(50.0, 50.0)[1])
    told, _ = spread(
        30.0,
        (-200.0, 200.0),
        PlantState(at_s=0.0, units=units),
        Limits(units=(_limits("one"), _limits("two")), ramp_kw_per_s=1.0),
        {"one": BLOCKED, "two": _free()},
        SpreadMemory(),
    )
    assert [unit.power_kw for unit in told.units] == [None, pytest.approx(30.0)]


_share = st.floats(0.0, 1.0)
_rooms = st.tuples(st.floats(-100.0, 0.0), st.floats(0.0, 100.0))


@given(
    st.lists(st.tuples(st.floats(-5.0, 105.0), _rooms), min_size=1, max_size=3),
    _share,
    st.booleans(),
    st.sampled_from([0.0, 1.0, 7.5]),
    st.booleans(),
)
def test_the_units_together_are_the_plant_none_leaves_its_limits_and_none_works_against_another(
    plant: list[tuple[float, tuple[float, float]]],
    share: float,
    charging: bool,
    step_kw: float,
    armed: bool,
) -> None:
    hards = {name: _free(*room) for name, (_, room) in zip(NAMES, plant, strict=False)}
    edge_kw = sum(hard.lower_kw if charging else hard.upper_kw for hard in hards.values())
    power_kw = share * edge_kw
    told, _ = _spread(
        power_kw, *(soc for soc, _ in plant), hards=hards, step_kw=step_kw, armed=armed
    )
    powers = _powers(told)
    assert sum(powers) == pytest.approx(power_kw, abs=1e-6)
    for kw, hard in zip(powers, hards.values(), strict=True):
        assert hard.lower_kw - 1e-9 <= kw <= hard.upper_kw + 1e-9
    assert min(powers) >= 0.0 or max(powers) <= 0.0


def test_a_unit_that_was_blocked_waits_longer_each_time_and_is_healthy_after_a_while_i25() -> None:
    memory, at_s, waits_s = ReturnMemory(), 0.0, []
    _, memory = returning(_free(), memory, at_s)
    for _ in range(7):
        _, memory = returning(BLOCKED, memory, at_s)
        began_s = at_s
        while returning(_free(), memory, at_s)[0] is not None:
            _, memory = returning(_free(), memory, at_s)
            at_s += 0.5
        _, memory = returning(_free(), memory, at_s)
        waits_s.append(at_s - began_s)
    assert waits_s == [1.0, 2.0, 4.0, 8.0, 16.0, WAIT_S_MAX, WAIT_S_MAX]
    _, memory = returning(_free(), memory, at_s + WAIT_S_MAX + HEALTHY_AFTER_S)
    assert memory.wait_s == 0.0


def test_a_unit_does_not_wait_when_it_takes_part_for_the_first_time() -> None:
    _, memory = returning(BLOCKED, ReturnMemory(), 0.0)
    assert returning(_free(), memory, 0.1)[0] is None
