"""agent.control.interlocks: I17 stops on site, I18 trips and steps of the operator, latches."""

from dataclasses import replace

import pytest

from agent.control.decide import Memory, Rules
from agent.control.interlocks.config import (
    DimmingSettings,
    InputSettings,
    RippleSettings,
    ShareSettings,
    StepInput,
    StopInput,
    TripInput,
)
from agent.control.interlocks.plant import (
    Guarded,
    GuardMemory,
    guard,
    latches_of,
    reset,
    restored,
)
from agent.control.interlocks.rules import GuardRules
from agent.control.plant import PlantState
from agent.control.quantity import UNKNOWN, Quantity
from tests.support.plants import HEALTHY, LIMITS, changed, decided
from tests.support.virtual import EPOCH_US

STOP = InputSettings(stops=(StopInput(point="input.stop", name="emergency stop"),))
TRIP = InputSettings(trips=(TripInput(point="dso.trip"),))
RIPPLE = InputSettings(
    ripple=RippleSettings(
        steps=tuple(
            StepInput(point=f"dso.step_{percent}", feed_in_share=percent / 100)
            for percent in (0, 30, 60, 100)
        )
    )
)
DIMMING = InputSettings(dimming=DimmingSettings(point="dso.dimming"))
FEED_IN = InputSettings(feed_in_pct=ShareSettings(point="dso.limit_pct", failsafe_pct=10.0))


class Site:
    """A guard over contacts, ten times a second."""

    def __init__(self, settings: InputSettings) -> None:
        self.rules = GuardRules(inputs=settings)
        self.memory = GuardMemory()
        self.at_s = 100.0

    def sees(self, seconds: float = 0.1, age_s: float = 0.0, **inputs: float | None) -> Guarded:
        """Return what is left after the contacts have been like this for a time."""
        known = {
            name.replace("__", "."): UNKNOWN if value is None else Quantity(value, age_s)
            for name, value in inputs.items()
        }
        guarded: Guarded | None = None
        for _ in range(round(seconds * 10)):
            self.at_s = round(self.at_s + 0.1, 6)
            plant = replace(HEALTHY, at_s=self.at_s, inputs=known)
            guarded, self.memory = guard(plant, LIMITS, self.memory, self.rules)
        assert guarded is not None
        return guarded

    def codes(self) -> list[str]:
        return [latch.code for latch in latches_of(self.memory)]


def test_i17_an_emergency_stop_acts_in_the_cycle_it_is_seen_and_stays() -> None:
    site = Site(STOP)
    assert site.sees(input__stop=1.0).plant.stopped is None
    stop = site.sees(input__stop=0.0).plant.stopped
    assert stop is not None
    assert (stop.code, stop.latched, stop.text) == ("I17", True, "emergency stop says stop")
    assert site.sees(3_600.0, input__stop=1.0).plant.stopped == stop


def test_i17_a_reset_releases_a_stop_that_is_over_and_never_one_that_is_not() -> None:
    site = Site(STOP)
    site.sees(input__stop=0.0)
    site.memory = reset(site.memory, ["I17"])
    assert site.sees(input__stop=0.0).plant.stopped is not None
    assert site.codes() == ["I17"]
    site.sees(2.0, input__stop=1.0)
    site.memory = reset(site.memory, ["I17"])
    assert site.sees(input__stop=1.0).plant.stopped is None


def test_i17_a_contact_that_bounces_is_one_stop_and_is_over_after_a_second_of_rest() -> None:
    unlatched = InputSettings(stops=(StopInput(point="input.stop", latched=False),))
    site = Site(unlatched)
    for _ in range(10):
        assert site.sees(input__stop=0.0).plant.stopped is not None
        assert site.sees(input__stop=1.0).plant.stopped is not None
    assert site.sees(0.8, input__stop=1.0).plant.stopped is not None
    assert site.sees(0.3, input__stop=1.0).plant.stopped is None


def test_i17_a_cut_wire_stops_as_the_button_does() -> None:
    site = Site(STOP)
    site.sees(input__stop=1.0)
    stop = site.sees(input__stop=1.0, age_s=1.1).plant.stopped
    assert stop is not None
    assert (stop.code, stop.blind) == ("I17", True)
    assert site.codes() == [], "a module that does not answer is no person who presses"
    assert site.sees(2.0, input__stop=1.0).plant.stopped is None


def test_i17_a_contact_that_no_device_tells_stops_the_plant() -> None:
    assert Site(STOP).sees().plant.stopped is not None
    assert Site(STOP).sees(input__stop=None).plant.stopped is not None


@pytest.mark.parametrize("point", ["battery.contactor_open", "battery.insulation", "site.fire"])
def test_i17_a_unit_that_says_stop_is_stopped_until_it_is_reset(point: str) -> None:
    burning = changed(HEALTHY, stops=(point,))
    guarded, memory = guard(burning, LIMITS, GuardMemory())
    stop = guarded.units["pcs"].stopped
    assert stop is not None
    assert (stop.code, stop.latched) == ("I17", True)
    guarded, memory = guard(HEALTHY, LIMITS, memory)
    assert guarded.units["pcs"].stopped is not None
    guarded, memory = guard(HEALTHY, LIMITS, reset(memory, ["I17"]))
    assert guarded.plant.stopped is None


