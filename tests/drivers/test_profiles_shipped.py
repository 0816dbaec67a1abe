"""drivers/profiles: the shipped maps of registers say what their devices say, in our sign."""

import re
import struct
import tomllib
from pathlib import Path

import pytest

from drivers.base import Rate
from drivers.control import WatchdogKind
from drivers.document import names
from drivers.errors import ProfileError
from drivers.modbus.codec import decode, encode
from drivers.modbus.plan import plan
from drivers.point import Coding, Kind
from drivers.profile import UNCONFIRMED_SHARE, Profile, load
from tests.support.profiles import REGISTER_MAPS, at_a_site, changed
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


def value(profile: Profile, name: str, *registers: int) -> float | None:
    return decode(profile.point(name), registers)


def float_words(number: float) -> tuple[int, int]:
    """Return the registers of a float, high word first."""
    high, low = struct.unpack(">HH", struct.pack(">f", number))
    return high, low


def int_words(number: int) -> tuple[int, int]:
    """Return the registers of a signed number, high word first."""
    high, low = struct.unpack(">HH", struct.pack(">i", number))
    return high, low


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


# --- Hithium: devices.md 5.4 ---


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("battery.current_a", 32_000, 0.0),
        ("battery.current_a", 33_000, -100.0),
        ("battery.current_a", 31_000, 100.0),
        ("battery.current_a", 0, None),
        ("battery.voltage_v", 13_000, 1300.0),
        ("battery.voltage_v", 0, None),
        ("battery.temp_mean_c", 65, 25.0),
        ("battery.temp_mean_c", 0, None),
        ("battery.max_discharge_kw", 25_000, 2500.0),
        ("battery.max_charge_kw", 25_000, 2500.0),
        ("battery.max_discharge_a", 1_234, 123.4),
        ("battery.max_charge_a", 1_234, 123.4),
        ("battery.soc_pct", 55, 55.0),
        ("battery.soc_pct", 101, None),
        ("battery.soh_pct", 99, 99.0),
        ("battery.status", 5, 5.0),
        ("battery.insulation_kohm", 500, 500.0),
        ("battery.pcs_comm_fault", 0, 0.0),
        ("battery.pcs_comm_fault", 2, 1.0),
        ("battery.ems_comm_fault", 1, 1.0),
        ("battery.contactor_open_fault", 1, 1.0),
        ("battery.contactor_closed_fault", 0, 0.0),
        ("battery.charge_prohibited", 1, 1.0),
        ("battery.discharge_prohibited", 1, 1.0),
        ("battery.system_fault", 1, 1.0),
    ],
)
def test_hithium_says_what_its_register_list_says(
    name: str, raw: int, expected: float | None
) -> None:
    assert value(load("hithium-ess-bms"), name, raw) == expected


def test_hithium_charging_with_1300_volt_and_100_ampere_is_minus_130_kilowatt() -> None:
    profile = load("hithium-ess-bms")
    voltage_v = value(profile, "battery.voltage_v", 13_000)
    current_a = value(profile, "battery.current_a", 33_000)
    assert voltage_v is not None
    assert current_a is not None
    assert voltage_v * current_a / 1000.0 == -130.0


def test_hithium_is_read_with_two_requests_every_two_seconds() -> None:
    profile = load("hithium-ess-bms")
    requests = plan(profile.points, profile.link.max_registers, profile.link.gap_fill)
    asked = {(request.kind, request.start, request.count) for request in requests}
    assert asked == {(Kind.INPUT, 2, 46), (Kind.DISCRETE, 53, 5)}
    assert {point.rate for point in profile.points} == {Rate.SLOW}
    assert profile.pace.slow_s == 2.0
    assert profile.control is None


def test_hithium_status_codes_have_their_texts_and_unknown_ones_have_none() -> None:
    status = load("hithium-ess-bms").point("battery.status")
    assert status.text_of(5) == "charge blocked"
    assert status.text_of(8) == "fault"
    assert not status.text_of(4)


# --- WSTECH: devices.md 6 ---


@pytest.mark.parametrize(
    ("notation", "power", "setpoint", "keepalive"),
    [("wire0", 30_001, 40_010, 40_030), ("modicon", 0, 9, 29)],
)
def test_wstech_addresses_follow_the_notation_that_the_site_says(
    tmp_path: Path, notation: str, power: int, setpoint: int, keepalive: int
) -> None:
    profile = changed("wstech-pcs", tmp_path, _wstech(f'notation = "{notation}"'))
    profile.usable()
    assert (profile.point("ac.power_kw").kind, profile.point("ac.power_kw").address) == (
        Kind.INPUT,
        power,
    )
    assert profile.point("pcs.set_power_kw").address == setpoint
    assert profile.point("pcs.keepalive").address == keepalive
    assert profile.control is not None


