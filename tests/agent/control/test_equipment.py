"""agent.control.equipment: settings become units, and what cannot be is refused in one line."""

import asyncio
from pathlib import Path

import pytest

from agent.control.equipment import limits, opened_ports
from agent.control.limits import Limits, Ramp
from agent.control.plant import Run
from agent.control.sources import Sources
from agent.settings import BadSettings, load
from wire.clock import SystemClock

PLAIN = "discharge_kw_max = 100\ncharge_kw_max = 80\n"
UNITS = """
[[control.units]]
inverter = "one"
battery = ["rack"]
discharge_kw_max = 100
charge_kw_max = 80
capacity_kwh = 200
stop_points = ["battery.status"]

[[control.units]]
inverter = "two"
discharge_kw_max = 50
charge_kw_max = 50
soc_min_pct = 20
power_min_kw = 5
"""


def _device(name: str, profile: str = "reference-inverter") -> str:
    return f"""
[[devices]]
id = "{name}"
kind = "modbus_tcp"
profile = "{profile}"
host = "127.0.0.1"
port = 1
"""


def _written(folder: Path, control: str, *devices: str) -> Path:
    path = folder / "site.toml"
    head = f'site = "s"\ndata_dir = "{folder / "data"}"\n[control]\n'
    path.write_text(head + control + "".join(devices), encoding="utf-8")
    return path


def _opened(path: Path) -> tuple[Limits, tuple[Sources, ...]]:
    settings = load(path)

    async def opened() -> tuple[Sources, ...]:
        async with opened_ports(settings, SystemClock()) as (_, sources):
            return sources

    sources = asyncio.run(opened())
    return limits(settings.control, sources), sources


def test_a_site_of_one_inverter_says_its_limits_itself(tmp_path: Path) -> None:
    allowed, sources = _opened(_written(tmp_path, PLAIN, _device("pcs")))
    (unit,) = allowed.units
    assert (unit.unit, unit.discharge_kw_max, unit.charge_kw_max) == ("pcs", 100.0, 80.0)
    assert allowed.ramp(Ramp.SCHEDULE) == allowed.ramp(Ramp.OPERATOR) == 10.0
    assert sources[0].meters["pcs"].resolution_hz == pytest.approx(0.001)
    assert sources[0].meters["pcs"].period_s == pytest.approx(0.1)
    assert sources[0].step_kw > 0.0


def test_units_have_their_own_limits_batteries_and_stops_and_the_plant_has_their_sums(
    tmp_path: Path,
) -> None:
    devices = (_device("one"), _device("rack", "hithium-ess-bms"), _device("two"))
    path = _written(tmp_path, UNITS, *devices)
    allowed, sources = _opened(path)
    assert [unit.unit for unit in allowed.units] == ["one", "two"]
    assert (allowed.rated_kw, load(path).control.discharge_kw_max) == (150.0, 150.0)
    assert [unit.soc_min_pct for unit in allowed.units] == [10.0, 20.0]
    assert (allowed.units[0].capacity_kwh, allowed.units[1].power_min_kw) == (200.0, 5.0)
    assert allowed.capacity_kwh is None
    assert [one.of("battery.soc_pct") for one in sources] == [("rack",), ("two",)]
    assert ("rack", "battery.status") in sources[0].stops
    assert sources[0].of("grid.frequency_hz") == ("one", "two")


def test_a_profile_that_names_run_states_makes_them_known(tmp_path: Path) -> None:
    _, sources = _opened(_written(tmp_path, PLAIN, _device("pcs", "kaco-gridsave")))
    assert sources[0].run_codes[11] is Run.RUNNING
    assert sources[0].run_codes[12] is Run.FAULT


@pytest.mark.parametrize(
    ("control", "devices", "expected"),
    [
        (PLAIN, ("one", "two"), "devices: one, two take a setpoint; exactly one"),
        (UNITS, ("one", "rack", "two", "left"), "control.units: left is in no unit"),
        (UNITS.replace('"two"', '"none"'), ("one", "rack", "two"), "control.units.1.inverter:"),
        (UNITS, ("one", "two"), "control.units.0.battery: 'rack' is not allowed"),
        (UNITS.replace('"rack"', '"two"'), ("one", "two"), "'two' is used twice"),
        (UNITS.replace("battery.status", "x.y"), ("one", "rack", "two"), "'x.y' is not allowed"),
        (UNITS.replace("soc_min_pct = 20", "soc_min_pct = 95"), ("one",), "units.1.soc_min_pct"),
        ("discharge_kw_max = 9\n" + UNITS, ("one",), "discharge_kw_max: 9.0 is not allowed; 150"),
        ("capacity_kwh = 9\n" + UNITS, ("one",), "are said for each of the units"),
        (UNITS.replace("discharge_kw_max = 100", ""), ("one",), "control.discharge_kw_max"),
        (PLAIN + '[[control.inputs.stops]]\npoint = "input.x"\n', ("one",), "'input.x' is not"),
        (PLAIN + '[control.inputs.dimming]\npoint = "pcs.x"\n', ("one",), "inputs.dimming.point"),
    ],
)
def test_units_that_cannot_be_are_refused_in_one_line(
    tmp_path: Path, control: str, devices: tuple[str, ...], expected: str
) -> None:
    rows = [_device(d, "hithium-ess-bms" if d == "rack" else "reference-inverter") for d in devices]
    with pytest.raises(BadSettings) as refused:
        _opened(_written(tmp_path, control, *rows))
    assert expected in str(refused.value)