def test_a_latch_outlives_a_restart_of_control() -> None:
    site = Site(STOP)
    site.sees(input__stop=0.0)
    _, of_unit = guard(changed(HEALTHY, stops=("battery.fire",)), LIMITS, GuardMemory())
    for kept in (latches_of(site.memory), latches_of(of_unit)):
        again = Site(STOP)
        again.memory = restored(GuardMemory(), kept, ["pcs"])
        assert again.sees(input__stop=1.0).plant.stopped is not None
        assert latches_of(again.memory) == kept


def test_i18_a_trip_stops_at_once_and_is_over_sixty_seconds_after_it_cleared() -> None:
    site = Site(TRIP)
    assert site.sees(dso__trip=1.0).plant.stopped is None
    stop = site.sees(dso__trip=0.0).plant.stopped
    assert stop is not None
    assert stop.code == "I18"
    assert site.sees(59.5, dso__trip=1.0).plant.stopped is not None
    assert site.sees(1.0, dso__trip=1.0).plant.stopped is None


def test_i18_a_trip_may_be_latched() -> None:
    site = Site(InputSettings(trips=(TripInput(point="dso.trip", latched=True),)))
    site.sees(dso__trip=0.0)
    assert site.sees(120.0, dso__trip=1.0).plant.stopped is not None
    site.memory = reset(site.memory, ["I18"])
    assert site.sees(dso__trip=1.0).plant.stopped is None


def test_i18_a_broken_trip_wire_stops_within_a_second() -> None:
    site = Site(TRIP)
    assert site.sees(dso__trip=1.0, age_s=0.9).plant.stopped is None
    assert site.sees(dso__trip=1.0, age_s=1.1).plant.stopped is not None


def test_i18_a_ripple_step_caps_the_feed_in_and_a_milder_one_waits_for_a_minute() -> None:
    site = Site(RIPPLE)

    def closed(*percents: int, seconds: float = 0.1) -> float | None:
        points = {f"dso__step_{p}": float(p in percents) for p in (0, 30, 60, 100)}
        return site.sees(seconds, **points).feed_in_share

    assert closed(100) is None
    assert closed(60) == 0.6
    assert closed(30) == 0.3, "a stricter one holds at once"
    assert closed(60, seconds=59.5) == 0.3
    assert closed(60, seconds=1.0) == 0.6
    assert closed(60, 0) == 0.0, "of several the strictest"


def test_i18_a_ripple_receiver_without_a_closed_contact_is_broken() -> None:
    site = Site(RIPPLE)
    none = {f"dso__step_{p}": 0.0 for p in (0, 30, 60, 100)}
    (limit,) = site.sees(**none).operator
    assert (limit.feed_in_share, limit.broken) == (0.0, True)
    (limit,) = Site(RIPPLE).sees(**{**none, "dso__step_100": 1.0}, age_s=1.1).operator
    assert (limit.feed_in_share, limit.broken) == (0.0, True)


@pytest.mark.parametrize(("value", "age_s"), [(1.0, 0.0), (0.0, 1.1), (None, 0.0)])
def test_i18_dimming_leaves_four_kilowatts_also_with_a_broken_wire(
    value: float | None, age_s: float
) -> None:
    guarded = Site(DIMMING).sees(dso__dimming=value, age_s=age_s)
    assert guarded.dimmed_kw == 4.2
    assert guarded.plant.stopped is None, "a limit is a proposal, not a stop"


def test_i18_dimming_ends_a_minute_after_its_signal() -> None:
    site = Site(DIMMING)
    site.sees(dso__dimming=1.0)
    assert site.sees(59.5, dso__dimming=0.0).dimmed_kw == 4.2
    assert site.sees(1.0, dso__dimming=0.0).dimmed_kw is None


@pytest.mark.parametrize(
    ("value", "age_s", "share"),
    [(100.0, 0.0, None), (37.5, 0.0, 0.375), (0.0, 0.0, 0.0), (-1.0, 0.0, 0.1)]
    + [(101.0, 0.0, 0.1), (float("nan"), 0.0, 0.1), (50.0, 121.0, 0.1), (None, 0.0, 0.1)],
)
def test_i18_a_limit_as_a_value_has_its_own_fail_safe(
    value: float | None, age_s: float, share: float | None
) -> None:
    assert Site(FEED_IN).sees(dso__limit_pct=value, age_s=age_s).feed_in_share == share


def test_a_stop_on_site_brings_the_plant_to_zero_in_one_cycle_whoever_asks() -> None:
    def plant(stop: float) -> PlantState:
        return replace(HEALTHY, inputs={"input.stop": Quantity(stop, 0.0)})

    rules = Rules(limits=LIMITS, guard=GuardRules(inputs=STOP))
    before = Memory(base_kw=80.0, at_s=HEALTHY.at_s - 0.1)
    decision, _ = decided(plant(0.0), None, before, EPOCH_US, rules=rules)
    assert decision.setpoint_kw == 0.0
    assert [unit.power_kw for unit in decision.units] == [0.0]
    assert "I17" in [reason.code for reason in decision.reasons]
