"""agent.control.plant: every number knows its age; one bad answer does not blind the plant."""

import math
from collections.abc import Mapping, Set
from dataclasses import replace

import pytest

from agent.control.assemble import Line, plant_state
from agent.control.plant import FREQUENCY_AGE_S_MAX, PlantState, Run
from agent.control.quantity import UNKNOWN, Quantity, Seen
from agent.control.response.frequency import chosen
from agent.control.sources import resolve
from wire.block import Quality, Reading

PCS = {"pcs": {"ac.power_kw", "battery.soc_pct", "pcs.counter", "grid.frequency_hz"}}


def _good(point: str, value: float, at_s: float) -> Reading:
    return Reading(point, value, Quality.GOOD, round(at_s * 1e6))


def _bad(point: str, at_s: float) -> Reading:
    return Reading(point, None, Quality.BAD, round(at_s * 1e6))


def _seen(point: str, value: float, at_s: float) -> Seen:
    reading = _good(point, value, at_s)
    return Seen(reading, at_s).followed_by(reading, at_s)


def _plant(
    seen: Mapping[str, Mapping[str, Seen]],
    now_s: float,
    names: Mapping[str, Set[str]] = PCS,
    complete: Set[str] = frozenset(),
) -> PlantState:
    sources = resolve(names, "pcs")
    lines = {"pcs": Line(ready=True)}
    return plant_state(seen, [sources], lines, now_s=now_s, complete=complete)


def _told(at_s: float, **values: float) -> dict[str, Seen]:
    """Return what a battery told: the points without their ``battery.``."""
    names = {f"battery.{name}": value for name, value in values.items()}
    return {name: _seen(name, value, at_s) for name, value in names.items()}


@pytest.mark.parametrize(
    ("quantity", "usable"),
    [
        (Quantity(1.0, 2.0), True),
        (Quantity(1.0, 2.1), False),
        (Quantity(None, 0.0), False),
        (Quantity(math.nan, 0.0), False),
        (UNKNOWN, False),
    ],
)
def test_a_quantity_is_usable_while_it_is_known_finite_and_young(
    quantity: Quantity, usable: bool
) -> None:
    assert quantity.usable(2.0) is usable


def test_a_bad_answer_keeps_the_last_good_value_and_its_age() -> None:
    seen = _seen("ac.power_kw", 40.0, 10.0).followed_by(_bad("ac.power_kw", 11.0), 11.0)
    plant = _plant({"pcs": {"ac.power_kw": seen}}, 11.5)
    assert plant.units[0].power_kw == Quantity(40.0, 1.5, Quality.BAD)


def test_a_plant_that_was_never_read_is_unknown_and_not_zero() -> None:
    plant = _plant({}, 5.0, {"pcs": {"ac.power_kw", "battery.soc_pct"}})
    assert (plant.units[0].power_kw, plant.units[0].soc_pct, plant.frequencies) == (
        UNKNOWN,
        UNKNOWN,
        (),
    )


def test_a_limit_that_a_silent_battery_would_tell_is_unknown_and_not_absent() -> None:
    names = {"bms": {"battery.max_charge_kw"}, "pcs": {"ac.power_kw", "battery.soc_pct"}}
    plant = _plant({}, 5.0, names)
    assert (plant.units[0].charge_kw_max, plant.units[0].discharge_kw_max) == (UNKNOWN, None)


def test_what_a_device_never_tells_though_its_profile_names_it_is_absent() -> None:
    names = {"bms": {"battery.max_charge_kw"}, "pcs": {"ac.power_kw"}}
    assert _plant({"bms": {}}, 5.0, names, complete={"bms"}).units[0].charge_kw_max is None
    bad = Seen(_bad("battery.max_charge_kw", 4.0), 4.0)
    told = {"bms": {"battery.max_charge_kw": bad}}
    allowed = _plant(told, 5.0, names, complete={"bms"}).units[0].charge_kw_max
    assert allowed is not None
    assert allowed.value is None


def test_limits_of_a_battery_system_count_the_losses_of_discharging() -> None:
    told = _told(1.0, max_charge_kw=40.0, max_discharge_kw=40.0)
    plant = _plant({"bms": told}, 1.5, {"bms": set(told), "pcs": set()})
    assert plant.units[0].charge_kw_max == Quantity(40.0, 0.5)
    assert plant.units[0].discharge_kw_max == Quantity(38.0, 0.5)
    plant = _plant({"pcs": told}, 1.5, {"pcs": set(told)})
    assert plant.units[0].discharge_kw_max == Quantity(40.0, 0.5)


