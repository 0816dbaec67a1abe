"""drivers/profiles: the shipped maps of registers say what their devices say, in our sign."""

import re
import tomllib
from pathlib import Path

import pytest

from drivers.document import UNCONFIRMED_SHARE, names
from drivers.point import Coding, Kind
from drivers.profile import load
from tests.support.profiles import REGISTER_MAPS, changed, float_words, int_words, value
from wire.points import unit_of

PROFILES = Path(__file__).parents[2] / "drivers" / "profiles"
DEVICES = (
    "fenecon-bms",
    "generic-three-register",
    "hithium-ess-bms",
    "huawei-luna",
    "kostal-plenticore",
    "openems-modbus-api",
    "sma-grid-meter",
    "sma-storage",
    "sma-sunny-island",
    "sungrow-ihomemanager",
    "sungrow-sh",
    "victron-battery",
    "victron-gx",
    "victron-multi",
    "wstech-pcs",
)


def test_every_device_of_the_list_has_its_profile() -> None:
    assert set(DEVICES) < set(REGISTER_MAPS)


@pytest.mark.parametrize("name", DEVICES)
def test_every_row_names_its_confidence_and_the_head_its_source_and_the_devices_sign(
    name: str,
) -> None:
    text = (PROFILES / f"{name}.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    assert len(content["profile"]["source"]) > 20
    assert re.search(r"^# Sign: ", text, re.MULTILINE), "how the device counts, and how we count"
    for row in content["point"]:
        assert row.get("confirmed") in (True, False, "source"), row["name"]
    if any(row["confirmed"] is False for row in content["point"] if row["name"] == "ac.power_kw"):
        assert content["profile"]["confirmed"] is False


@pytest.mark.parametrize("name", DEVICES)
def test_no_two_writable_points_lie_on_the_same_registers(name: str) -> None:
    seen: set[tuple[Kind, int]] = set()
    for point in load(name).points:
        if point.writable:
            taken = {(point.kind, point.address + offset) for offset in range(point.count)}
            assert not taken & seen, point.name
            seen |= taken


@pytest.mark.parametrize("name", DEVICES)
def test_only_a_map_that_was_proved_may_ask_for_more_than_a_tenth_of_the_power(name: str) -> None:
    profile = load(name)
    if profile.control is not None:
        assert profile.power_share_max == UNCONFIRMED_SHARE


@pytest.mark.parametrize("name", names())
def test_powers_and_currents_carry_their_unit_in_their_name(name: str) -> None:
    for row in tomllib.loads((PROFILES / f"{name}.toml").read_text(encoding="utf-8"))["point"]:
        if re.search(r"power|voltage|current|temp|soc|soh", row["name"]):
            assert unit_of(row["name"]), row["name"]


# --- signs of the others ---


@pytest.mark.parametrize(
    ("profile", "name", "registers", "expected"),
    [
        ("sma-sunny-island", "ac.power_kw", int_words(-5_000), -5.0),
        ("sma-sunny-island", "ac.power_kw", (0x8000, 0), None),
        ("sma-sunny-island", "battery.soc_pct", (0, 57), 57.0),
        ("sma-sunny-island", "battery.soc_pct", (0xFFFF, 0xFFFF), None),
        ("sma-storage", "ac.power_kw", int_words(2_500), 2.5),
        ("sma-storage", "battery.charge_kw", (0, 1_500), 1.5),
        ("sma-storage", "battery.discharge_kw", (0xFFFF, 0xFFFF), None),
        ("sma-grid-meter", "site.import_kw", int_words(1_200), 1.2),
        ("sma-grid-meter", "site.export_kw", (0x8000, 0), None),
        ("victron-gx", "battery.power_kw", (3_000,), -3.0),
        ("victron-gx", "battery.power_kw", (0x10000 - 3_000,), 3.0),
        ("victron-gx", "battery.soc_pct", (63,), 63.0),
        ("victron-gx", "site.power_l1_kw", (500,), -0.5),
        ("victron-gx", "battery.min_soc_pct", (105,), 10.5),
        ("victron-gx", "battery.limit_discharge_kw", (250,), 2.5),
        ("victron-gx", "site.kept_set_power_large_kw", (0x10000 - 12,), 1.2),
        ("victron-multi", "ac.frequency_hz", (4_997,), 49.97),
        ("victron-multi", "pcs.set_power_kw", int_words(-2_000), 2.0),
        ("victron-multi", "pcs.set_power_small_kw", (2_000,), -2.0),
        ("victron-battery", "battery.soc_pct", (876,), 87.6),
        ("victron-battery", "battery.power_kw", int_words(40_000), -40.0),
        ("victron-battery", "battery.temp_mean_c", (0x10000 - 55,), -5.5),
        ("victron-battery", "battery.cell_max_v", (345,), 3.45),
        ("kostal-plenticore", "battery.power_kw", (0x10000 - 1_700,), -1.7),
        ("kostal-plenticore", "battery.soc_pct", float_words(42.5)[::-1], 42.5),
        ("kostal-plenticore", "battery.soc_pct", (0, 0x7FC0), None),
        ("kostal-plenticore", "pcs.set_power_kw", float_words(-3_000.0)[::-1], -3.0),
        ("kostal-plenticore", "battery.capacity_kwh", float_words(10_240.0)[::-1], 10.24),
        ("sungrow-sh", "battery.soc_pct", (655,), 65.5),
        ("sungrow-sh", "battery.power_magnitude_kw", (2_300,), 2.3),
        ("sungrow-sh", "battery.power_magnitude_kw", (0x10000 - 2_300,), None),
        ("sungrow-sh", "site.power_kw", int_words(-900)[::-1], -0.9),
        ("sungrow-sh", "pcs.running_state.charging", (0b0010,), 1.0),
        ("sungrow-sh", "pcs.running_state.discharging", (0b0010,), 0.0),
        ("sungrow-sh", "battery.max_charge_kw", (660,), 6.6),
        ("sungrow-sh", "battery.max_charge_kw", (0,), None),
        ("sungrow-ihomemanager", "battery.power_kw", int_words(-250)[::-1], -2.5),
        ("sungrow-ihomemanager", "battery.soc_pct", (500,), 50.0),
        ("huawei-luna", "battery.power_kw", int_words(4_000), -4.0),
        ("huawei-luna", "battery.power_kw", (0x7FFF, 0xFFFF), None),
        ("huawei-luna", "battery.power_kw", (0x8000, 0), None),
        ("huawei-luna", "site.power_kw", int_words(1_500), 1.5),
        ("huawei-luna", "battery.soc_pct", (805,), 80.5),
        ("huawei-luna", "pcs.forced_period_s", (2,), 120.0),
        ("openems-modbus-api", "battery.power_kw", float_words(-7_500.0), -7.5),
        ("openems-modbus-api", "battery.power_kw", (0x7FC0, 0), None),
        ("openems-modbus-api", "battery.soc_pct", (44,), 44.0),
        ("fenecon-bms", "battery.soc_pct", (755,), 75.5),
        ("fenecon-bms", "battery.voltage_v", (4_480,), 448.0),
        ("fenecon-bms", "battery.current_a", (0x10000 - 125,), -12.5),
        ("fenecon-bms", "battery.cell_min_v", (3_312,), 3.312),
        ("fenecon-bms", "battery.temp_max_c", (235,), 23.5),
        ("fenecon-bms", "battery.alarm_word.system", (1 << 13,), 1.0),
    ],
)
def test_registers_become_values_in_our_unit_and_sign(
    profile: str, name: str, registers: tuple[int, ...], expected: float | None
) -> None:
    assert value(load(profile), name, *registers) == expected


@pytest.mark.parametrize(
    ("profile", "name", "high_first"),
    [
        ("kostal-plenticore", "pcs.set_power_kw", float_words(-3_000.0)),
        ("sungrow-sh", "site.power_kw", int_words(-3_000)),
        ("huawei-luna", "site.power_kw", int_words(-3_000)),
        ("sma-sunny-island", "ac.power_kw", int_words(-3_000)),
    ],
)
@pytest.mark.parametrize(("order", "turn"), [("big", 1), ("little", -1)])
def test_a_site_can_say_the_other_word_order(
    tmp_path: Path, profile: str, name: str, high_first: tuple[int, ...], order: str, turn: int
) -> None:
    site = changed(profile, tmp_path, f'[link]\nword_order = "{order}"\n' + _waiver(profile))
    assert value(site, name, *high_first[::turn]) == -3.0


def _waiver(profile: str) -> str:
    return '[watchdog]\nwaiver = "a test"\n' if profile == "sungrow-sh" else ""


def test_texts_that_say_who_a_device_is_are_no_numbers() -> None:
    for name in DEVICES:
        for point in load(name).points:
            assert (point.coding is Coding.STRING) == point.name.startswith("identity.")
