"""agent.control.plant: every number knows its age; one bad answer does not blind the plant."""

import math

import pytest

from agent.control.plant import UNKNOWN, Quantity, Seen, plant_state
from wire.block import Quality, Reading


def _good(point: str, value: float) -> Reading:
    return Reading(point, value, Quality.GOOD, 0)


def _bad(point: str) -> Reading:
    return Reading(point, None, Quality.BAD, 0)


def _seen(point: str, value: float, at_s: float) -> Seen:
    reading = _good(point, value)
    return Seen(reading, at_s).followed_by(reading, at_s)


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
    seen = _seen("ac.power_kw", 40.0, 10.0).followed_by(_bad("ac.power_kw"), 11.0)
    plant = plant_state(
        {"pcs": {"ac.power_kw": seen}}, "pcs", ["pcs"], ready=True, lost=False, now_s=11.5
    )
    assert plant.power_kw == Quantity(40.0, 1.5, Quality.BAD)


def test_a_plant_that_was_never_read_is_unknown_and_not_zero() -> None:
    plant = plant_state({}, "pcs", ["pcs"], ready=False, lost=True, now_s=5.0)
    assert (plant.power_kw, plant.soc_pct, plant.frequency_hz) == (UNKNOWN, UNKNOWN, None)


def test_the_frequency_comes_from_the_first_device_that_measures_it() -> None:
    seen = {
        "pcs": {"grid.frequency_hz": _seen("grid.frequency_hz", 50.1, 1.0)},
        "meter": {"grid.frequency_hz": _seen("grid.frequency_hz", 49.9, 1.0)},
    }
    plant = plant_state(seen, "pcs", ["meter", "pcs"], ready=True, lost=False, now_s=1.0)
    assert plant.frequency_hz == Quantity(49.9, 0.0)


def test_power_is_never_taken_from_another_device_than_the_inverter() -> None:
    seen = {"other": {"ac.power_kw": _seen("ac.power_kw", 7.0, 1.0)}}
    assert (
        plant_state(seen, "pcs", ["other"], ready=True, lost=False, now_s=1.0).power_kw == UNKNOWN
    )


def test_a_life_counter_that_repeats_itself_grows_old() -> None:
    seen = _seen("pcs.counter", 5.0, 1.0)
    for second in (2.0, 3.0, 4.0):
        seen = seen.followed_by(_good("pcs.counter", 5.0), second)
    plant = plant_state(
        {"pcs": {"pcs.counter": seen}}, "pcs", [], ready=True, lost=False, now_s=4.0
    )
    assert plant.heartbeat_age_s == 3.0
    seen = seen.followed_by(_good("pcs.counter", 6.0), 5.0)
    plant = plant_state(
        {"pcs": {"pcs.counter": seen}}, "pcs", [], ready=True, lost=False, now_s=5.0
    )
    assert plant.heartbeat_age_s == 0.0
