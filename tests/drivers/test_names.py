"""drivers.names: what a profile tells is known before its device answers."""

from pathlib import Path

import pytest

from drivers.document import names
from drivers.names import point_names
from drivers.profile import Profile, load
from tests.support.profiles import REGISTER_MAPS


@pytest.mark.parametrize("profile", names())
def test_every_shipped_profile_says_which_points_it_has(profile: str) -> None:
    assert all("." in name for name in point_names(profile))


def test_the_points_of_the_reference_inverter_are_known() -> None:
    assert {"ac.power_kw", "battery.soc_pct"} <= point_names("reference-inverter")


def test_sums_are_points_too() -> None:
    assert "site.power_kw" in point_names("sma-grid-meter")


def test_each_named_bit_is_a_point_too() -> None:
    assert "pcs.running_state.charging" in point_names("sungrow-sh")


@pytest.mark.parametrize("profile", REGISTER_MAPS)
def test_the_names_are_those_that_the_driver_will_read(profile: str) -> None:
    assert point_names(profile) == every_name(load(profile))


def every_name(profile: Profile) -> set[str]:
    return {point.name for point in profile.points} | {added.name for added in profile.sums}


def test_a_site_names_a_bit_of_its_own(tmp_path: Path) -> None:
    override = tmp_path / "mine.toml"
    override.write_text('[[point]]\nname = "pcs.status"\nbits = { fault = 3 }\n')
    found = point_names("reference-inverter", str(override))
    assert {"pcs.status", "pcs.status.fault"} <= found
    assert found == every_name(load("reference-inverter", str(override)))


def test_a_site_adds_a_point_and_takes_one_away(tmp_path: Path) -> None:
    override = tmp_path / "mine.toml"
    override.write_text(
        '[[point]]\nname = "battery.soc_pct"\nremove = true\n[[point]]\nname = "meter.energy_kwh"\n'
    )
    found = point_names("reference-inverter", str(override))
    assert "battery.soc_pct" not in found
    assert "meter.energy_kwh" in found