def test_limits_of_current_are_limits_of_power_at_the_voltage() -> None:
    told = _told(1.0, max_charge_a=50.0, max_discharge_a=100.0, voltage_v=800.0)
    plant = _plant({"bms": told}, 1.5, {"bms": set(told), "pcs": set()})
    assert plant.units[0].charge_kw_max == Quantity(40.0, 0.5)
    assert plant.units[0].discharge_kw_max == Quantity(76.0, 0.5)
    del told["battery.voltage_v"]
    allowed = _plant({"bms": told}, 1.5, {"bms": set(told), "pcs": set()}).units[0].charge_kw_max
    assert allowed is not None
    assert not allowed.usable(10.0)


@pytest.mark.parametrize(("current_a", "allowed_kw"), [(100.0, 40.0), (10.0, 8.0), (None, 40.0)])
def test_of_power_and_current_the_tighter_limit_holds(
    current_a: float | None, allowed_kw: float
) -> None:
    told = _told(1.0, max_charge_kw=40.0, voltage_v=800.0)
    point = "battery.max_charge_a"
    told[point] = Seen(_bad(point, 1.0), 1.0) if current_a is None else _seen(point, current_a, 1.0)
    plant = _plant({"bms": told}, 1.5, {"bms": set(told), "pcs": set()})
    assert plant.units[0].charge_kw_max is not None
    assert plant.units[0].charge_kw_max.value == allowed_kw


def test_a_battery_that_tells_only_currents_is_needed_beside_an_inverter_that_tells_power() -> None:
    pcs, bms = _told(9.0, max_charge_kw=40.0), _told(1.0, max_charge_a=10.0, voltage_v=800.0)
    plant = _plant({"pcs": pcs, "bms": bms}, 9.0, {"pcs": set(pcs), "bms": set(bms)})
    assert plant.units[0].charge_kw_max == Quantity(8.0, 8.0)


def test_the_battery_is_believed_before_the_inverter_also_when_it_is_silent() -> None:
    names = {"pcs": {"battery.soc_pct"}, "bms": {"battery.soc_pct"}}
    of_pcs = {"battery.soc_pct": _seen("battery.soc_pct", 50.0, 1.0)}
    of_bms = {"battery.soc_pct": _seen("battery.soc_pct", 48.0, 1.0)}
    assert _plant({"pcs": of_pcs}, 1.0, names).units[0].soc_pct == UNKNOWN
    both = {"pcs": of_pcs, "bms": of_bms}
    assert _plant(both, 1.0, names).units[0].soc_pct == Quantity(48.0, 0.0)


def _frequency(plant: PlantState) -> Quantity:
    meter = chosen(plant.frequencies, FREQUENCY_AGE_S_MAX)
    assert meter is not None
    return meter.hz


def test_the_frequency_comes_from_a_meter_while_that_is_fresh() -> None:
    names = {"pcs": {"grid.frequency_hz"}, "meter": {"grid.frequency_hz"}}
    seen = {
        "pcs": {"grid.frequency_hz": _seen("grid.frequency_hz", 50.1, 4.0)},
        "meter": {"grid.frequency_hz": _seen("grid.frequency_hz", 49.9, 3.5)},
    }
    assert _frequency(_plant(seen, 4.0, names)) == Quantity(49.9, 0.5)
    assert _frequency(_plant(seen, 4.75, names)) == Quantity(50.1, 0.75)
    assert _frequency(_plant(seen, 9.0, names)) == Quantity(49.9, 5.5)


def test_power_is_never_taken_from_another_device_than_the_inverter() -> None:
    names = {"other": {"ac.power_kw"}, "pcs": {"ac.power_kw"}}
    seen = {"other": {"ac.power_kw": _seen("ac.power_kw", 7.0, 1.0)}}
    assert _plant(seen, 1.0, names).power_kw == UNKNOWN


def test_power_at_the_connection_comes_from_the_meter() -> None:
    names = {"pcs": {"site.power_kw"}, "meter": {"site.power_kw"}}
    seen = {
        "pcs": {"site.power_kw": _seen("site.power_kw", 1.0, 1.0)},
        "meter": {"site.power_kw": _seen("site.power_kw", 2.0, 1.0)},
    }
    assert _plant(seen, 1.0, names).site_kw == Quantity(2.0, 0.0)


@pytest.mark.parametrize(("device", "point"), [("pcs", "pcs.counter"), ("bms", "battery.counter")])
def test_a_life_counter_that_repeats_itself_grows_old(device: str, point: str) -> None:
    names = {"pcs": {"pcs.counter"}, "bms": {"battery.counter"}}
    seen = _seen(point, 5.0, 1.0)
    for second in (2.0, 3.0, 4.0):
        seen = seen.followed_by(_good(point, 5.0, second), second)
    assert _plant({device: {point: seen}}, 4.0, names).units[0].heartbeat_age_s == 3.0
    seen = seen.followed_by(_good(point, 6.0, 5.0), 5.0)
    assert _plant({device: {point: seen}}, 5.0, names).units[0].heartbeat_age_s == 0.0


