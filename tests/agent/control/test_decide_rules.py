"""agent.control.decide: what must hold for every plant, every wish and every frequency."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.control.decide import Decision, Memory, Rules
from agent.control.limits import Limits
from agent.control.plant import PlantState
from agent.control.quantity import Quantity
from agent.steering import FREE, Override, Steering
from tests.support.plants import HEALTHY, UNIT, changed, decided
from wire.order import Mode
from wire.schedule import FrequencyService, Schedule, Slot

SECOND_US = 1_000_000
NOW_US = 1_000 * SECOND_US
FCR = FrequencyService("fcr_ce", 0, 10**12, 20.0, ((-0.2, 1.0), (0.2, -1.0)))
NAMES = ("pcs", "two", "three")
RULES = Rules(limits=Limits(units=tuple(replace(UNIT, unit=n) for n in NAMES), ramp_kw_per_s=30.0))

numbers = st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.floats(-200.0, 200.0)
quantities = st.builds(Quantity, numbers, st.floats(0.0, 40.0))
limits_kw = st.none() | quantities
wanted_kw = st.floats(-1e6, 1e6)


@st.composite
def plants(draw: st.DrawFn) -> PlantState:
    """Draw a plant of three units that may tell anything."""
    units = tuple(
        replace(
            HEALTHY.units[0],
            unit=name,
            ready=draw(st.booleans()),
            power_kw=draw(quantities),
            soc_pct=draw(quantities),
            discharge_kw_max=draw(limits_kw),
            charge_kw_max=draw(limits_kw),
        )
        for name in NAMES
    )
    return replace(changed(HEALTHY, frequency_hz=draw(limits_kw)), units=units)


def _schedule(power_kw: float, *services: FrequencyService) -> Schedule:
    slot = Slot(NOW_US - SECOND_US, NOW_US + 3_600 * SECOND_US, power_kw)
    return Schedule(site="s", version=3, issued_us=0, slots=(slot,), services=services)


def _override(power_kw: float) -> Steering:
    until_us = NOW_US + 1_800 * SECOND_US
    return Steering(Mode.AUTOMATIC, Override("a" * 16, power_kw, until_us))


def _holds(decision: Decision) -> None:
    assert math.isfinite(decision.setpoint_kw)
    assert decision.lower_kw <= decision.setpoint_kw <= decision.upper_kw
    told = [unit for unit in decision.units if unit.power_kw is not None]
    for unit in told:
        assert unit.power_kw is not None
        assert unit.lower_kw - 1e-9 <= unit.power_kw <= unit.upper_kw + 1e-9
    total_kw = sum(unit.power_kw or 0.0 for unit in told)
    assert total_kw == pytest.approx(decision.setpoint_kw, rel=0.01, abs=1e-6)
    assert all(math.isfinite(reason.power_kw) for reason in decision.reasons)


@settings(deadline=None, max_examples=50)
@given(st.lists(plants(), min_size=1, max_size=4), wanted_kw, st.none() | wanted_kw)
def test_whatever_the_plant_tells_the_setpoint_lies_inside_and_the_units_are_the_plant(
    told: list[PlantState], scheduled_kw: float, overridden_kw: float | None
) -> None:
    steering = FREE if overridden_kw is None else _override(overridden_kw)
    memory = Memory()
    for beat, plant in enumerate(told):
        now = replace(plant, at_s=100.0 + beat / 10)
        decision, memory = decided(
            now, _schedule(scheduled_kw, FCR), memory, NOW_US, steering, RULES
        )
        _holds(decision)


def _run(frequencies_hz: list[float], **orders: Any) -> list[Decision]:
    """Return the decisions of a site of one unit that holds a frequency product."""
    memory, decisions = Memory(), []
    for beat, hz in enumerate(frequencies_hz):
        plant = changed(HEALTHY, at_s=100.0 + beat / 10, frequency_hz=Quantity(hz, 0.05))
        decision, memory = decided(
            plant, orders["schedule"], memory, NOW_US, orders.get("steering", FREE)
        )
        decisions.append(decision)
    return decisions


frequencies = st.lists(st.floats(49.85, 50.15), min_size=20, max_size=40)


@settings(deadline=None, max_examples=50)
@given(frequencies, st.floats(-40.0, 40.0))
def test_the_base_does_not_depend_on_the_frequency(
    frequencies_hz: list[float], scheduled_kw: float
) -> None:
    schedule = _schedule(scheduled_kw, FCR)
    moved = _run(frequencies_hz, schedule=schedule)
    calm = _run([50.0] * len(frequencies_hz), schedule=schedule)
    assert [one.base_kw for one in moved] == [one.base_kw for one in calm]


@settings(deadline=None, max_examples=50)
@given(frequencies, st.floats(-40.0, 40.0), st.floats(-40.0, 40.0))
def test_what_operators_and_schedules_ask_never_changes_a_response(
    frequencies_hz: list[float], scheduled_kw: float, overridden_kw: float
) -> None:
    schedule = _schedule(0.0, FCR)
    alone = _run(frequencies_hz, schedule=schedule)
    others = (
        _run(frequencies_hz, schedule=_schedule(scheduled_kw, FCR)),
        _run(frequencies_hz, schedule=schedule, steering=_override(overridden_kw)),
    )
    for asked in others:
        for one, other in zip(asked, alone, strict=True):
            assert one.response_kw == pytest.approx(other.response_kw, abs=2e-3)


@given(plants(), wanted_kw)
@settings(deadline=None, max_examples=50)
def test_the_same_plant_and_the_same_orders_are_the_same_decision(
    plant: PlantState, scheduled_kw: float
) -> None:
    schedule = _schedule(scheduled_kw, FCR)
    one, _ = decided(plant, schedule, Memory(), NOW_US, FREE, RULES)
    other, _ = decided(plant, schedule, Memory(), NOW_US, FREE, RULES)
    assert one == other
