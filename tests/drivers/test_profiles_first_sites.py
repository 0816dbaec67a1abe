"""drivers/profiles: the devices of the first sites, register by register, and the seed's map."""

from pathlib import Path

import pytest

from drivers.base import Rate
from drivers.control import WatchdogKind
from drivers.errors import ProfileError
from drivers.modbus.codec import encode
from drivers.modbus.plan import Limits, plan
from drivers.point import Kind
from drivers.profile import load
from tests.support.profiles import at_a_site, changed, int_words, value

# --- Hithium: its vectors ---


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
    link = profile.link
    requests = plan(profile.points, Limits(link.max_registers, link.max_bits, link.gap_fill))
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


# --- WSTECH: placeholders ---


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


# --- the seed's three registers ---


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
