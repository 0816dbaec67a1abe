"""agent.control.plant: every number knows its age; one bad answer does not blind the plant."""

import math
from collections.abc import Mapping, Set

import pytest

from agent.control.plant import UNKNOWN, PlantState, Quantity, Seen, plant_state
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
    seen: Mapping[str, Mapping[str, Seen]], now_s: float, names: Mapping[str, Set[str]] = PCS
) -> PlantState:
    return plant_state(seen, resolve(names, "pcs"), ready=True, lost=False, now_s=now_s)


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
    assert plant.power_kw == Quantity(40.0, 1.5, Quality.BAD)


def test_a_plant_that_was_never_read_is_unknown_and_not_zero() -> None:
    plant = _plant({}, 5.0, {"pcs": {"ac.power_kw", "battery.soc_pct"}})
    assert (plant.power_kw, plant.soc_pct, plant.frequency_hz) == (UNKNOWN, UNKNOWN, None)


def test_a_limit_that_a_silent_battery_would_tell_is_unknown_and_not_absent() -> None:
    names = {"bms": {"battery.max_charge_kw"}, "pcs": {"ac.power_kw", "battery.soc_pct"}}
    plant = _plant({}, 5.0, names)
    assert (plant.charge_kw_max, plant.discharge_kw_max) == (UNKNOWN, None)


def test_the_battery_is_believed_before_the_inverter_also_when_it_is_silent() -> None:
    names = {"pcs": {"battery.soc_pct"}, "bms": {"battery.soc_pct"}}
    of_pcs = {"battery.soc_pct": _seen("battery.soc_pct", 50.0, 1.0)}
    of_bms = {"battery.soc_pct": _seen("battery.soc_pct", 48.0, 1.0)}
    assert _plant({"pcs": of_pcs}, 1.0, names).soc_pct == UNKNOWN
    both = {"pcs": of_pcs, "bms": of_bms}
    assert _plant(both, 1.0, names).soc_pct == Quantity(48.0, 0.0)


def test_the_frequency_comes_from_a_meter_while_that_is_fresh() -> None:
    names = {"pcs": {"grid.frequency_hz"}, "meter": {"grid.frequency_hz"}}
    seen = {
        "pcs": {"grid.frequency_hz": _seen("grid.frequency_hz", 50.1, 4.0)},
        "meter": {"grid.frequency_hz": _seen("grid.frequency_hz", 49.9, 3.5)},
    }
    assert _plant(seen, 4.0, names).frequency_hz == Quantity(49.9, 0.5)
    assert _plant(seen, 4.75, names).frequency_hz == Quantity(50.1, 0.75)
    assert _plant(seen, 9.0, names).frequency_hz == Quantity(49.9, 5.5)


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
    assert _plant({device: {point: seen}}, 4.0, names).heartbeat_age_s == 3.0
    seen = seen.followed_by(_good(point, 6.0, 5.0), 5.0)
    assert _plant({device: {point: seen}}, 5.0, names).heartbeat_age_s == 0.0


def test_the_same_reading_again_is_no_newer_whatever_the_wall_clock_did() -> None:
    reading = _good("battery.soc_pct", 50.0, 1.0)
    seen = Seen(reading, 1.0).followed_by(reading, 1.0).followed_by(reading, 900.0)
    assert (seen.seen_s, seen.good_s) == (1.0, 1.0)
