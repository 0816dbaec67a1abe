"""docs/guide/devices.md: every file that it prints can be used as it stands."""

import asyncio
import re
from pathlib import Path

import pytest

from agent.control.equipment import opened_ports
from agent.control.sources import FREQUENCY, resolve
from agent.profiles import checked
from agent.settings import AgentSettings, load
from drivers.document import Protocol, names, open_document
from drivers.modbus.codec import decode
from drivers.names import point_names
from drivers.opcua.config import Security
from drivers.profile import load as load_profile
from drivers.push.intake import read_intake, take
from simulators.battery import Command, Rating
from simulators.device import Device
from simulators.frequency import Recording
from simulators.plant import Plant
from wire.clock import SystemClock

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "devices.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"<!-- ([^>\n]+) -->\n```toml\n(.*?)```", GUIDE, re.DOTALL))
NOW_US = 1_800_000_000_000_000
SITE = 'site = "werk"\ndata_dir = "/var/lib/phoenyra"\n[control]\n'
SITE += "discharge_kw_max = 50\ncharge_kw_max = 50\n"


def settings_of(block: str, folder: Path) -> AgentSettings:
    path = folder / "agent.toml"
    path.write_text(SITE + block, encoding="utf-8")
    return load(path)


def test_every_printed_file_is_one_that_these_tests_know() -> None:
    assert GUIDE.count("```toml") == len(BLOCKS)
    assert {label.split()[0] for label in BLOCKS} == {"agent.toml:", "acme-50.toml", "override"}


def test_the_worked_example_is_a_profile_without_a_mistake_and_can_be_played(
    tmp_path: Path,
) -> None:
    path = tmp_path / "acme-50.toml"
    path.write_text(BLOCKS["acme-50.toml"], encoding="utf-8")
    profile = load_profile(str(path))
    profile.usable()
    now_s = [0.0]
    plant = Plant(Rating(capacity_kwh=100, power_kw=50), 60.0, _STEADY, lambda: now_s[0])
    device = Device(profile, plant)
    soc, power = profile.point("battery.soc_pct"), profile.point("ac.power_kw")
    assert device.read(soc.kind, 100, 1) == [600], "what the guide says mbpoll shows"
    plant.obey(Command(power_kw=-7.0, timeout_s=0.0), fresh=True)
    now_s[0] += 2.0
    registers = device.read(power.kind, 101, 2)
    assert registers == [0, 7_000], "the maker counts charging positive"
    assert decode(power, registers) == -7.0


_STEADY = Recording((0.0, 1.0), (50.0, 50.0))


@pytest.mark.parametrize("label", [label for label in BLOCKS if label.startswith("override ")])
def test_a_printed_site_file_makes_its_profile_usable(label: str, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(BLOCKS[label], encoding="utf-8")
    name = label.split()[1]
    assert ": good; " in checked(name, str(site))
    if open_document(name).protocol in (Protocol.MODBUS, Protocol.SUNSPEC):
        load_profile(name, str(site)).usable()


def test_the_printed_devices_are_settings_that_an_agent_accepts(tmp_path: Path) -> None:
    settings = settings_of(BLOCKS["agent.toml: the kinds"], tmp_path)
    for device in settings.devices:
        assert device.profile in names()


def test_the_printed_plant_has_one_device_for_each_thing(tmp_path: Path) -> None:
    override = tmp_path / "pcs.toml"
    override.write_text(BLOCKS["override wstech-pcs"], encoding="utf-8")
    block = BLOCKS["agent.toml: a plant"].replace("/etc/phoenyra/pcs.toml", str(override))
    settings = settings_of(block, tmp_path)
    setters = [
        device.id
        for device in settings.devices
        if load_profile(device.profile, device.override).control is not None
    ]
    assert setters == ["pcs"]
    told = {d.id: point_names(d.profile, d.override) for d in settings.devices}
    sources = resolve(told, "pcs", settings.plant.sources)
    assert sources.of("ac.power_kw") == ("pcs",)
    assert sources.of("battery.soc_pct") == ("bms",)
    assert sources.of("battery.max_charge_kw") == ("bms",)
    assert sources.of("site.power_kw") == ("grid",)


def test_the_printed_units_are_a_plant_of_two_inverters(tmp_path: Path) -> None:
    settings = settings_of(BLOCKS["agent.toml: several inverters"], tmp_path)
    assert [unit.inverter for unit in settings.control.units] == ["pcs-1", "pcs-2"]

    async def opened() -> list[tuple[str, ...]]:
        async with opened_ports(settings, SystemClock()) as (_, sources):
            return [unit.of("battery.soc_pct") for unit in sources]

    assert asyncio.run(opened()) == [("bms-1",), ("pcs-2",)]


def test_the_printed_control_room_may_read_and_needs_a_password(tmp_path: Path) -> None:
    block = BLOCKS["agent.toml: a control room"] + BLOCKS["agent.toml: a plant"]
    scada = settings_of(block, tmp_path).scada
    assert scada is not None
    assert scada.security is Security.BASIC256SHA256
    assert [user.name for user in scada.users] == ["control-room"]


def test_what_an_open_profile_lets_its_sender_name_decides_nothing(tmp_path: Path) -> None:
    content = {"points": {FREQUENCY: 49.8}, "soc_percent": 50}
    told = {"pcs": point_names("reference-inverter"), "guest": point_names("seed-push")}
    assert FREQUENCY in told_of("seed-push", None, content)
    assert resolve(told, "pcs").of(FREQUENCY) == ("pcs",)
    site = tmp_path / "site.toml"
    site.write_text(BLOCKS["override seed-push"], encoding="utf-8")
    assert told_of("seed-push", str(site), content) == {"battery.soc_pct"}


def test_a_sender_is_believed_first_unless_the_plant_says_otherwise(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(f'[[point]]\nname = "{FREQUENCY}"\n', encoding="utf-8")
    told = {"pcs": point_names("reference-inverter"), "guest": point_names("seed-push", str(site))}
    assert resolve(told, "pcs").of("battery.soc_pct") == ("guest",)
    assert resolve(told, "pcs").of(FREQUENCY) == ("guest", "pcs")
    assert resolve(told, "pcs", {FREQUENCY: "pcs"}).of(FREQUENCY) == ("pcs",)


def told_of(profile: str, override: str | None, content: object) -> set[str]:
    taken = take(read_intake(open_document(profile, override)), content, NOW_US)
    return {reading.point for reading in taken.readings}


def test_the_printed_publishing_tells_the_plant_in_both_manners(tmp_path: Path) -> None:
    kinds, publishing = BLOCKS["agent.toml: the kinds"], BLOCKS["agent.toml: publishing"]
    publish = settings_of(kinds + publishing, tmp_path).publish
    assert publish is not None
    assert publish.sparkplug
    assert publish.home_assistant
    assert (publish.node, publish.place("werk").port) == ("container-3", 8883)


def test_the_guide_lists_every_shipped_profile() -> None:
    table = GUIDE.partition("## 1. ")[2].partition("## 2. ")[0]
    for name in names():
        short = name.removeprefix("sunspec")
        assert f"`{name}`" in table or f"`{short}`" in table, name
