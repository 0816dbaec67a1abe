"""agent.control.local.scene: the residual is the meter less the battery of the same moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.local.scene import KNOWN, TRACK_S, Track, metered_kw, residual_kw, soc_pct
from agent.control.quantity import UNKNOWN, Quantity
from tests.support.plants import HEALTHY, changed


def _track(*samples: tuple[float, float]) -> Track:
    track = Track()
    for at_s, power_kw in samples:
        track = track.followed_by(at_s, power_kw)
    return track


def test_the_power_between_two_samples_is_on_the_line_between_them() -> None:
    track = _track((1.0, 10.0), (2.0, 30.0))
    assert [track.at(at_s) for at_s in (0.0, 1.0, 1.5, 2.0, 9.0)] == [10.0, 10.0, 20.0, 30.0, 30.0]


def test_an_older_sample_changes_nothing_and_old_ones_are_forgotten() -> None:
    track = _track((1.0, 10.0), (1.0, 99.0), (0.5, 99.0), (1.1 + TRACK_S, 20.0))
    assert track.at_s == (1.1 + TRACK_S,)


def test_an_old_reading_of_the_meter_meets_the_battery_of_its_time() -> None:
    track = _track((99.0, 0.0), (99.5, 0.0), (100.0, 50.0))
    plant = changed(HEALTHY, site_kw=Quantity(-20.0, 0.5))
    assert residual_kw(plant, -20.0, track, 0.0) == -20.0
    fresh = changed(HEALTHY, site_kw=Quantity(30.0, 0.0))
    assert residual_kw(fresh, 30.0, track, 0.0) == -20.0
    lagging = changed(HEALTHY, site_kw=Quantity(-20.0, 0.0))
    assert residual_kw(lagging, -20.0, track, 0.5) == -20.0


@pytest.mark.parametrize(
    "site",
    [None, UNKNOWN, Quantity(float("nan"), 0.0), Quantity(1.0, 2.1), Quantity(1e30, 0.0)],
)
def test_i9_without_the_meter_the_residual_is_not_known(site: Quantity | None) -> None:
    plant = changed(HEALTHY, site_kw=site)
    site_kw, _ = metered_kw(plant, KNOWN)
    assert site_kw is None
    assert residual_kw(plant, site_kw, _track((100.0, 0.0)), 0.0) is None


def test_i9_a_meter_that_was_lost_is_believed_again_after_three_fresh_samples() -> None:
    meter, told = KNOWN, []
    for age_s, samples in ((0.1, 7), (2.1, 7), (0.1, 8), (0.1, 9), (0.1, 10), (0.1, 11)):
        plant = changed(HEALTHY, site_kw=Quantity(5.0, age_s, samples=samples))
        site_kw, meter = metered_kw(plant, meter)
        told.append(site_kw)
    assert told == [5.0, None, None, None, 5.0, 5.0]


def test_without_the_power_of_the_battery_the_residual_is_not_known() -> None:
    plant = changed(HEALTHY, site_kw=Quantity(1.0, 0.0))
    assert residual_kw(plant, 1.0, Track(), 0.0) is None
    assert residual_kw(plant, 1.0, _track((97.9, 0.0)), 0.0) is None


def test_the_charge_of_a_plant_is_known_when_that_of_every_unit_is() -> None:
    assert soc_pct(HEALTHY) == 55.0
    assert soc_pct(changed(HEALTHY, soc_pct=UNKNOWN)) is None


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-1e6, 1e6)), min_size=1), st.floats(0, 100))
def test_a_track_never_leaves_what_was_measured(
    samples: list[tuple[float, float]], at_s: float
) -> None:
    powers = [power_kw for _, power_kw in samples]
    assert min(powers) - 1e-6 <= _track(*samples).at(at_s) <= max(powers) + 1e-6
