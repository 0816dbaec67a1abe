"""simulators.orders: a device obeys what was written to it, by every way of dispatching."""

from pathlib import Path

import pytest

from drivers.control import Control
from drivers.point import Point
from drivers.profile import Profile, load
from simulators import orders
from simulators.battery import Command
from tests.support.profiles import at_a_site

RATED_KW = 50.0


def command(profile: Profile, values: dict[str, float]) -> Command:
    def value(point: Point) -> float | None:
        return values.get(point.name)

    return orders.command(control_of(profile), profile.watchdog, value, RATED_KW)


def control_of(profile: Profile) -> Control:
    assert profile.control is not None
    return profile.control


@pytest.mark.parametrize(
    ("direction", "power_kw"), [(1.0, -4.0), (2.0, 3.0), (0.0, 0.0), (9.0, 0.0)]
)
def test_a_direction_chooses_its_magnitude(direction: float, power_kw: float) -> None:
    values = {
        "pcs.forced_command": direction,
        "pcs.forced_charge_kw": 4.0,
        "pcs.forced_discharge_kw": 3.0,
        "pcs.forced_mode": 0.0,
        "battery.grid_charge": 1.0,
        "pcs.forced_period_s": 60.0,
    }
    given = command(load("huawei-luna"), values)
    assert given == Command(power_kw=power_kw, enabled=True, timeout_s=60.0)


@pytest.mark.parametrize("mode", [0.0, 2.0])
def test_a_device_in_another_mode_follows_nothing(mode: float, tmp_path: Path) -> None:
    profile = at_a_site("sungrow-sh", tmp_path)
    values = {
        "pcs.ems_mode": mode,
        "pcs.forced_command": 0xBB,
        "pcs.forced_power_kw": 2.0,
    }
    assert command(profile, values).enabled is (mode == 2.0)


def test_a_switched_off_device_follows_nothing() -> None:
    values = {"pcs.set_power_kw": 5.0, "pcs.enable": 803.0}
    assert not command(load("sma-sunny-island"), values).enabled
    assert command(load("sma-sunny-island"), {**values, "pcs.enable": 802.0}).enabled


def test_percent_are_of_the_rated_power(tmp_path: Path) -> None:
    path = tmp_path / "percent.toml"
    path.write_text(
        """
[profile]
id = "percent"
version = 1
source = "test"
[link]
protocol = "modbus"
timeout_s = 0.5
[watchdog]
kind = "write-refresh"
timeout_s = 30
[control]
setpoint = "pcs.set_power_pct"
percent_of = "pcs.rated_kw"
[[point]]
name = "pcs.set_power_pct"
kind = "holding"
address = 1
type = "int16"
access = "read-write"
[[point]]
name = "pcs.rated_kw"
kind = "input"
address = 2
type = "uint16"
rate = "once"
""",
        encoding="utf-8",
    )
    given = command(load(str(path)), {"pcs.set_power_pct": -20.0})
    assert given == Command(power_kw=-10.0, enabled=True, timeout_s=30.0)


@pytest.mark.parametrize(
    ("name", "alive", "idle"),
    [
        ("reference-inverter", "pcs.set_power_kw", "pcs.enable"),
        ("huawei-luna", "pcs.forced_period_s", "pcs.forced_charge_kw"),
        ("wstech-pcs", "pcs.keepalive", "pcs.set_power_kw"),
        ("sungrow-sh", "pcs.forced_command", "pcs.ems_mode"),
    ],
)
def test_only_what_the_watchdog_names_keeps_a_device_alive(
    name: str, alive: str, idle: str, tmp_path: Path
) -> None:
    profile = at_a_site(name, tmp_path)
    for point, fresh in ((alive, True), (idle, False)):
        written = [profile.point(point)]
        assert orders.keeps_alive(profile, written, written) is fresh


def test_a_counter_written_again_as_it_stood_keeps_nothing_alive(tmp_path: Path) -> None:
    profile = at_a_site("wstech-pcs", tmp_path)
    assert not orders.keeps_alive(profile, [profile.point("pcs.keepalive")], [])