def test_the_same_reading_again_is_no_newer_whatever_the_wall_clock_did() -> None:
    reading = _good("battery.soc_pct", 50.0, 1.0)
    seen = Seen(reading, 1.0).followed_by(reading, 1.0).followed_by(reading, 900.0)
    assert (seen.seen_s, seen.good_s) == (1.0, 1.0)


SITE = {
    "meter": {
        "site.power_kw",
        "meter.import_kwh",
        "load.power_kw",
        "grid.frequency_hz",
        "grid.voltage_l1_v",
        "grid.voltage_l2_v",
        "grid.voltage_l3_v",
        "input.stop",
    },
    "pv1": {"pv.power_kw"},
    "pv2": {"pv.power_kw"},
    "rack": {
        "battery.soc_pct",
        "battery.cell_max_v",
        "battery.cell_min_v",
        "battery.temp_max_c",
        "battery.temp_min_c",
        "battery.contactor",
        "battery.smoke",
    },
    "pcs": {"ac.power_kw", "ac.voltage_v", "pcs.status", "pcs.set_power_kw", "meter.import_kwh"},
}


def _site(told: Mapping[str, Mapping[str, float]], now_s: float = 10.0) -> PlantState:
    sources = resolve(SITE, "pcs")
    stops = (("rack", "battery.contactor"), ("rack", "battery.smoke"))
    sources = replace(sources, stops=stops, run_codes={4: Run.RUNNING, 7: Run.FAULT})
    seen = {
        device: {point: _seen(point, value, 9.5) for point, value in values.items()}
        for device, values in told.items()
    }
    return plant_state(seen, [sources], {"pcs": Line(ready=True)}, now_s=now_s, clock_error_s=0.05)


def test_what_belongs_to_the_plant_comes_from_meters_and_pv_is_the_sum_of_its_inverters() -> None:
    plant = _site(
        {
            "meter": {
                "site.power_kw": -5.0,
                "meter.import_kwh": 77.0,
                "load.power_kw": 12.0,
                "grid.voltage_l1_v": 231.0,
                "grid.voltage_l2_v": 229.0,
                "input.stop": 1.0,
            },
            "pv1": {"pv.power_kw": 3.0},
            "pv2": {"pv.power_kw": 4.0},
            "pcs": {"ac.voltage_v": 230.0, "meter.import_kwh": 1.0},
        }
    )
    assert plant.pv_kw == Quantity(7.0, 0.5)
    assert (plant.load_kw, plant.import_kwh) == (Quantity(12.0, 0.5), Quantity(77.0, 0.5))
    assert [phase.value for phase in plant.voltages_v] == [231.0, 229.0, None]
    assert plant.inputs["input.stop"].value == 1.0
    assert plant.clock_error_s == 0.05


def test_the_state_of_inverter_and_cells_is_told_and_what_nobody_names_is_not_known() -> None:
    rack = {"battery.cell_max_v": 3.4, "battery.temp_min_c": 12.0}
    (unit,) = _site({"rack": rack, "pcs": {"pcs.status": 7.0, "pcs.set_power_kw": 20.0}}).units
    assert (unit.run, unit.told_kw) == (Run.FAULT, Quantity(20.0, 0.5))
    assert (unit.cell_max_v, unit.temp_min_c) == (Quantity(3.4, 0.5), Quantity(12.0, 0.5))
    assert (unit.cell_min_v, unit.temp_mean_c) == (UNKNOWN, None)
    assert _site({"pcs": {"pcs.status": 99.0}}).units[0].run is None
    assert _site({"pcs": {"pcs.status": math.nan}}).units[0].run is None


def test_a_point_says_stop_while_it_is_not_zero_and_one_that_is_silent_is_named_apart() -> None:
    calm = {"battery.contactor": 0.0, "battery.smoke": 0.0}
    names = ("battery.contactor", "battery.smoke")
    cases = (
        (_site({"rack": calm}), (), ()),
        (_site({"rack": {**calm, "battery.smoke": 1.0}}), names[1:], ()),
        (_site({"rack": calm}, now_s=60.0), (), names),
        (_site({}), (), names),
    )
    for plant, stops, silent in cases:
        assert (plant.units[0].stops, plant.units[0].silent_stops) == (stops, silent)


def test_good_samples_are_counted_and_the_same_one_is_counted_once() -> None:
    seen = _seen("ac.power_kw", 40.0, 10.0)
    seen = seen.followed_by(_good("ac.power_kw", 40.0, 10.0), 10.0)
    assert seen.quantity(10.0).samples == 1
    seen = seen.followed_by(_bad("ac.power_kw", 11.0), 11.0)
    seen = seen.followed_by(_good("ac.power_kw", 40.0, 12.0), 12.0)
    assert seen.quantity(12.0).samples == 2
