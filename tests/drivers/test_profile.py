"""drivers.profile: shipped profiles are sound, and every mistake costs one clear line."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Rate
from drivers.control import REFRESH_S_MAX
from drivers.document import Protocol, names, open_document
from drivers.errors import ProfileError
from drivers.modbus.codec import decode, encode
from drivers.point import Coding, Kind, Order
from drivers.profile import Profile, load
from wire.points import STANDARD

GOOD = """
[profile]
id = "maker-model"
version = 3
source = "manual 1.0"
[link]
protocol = "modbus"
timeout_s = 0.5
notation = "wire0"
[watchdog]
kind = "write-refresh"
timeout_s = 60
measured_timeout_s = 30
reversion = "0 kW"
[control]
setpoint = "pcs.set_power_kw"
enable = { point = "pcs.enable", value = 1 }
[[point]]
name = "pcs.set_power_kw"
kind = "holding"
address = 10
type = "int32"
scale = -0.001
access = "read-write"
[[point]]
name = "pcs.enable"
kind = "coil"
address = 3
access = "write"
[[point]]
name = "battery.soc_pct"
kind = "input"
address = 4
type = "uint16"
sentinel = [-1]
min = 0
max = 100
rate = "fast"
"""


def written(folder: Path, text: str) -> Profile:
    path = folder / "maker.toml"
    path.write_text(text, encoding="utf-8")
    return load(str(path))


REGISTERS = [
    name for name in names() if open_document(name).protocol in (Protocol.MODBUS, Protocol.SUNSPEC)
]


@pytest.mark.parametrize("name", REGISTERS)
def test_every_shipped_profile_loads_under_its_own_name(name: str) -> None:
    profile = load(name)
    assert profile.head.id == name
    assert len(profile.head.digest) == len(hashlib.sha256().hexdigest())
    if profile.control is not None:
        for setting in (
            profile.control.enable,
            profile.control.timeout,
            profile.control.reversion,
        ):
            if setting is not None:
                assert decode(setting.point, encode(setting.point, setting.value)) == setting.value


def test_the_reference_inverter_has_what_control_needs() -> None:
    profile = load("reference-inverter")
    fast = {point.name for point in profile.points if point.rate is Rate.FAST}
    assert {"ac.power_kw", "grid.frequency_hz", "battery.soc_pct", "pcs.counter"} <= fast
    slow = {point.name for point in profile.points if point.rate is Rate.SLOW}
    assert {"battery.max_charge_kw", "battery.max_discharge_kw", "battery.capacity_kwh"} <= slow
    assert profile.control is not None
    assert profile.control.setpoint.scale < 0, "this maker counts charging positive on purpose"
    assert len({"battery.soc_pct", "ac.power_kw", "pcs.set_power_kw"} & STANDARD.keys()) == 3


def test_a_profile_says_where_and_how_each_point_lies(tmp_path: Path) -> None:
    profile = written(tmp_path, GOOD)
    assert [point.name for point in profile.points] == [
        "pcs.set_power_kw",
        "pcs.enable",
        "battery.soc_pct",
    ]
    assert not profile.head.confirmed
    assert (profile.link.unit, profile.link.port) == (1, 502)
    enable = profile.point("pcs.enable")
    assert (enable.coding, enable.count, enable.readable) == (Coding.BOOL, 1, False)
    soc = profile.point("battery.soc_pct")
    assert (soc.kind, soc.sentinels, soc.rate) == (Kind.INPUT, frozenset({0xFFFF}), Rate.FAST)
    assert profile.refresh_s == 10.0, "a third of the shorter, measured time-out"
    with pytest.raises(KeyError):
        profile.point("no.such")


def test_a_device_without_a_time_out_is_dispatched_only_with_a_waiver(tmp_path: Path) -> None:
    without = GOOD.replace('kind = "write-refresh"\ntimeout_s = 60', 'kind = "none"')
    with pytest.raises(ProfileError, match="a watchdog of known time, or the name of who answers"):
        written(tmp_path, without).usable()
    waived = without.replace("[control]", 'waiver = "A. Person, plant manager"\n[control]')
    written(tmp_path, waived).usable()
    assert written(tmp_path, waived).refresh_s == REFRESH_S_MAX


def test_a_site_may_say_that_a_device_is_only_read(tmp_path: Path) -> None:
    (tmp_path / "maker.toml").write_text(
        GOOD.replace('kind = "write-refresh"\ntimeout_s = 60', 'kind = "none"'), encoding="utf-8"
    )
    site = tmp_path / "site.toml"
    site.write_text("[control]\nremove = true\n", encoding="utf-8")
    profile = load(str(tmp_path / "maker.toml"), str(site))
    profile.usable()
    assert profile.control is None


@pytest.mark.parametrize(
    ("kind", "number", "wire"),
    [
        ("holding", 40_001, 0),
        ("holding", 40_012, 11),
        ("holding", 400_001, 0),
        ("holding", 465_535, 65_534),
        ("input", 30_001, 0),
        ("input", 300_017, 16),
        ("discrete", 10_001, 0),
        ("coil", 1, 0),
    ],
)
def test_modicon_numbers_become_wire_addresses(
    tmp_path: Path, kind: str, number: int, wire: int
) -> None:
    coding = "bool" if kind in ("coil", "discrete") else "uint16"
    text = GOOD.replace('"wire0"', '"modicon"').replace("address = 10", "address = 40011")
    text = text.replace("address = 4\n", "address = 30005\n")
    text += f'[[point]]\nname = "a.b"\nkind = "{kind}"\naddress = {number}\ntype = "{coding}"\n'
    assert written(tmp_path, text).point("a.b").address == wire


def test_word_order_comes_from_the_link_unless_the_point_says_otherwise(tmp_path: Path) -> None:
    little = GOOD.replace("timeout_s = 0.5", 'timeout_s = 0.5\nword_order = "little"')
    assert written(tmp_path, little).point("pcs.set_power_kw").word_order is Order.LITTLE
    big = little.replace("scale = -0.001", 'scale = -0.001\nword_order = "big"')
    assert written(tmp_path, big).point("pcs.set_power_kw").word_order is Order.BIG


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('id = "maker-model"\n', "", "profile.id: is missing; text is expected"),
        ("version = 3", "version = 0", "profile.version: 0 is not allowed; a whole number from 1"),
        ("version = 3", "version = true", "profile.version: True is not allowed"),
        ("version = 3", "versoin = 3", "profile.version: is missing"),
        ('source = "manual 1.0"', 'source = "x"\nsauce = 1', "profile.sauce: no such key; allowed"),
        ('"modbus"', '"modbus-rtu"', "'modbus-rtu' is not allowed; modbus, sunspec,"),
        ("timeout_s = 0.5", "timeout_s = nan", "link.timeout_s: nan is not allowed; a number from"),
        ("timeout_s = 0.5", "timeout_s = '1'", "link.timeout_s: '1' is not allowed"),
        ("timeout_s = 60", "timeout_s = 0", "watchdog.timeout_s: 0.0 is not allowed; more than 0"),
        (
            '"write-refresh"',
            '"count"',
            "watchdog.kind: 'count' is not allowed; write-refresh, counter",
        ),
        ('"battery.soc_pct"', '"SoC"', "point 3 (SoC).name: 'SoC' is not allowed; a dotted name"),
        ('"battery.soc_pct"', '"pcs.enable"', "a name that no other point has is expected"),
        ('kind = "input"', 'kind = "inputs"', "coil, discrete, input, holding is expected"),
        ('"uint16"', '"uint24"', "(battery.soc_pct).type: 'uint24' is not allowed; uint16, int16"),
        ("address = 4\n", "address = 65536\n", "a whole number from 0 to 65535 is expected"),
        ("address = 10", "address = 65535", "a whole number from 0 to 65534 is expected"),
        ("scale = -0.001", "scale = 0", "(pcs.set_power_kw).scale: 0.0 is not allowed"),
        ("sentinel = [-1]", "sentinel = [65536]", "whole numbers from -32768 to 65535 is expected"),
        ("sentinel = [-1]", "sentinel = 1", "a list of at most 16 whole numbers"),
        ("min = 0", "min = 200", "min: 200.0 is not allowed; a number up to max 100 is expected"),
        ('rate = "fast"', 'rate = "often"', "'often' is not allowed; fast, slow, once is expected"),
        ('rate = "fast"', 'access = "write"', "read, for a point of kind input is expected"),
        ('rate = "fast"', "bit = 3", "a bit only for a bool that is read from a register"),
        ("address = 3", "address = 3\nscale = 2", "no scale and no offset, for a bool, is"),
        ("address = 3", 'address = 3\ntype = "int16"', "bool, for a point of kind coil is"),
        ('setpoint = "pcs.set_power_kw"', 'setpoint = "a.b"', "control.setpoint: 'a.b' is not"),
        ('setpoint = "pcs.set_power_kw"', 'setpoint = "battery.soc_pct"', "a writable point: pcs"),
        ('point = "pcs.enable", value = 1', 'point = "pcs.enable"', "control.enable.value: is mis"),
        ('access = "write"', 'access = "write"\nflash = true', "a point without flash = true"),
        ("[control]", "[contorl]", "contorl: no such key; allowed are profile, link"),
        ("timeout_s = 0.5", "timeout_s = 1\nsingle_writes = true", "one register, with link.sing"),
        ("[link]", "[link", "is not TOML"),
        ("[link]", '[link]\n"a\\nb" = 1', "no such key"),
        ("version = 3", "version = " + "9" * 5_000, "is not TOML"),
        ("version = 3", "version = " + "[" * 2_000, "is not TOML"),
    ],
)
def test_a_mistake_costs_one_line_that_names_file_key_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, line: str
) -> None:
    assert old in GOOD
    with pytest.raises(ProfileError) as caught:
        written(tmp_path, GOOD.replace(old, new))
    text = str(caught.value)
    assert text.startswith("maker.toml: ")
    assert line in text
    assert "\n" not in text


def test_a_missing_profile_names_the_shipped_ones(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"'no-such' is not allowed; .*reference-"):
        load("no-such")
    with pytest.raises(ProfileError, match="cannot be read"):
        load(str(tmp_path / "absent.toml"))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ProfileError, match="is not TOML"):
        load(str(tmp_path / "binary.toml"))
    (tmp_path / "large.toml").write_bytes(b"#" * 2_000_000)
    with pytest.raises(ProfileError, match="larger than"):
        load(str(tmp_path / "large.toml"))


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 40), st.text(max_size=5))
def test_no_change_to_a_profile_ever_ends_in_anything_but_a_profile_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, at: int, length: int, text: str
) -> None:
    outcome = _outcome(tmp_path_factory.getbasetemp(), GOOD[:at] + text + GOOD[at + length :])
    assert isinstance(outcome, Profile) or "\n" not in outcome


def _outcome(folder: Path, text: str) -> Profile | str:
    try:
        return written(folder, text)
    except ProfileError as error:
        return str(error)