def test_wstech_cannot_be_opened_before_the_site_has_said_the_notation() -> None:
    with pytest.raises(ProfileError, match="wire0 or modicon"):
        load("wstech-pcs").usable()


@pytest.mark.parametrize(("order", "turn"), [("big", 1), ("little", -1)])
@pytest.mark.parametrize("scale", [0.001, -0.001])
def test_wstech_power_is_exact_in_either_word_order_and_either_sign(
    tmp_path: Path, order: str, turn: int, scale: float
) -> None:
    rows = "".join(
        f'[[point]]\nname = "{name}"\nscale = {scale}\n'
        for name in ("ac.power_kw", "pcs.set_power_kw")
    )
    profile = changed("wstech-pcs", tmp_path, _wstech(f'word_order = "{order}"') + rows)
    sign = 1 if scale > 0 else -1
    for watt in (0, 1, -1, 250_000, -250_000, 70_000, -6_000_000):
        registers = int_words(watt)[::turn]
        assert value(profile, "ac.power_kw", *registers) == sign * watt / 1000.0
        setpoint = profile.point("pcs.set_power_kw")
        assert encode(setpoint, sign * watt / 1000.0) == list(registers)


def test_wstech_trips_are_single_bits_of_their_words(tmp_path: Path) -> None:
    profile = at_a_site("wstech-pcs", tmp_path)
    assert value(profile, "pcs.status_word.grid_operator_trip", 0b0100) == 1.0
    assert value(profile, "pcs.status_word.grid_operator_trip", 0b1011) == 0.0
    assert value(profile, "pcs.alarm_word.safety_alarm", 1) == 1.0
    assert value(profile, "pcs.alarm_word.safety_alarm", 2) == 0.0


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("ac.voltage_v", 400, 400.0),
        ("ac.frequency_hz", 4_998, 49.98),
        ("pcs.power_limit_pct", 1_000, 100.0),
        ("pcs.power_limit_pct", 1_001, None),
        ("pcs.soc_pct", 555, 55.5),
        ("pcs.mode", 2, 2.0),
        ("pcs.remote_enable", 1, 1.0),
        ("pcs.keepalive", 65_535, 65_535.0),
        ("pcs.comm_state", 7, 7.0),
    ],
)
def test_wstech_says_what_its_placeholder_list_says(
    name: str, raw: int, expected: float | None
) -> None:
    assert value(load("wstech-pcs"), name, raw) == expected


def test_wstech_frequency_is_too_coarse_and_has_another_name_than_the_grids() -> None:
    profile = load("wstech-pcs")
    assert profile.point("ac.frequency_hz").resolution == 0.01
    assert "grid.frequency_hz" not in {point.name for point in profile.points}


def test_wstech_keep_alive_counts_every_five_seconds_and_wraps(tmp_path: Path) -> None:
    watchdog = at_a_site("wstech-pcs", tmp_path).watchdog
    assert watchdog.kind is WatchdogKind.COUNTER
    assert watchdog.counter is not None
    assert (watchdog.counter.name, watchdog.increment_s) == ("pcs.keepalive", 5.0)
    assert watchdog.wrap == 65_536


def _wstech(link: str) -> str:
    notation = "" if "notation" in link else 'notation = "wire0"\n'
    return f"[link]\n{notation}{link}\n[watchdog]\ntimeout_s = 20\n"


# --- the seed's three registers: devices.md 7 ---


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("battery.soc_pct", 5_000, 50.0),
        ("battery.soc_pct", 10_000, 100.0),
        ("battery.soc_pct", 10_001, None),
        ("ac.power_kw", 65_036, -500.0),
        ("ac.power_kw", 500, 500.0),
        ("battery.temp_mean_c", 253, 25.3),
        ("battery.temp_mean_c", 65_436, -10.0),
    ],
)
def test_the_three_registers_say_what_the_seed_said(
    name: str, raw: int, expected: float | None
) -> None:
    assert value(load("generic-three-register"), name, raw) == expected


def test_the_three_registers_can_be_turned_round_bounded_and_moved_by_a_site(
    tmp_path: Path,
) -> None:
    site = '[[point]]\nname = "ac.power_kw"\nscale = -1\nkind = "holding"\nmin = -300\nmax = 300\n'
    profile = changed("generic-three-register", tmp_path, site)
    assert profile.point("ac.power_kw").kind is Kind.HOLDING
    assert value(profile, "ac.power_kw", 65_036) is None, "more than three times 100 kW"
    assert value(profile, "ac.power_kw", 65_436) == 100.0


# --- signs of the others: devices.md 4 ---


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
