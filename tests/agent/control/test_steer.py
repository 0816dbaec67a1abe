"""agent.control.steer: an operator's setpoint and mode, above the schedule and below all duties."""

import asyncio
from dataclasses import replace

import pytest

from agent.control.decide import AUTOMATIC, MANUAL, STANDBY, STARTING, Decision, Memory
from agent.control.plant import PlantState
from agent.control.quantity import Quantity
from agent.steering import FREE, Override, Steering
from tests.support.control_site import running, schedule
from tests.support.inverters import InverterInMemory
from tests.support.plants import HEALTHY, changed, decided, with_soc
from tests.support.virtual import EPOCH_US, VirtualClock
from wire.order import Mode
from wire.schedule import FrequencyService, Schedule, Slot

SECOND_US = 1_000_000
NOW_US = 1_000 * SECOND_US
PLAN = Schedule(site="s", version=3, issued_us=0, slots=(Slot(0, NOW_US + 900 * SECOND_US, 30.0),))
FCR = FrequencyService("fcr_ce", 0, 10**12, 20.0, ((-0.2, 1.0), (0.2, -1.0)))


def held(power_kw: float, lasts_s: float = 60.0, mode: Mode = Mode.AUTOMATIC) -> Steering:
    return Steering(mode, Override("c-1", power_kw, NOW_US + round(lasts_s * SECOND_US)))


def settled(
    steering: Steering, plant: PlantState = HEALTHY, plan: Schedule = PLAN, now_us: int = NOW_US
) -> Decision:
    """Return the decision after a minute of the same."""
    memory = Memory()
    decision, memory = decided(plant, plan, memory, now_us, steering)
    for beat in range(1, 600):
        later = changed(plant, at_s=plant.at_s + beat / 10)
        decision, memory = decided(later, plan, memory, now_us, steering)
    return decision


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def test_an_operators_setpoint_goes_before_the_schedule_and_says_whose_it_is() -> None:
    decision = settled(held(-25.0))
    assert (decision.setpoint_kw, decision.schedule_kw) == (-25.0, 30.0)
    assert (decision.mode, decision.steering, codes(decision)) == (MANUAL, "c-1", ["OPERATOR"])


def test_it_ends_by_itself_at_its_end_to_the_microsecond() -> None:
    steering = held(-25.0, lasts_s=1.0)
    before = settled(steering, now_us=NOW_US + SECOND_US - 1)
    after = settled(steering, now_us=NOW_US + SECOND_US)
    assert (before.setpoint_kw, before.steering) == (-25.0, "c-1")
    assert (after.setpoint_kw, after.steering, after.mode) == (30.0, "", AUTOMATIC)
    assert codes(after) == ["SCHEDULE"]


def test_bounds_and_the_state_of_charge_cut_it_and_say_so() -> None:
    above = settled(held(150.0))
    assert (above.setpoint_kw, above.steering, codes(above)) == (
        100.0,
        "c-1",
        ["OPERATOR", "LIMIT"],
    )
    empty = settled(held(50.0), with_soc(5.0))
    assert empty.setpoint_kw == 0.0
    assert codes(empty)[0] == "OPERATOR"
    assert len(codes(empty)) == 2


def test_nothing_that_is_missing_is_overridden() -> None:
    blind = with_soc(None)
    decision = settled(held(50.0), blind)
    assert (decision.setpoint_kw, decision.mode) == (0.0, STARTING)


def test_a_frequency_obligation_answers_on_top_of_standby_and_of_a_setpoint() -> None:
    plan = replace(PLAN, services=(FCR,))
    low = changed(HEALTHY, frequency_hz=Quantity(49.9, 0.05))
    standby = settled(Steering(Mode.STANDBY, None), low, plan)
    assert standby.setpoint_kw == pytest.approx(10.0)
    assert standby.response_kw == pytest.approx(10.0)
    assert settled(held(20.0), low, plan).setpoint_kw == pytest.approx(30.0)
    reserved = settled(held(100.0), HEALTHY, plan)
    assert (reserved.setpoint_kw, codes(reserved)[:2]) == (75.0, ["OPERATOR", "RESERVE"])


def test_standby_is_zero_and_a_setpoint_in_standby_holds_for_its_time() -> None:
    standby = settled(Steering(Mode.STANDBY, None))
    assert (standby.setpoint_kw, standby.mode, codes(standby)) == (0.0, STANDBY, ["STANDBY"])
    assert settled(held(40.0, mode=Mode.STANDBY)).setpoint_kw == 40.0
    after = settled(held(40.0, 1.0, Mode.STANDBY), now_us=NOW_US + 2 * SECOND_US)
    assert (after.setpoint_kw, after.mode) == (0.0, STANDBY)


def test_free_steering_changes_nothing() -> None:
    assert settled(FREE) == settled(FREE)
    assert settled(FREE).setpoint_kw == 30.0


@pytest.mark.virtual_time
async def test_the_same_setpoint_a_hundred_times_is_one_write_and_one_event() -> None:
    inverter = InverterInMemory(VirtualClock(), refresh_s=3_600.0)
    async with running(inverter) as site:
        site.cycle.take_schedule(schedule(0.0))
        await asyncio.sleep(5)
        before = len(inverter.writes)
        until_us = EPOCH_US + 3_000 * SECOND_US
        for _ in range(100):
            site.cycle.take_steering(Steering(Mode.AUTOMATIC, Override("c-1", 0.9, until_us)))
            await asyncio.sleep(0.05)
        await asyncio.sleep(60)
        assert [power_kw for _, power_kw in inverter.writes[before:]] == [0.9]
        assert (site.status().steering, site.status().mode) == ("c-1", "manual")
        assert (await site.events()).count("STEERING_TAKEN") == 1
