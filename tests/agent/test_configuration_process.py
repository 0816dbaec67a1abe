"""New settings from the hub on a real box: tried, kept or taken back, the buffer untouched."""

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.commanded import CommandedBox, commanded_box
from tests.support.gateway_process import CODE
from tests.support.hub_peer import KEY
from tests.support.patience import eventually
from tests.support.system import free_port
from wire.command import State
from wire.order import ConfigurationOrder, LogsOrder, Part, RestartOrder, SoftwareOrder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[CommandedBox]:
    async with commanded_box(tmp_path) as box:
        await box.start()
        yield box


def identity(box: CommandedBox) -> tuple[int, set[str]]:
    """Return what makes the buffer the one it is: its file, and the epoch of its numbers."""
    return box.buffer.stat().st_ino, {upload.epoch for upload in box.hub.uploads}


def beside(box: CommandedBox) -> list[str]:
    return sorted(path.name for path in box.config.parent.glob("site.toml*"))


async def tidied(box: CommandedBox) -> None:
    """Wait until nothing of the trial is left: the hub may hear of its end a moment before."""
    await eventually(lambda: beside(box) == ["site.toml"])


def only_once(box: CommandedBox) -> None:
    """Check that no sample came twice or is missing, over all restarts."""
    samples = box.hub.samples()
    boots = list(dict.fromkeys(boot for boot, _ in samples))
    for boot in boots:
        blocks = [block for block in box.hub.blocks() if block.boot == boot]
        for device in {block.device for block in blocks}:
            numbers = [
                block.seq + i
                for block in blocks
                if block.device == device
                for i in range(len(block.at_us))
            ]
            assert numbers == list(range(len(numbers))), (boot, device)


async def test_good_settings_take_effect_keep_secrets_and_buffer_and_say_so(
    box: CommandedBox,
) -> None:
    before = identity(box)
    order = ConfigurationOrder(box.masked(ramp_pct_per_s=20.0), dry_run=False)
    result = await box.ask("k-1", order, timeout_s=100)
    assert result.state is State.DONE, result.text
    text = box.config.read_text()
    assert "ramp_pct_per_s = 20.0" in text
    assert KEY.secret.hex() in text
    assert CODE in text
    assert oct(box.config.stat().st_mode & 0o777) == "0o600"
    assert identity(box) == before
    await box.hub.until(
        lambda: any(event.code == "CONFIGURATION_CHANGED" for event in box.hub.events())
    )
    await tidied(box)
    only_once(box)


async def test_settings_with_which_a_device_is_lost_are_taken_back(box: CommandedBox) -> None:
    old, before = box.config.read_text(), identity(box)
    wrong = box.settings(port=free_port())
    result = await box.ask("k-1", ConfigurationOrder(wrong, dry_run=False), timeout_s=180)
    assert result.state is State.FAILED
    assert "inverter does not answer" in result.text
    assert box.config.read_text() == old
    assert identity(box) == before
    await tidied(box)
    await box.hub.until(
        lambda: "CONFIGURATION_ROLLED_BACK" in [alarm.code for alarm in box.hub.alarms()]
    )
    await box.ready()
    only_once(box)


async def test_settings_that_were_taken_back_are_taken_back_by_control_too(
    box: CommandedBox,
) -> None:
    """As after a gateway that was killed between its roll-back and its word to control."""

    def boots() -> int:
        return len({boot for boot, _ in box.hub.samples()})

    old = box.config.read_text()
    box.config.write_text(box.settings(ramp_pct_per_s=20.0))
    box.system.kill_child("agent", "control")
    await box.hub.until(lambda: boots() == 2, timeout_s=40)
    box.config.write_text(old)
    box.system.kill_child("agent", "gateway")
    await box.hub.until(lambda: boots() == 3, timeout_s=40)
    await box.ready()
    assert [e.code for e in box.hub.events()].count("SETTINGS_DIFFER") == 1
    box.system.kill_child("agent", "gateway")
    seen = len(box.hub.reports)
    await box.hub.until(lambda: any(report.linked for report in box.hub.reports[seen:]))
    await asyncio.sleep(2)
    assert boots() == 3, "control that agrees is left alone"
    only_once(box)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("ramp_pct_per_s = 100.0", "ramp_pct_per_s = 1000"), "control.ramp_pct_per_s"),
        (('site = "werk-sued"', 'site = "other"'), "site"),
        (("/data", "/elsewhere"), "data_dir"),
        (("gwk-test", "gwk-evil"), "hub.key_id"),
        (("reference-inverter", "no-such-profile"), "no-such-profile"),
        (("[page]", "[pages]"), "pages"),
        (
            ("[page]", '[update]\ncommand = ["sh", "-c"]\n[page]'),
            "update: is not allowed to change",
        ),
        (("= 8", "= = 8"), ""),
    ],
)
async def test_settings_that_are_wrong_are_refused_before_anything_is_touched(
    box: CommandedBox, change: tuple[str, str], why: str
) -> None:
    old = box.config.read_text()
    wrong = box.masked().replace(*change)
    if wrong == box.masked():
        wrong = "this is no TOML"
    result = await box.ask("k-1", ConfigurationOrder(wrong, dry_run=False))
    assert result.state is State.REFUSED, result.text
    assert why in result.text
    assert KEY.secret.hex() not in result.text
    assert (box.config.read_text(), beside(box)) == (old, ["site.toml"])


async def test_a_dry_run_only_says_what_it_thinks(box: CommandedBox) -> None:
    old = box.config.read_text()
    good = ConfigurationOrder(box.masked(ramp_pct_per_s=20.0), dry_run=True)
    assert (await box.ask("k-1", good)).state is State.DONE
    bad = ConfigurationOrder(box.masked(ramp_pct_per_s=2_000.0), dry_run=True)
    assert (await box.ask("k-2", bad)).state is State.REFUSED
    assert (box.config.read_text(), beside(box)) == (old, ["site.toml"])


async def test_what_a_killed_check_left_behind_is_removed_at_the_next_start(
    box: CommandedBox,
) -> None:
    left = box.config.with_name(f"{box.config.name}.candidate")
    left.write_text('secret = "of somebody"')
    result = await box.ask("k-1", RestartOrder(Part.GATEWAY), timeout_s=60)
    assert result.state is State.DONE, result.text
    await box.hub.until(lambda: beside(box) == ["site.toml"])


@pytest.mark.parametrize("part", list(Part))
async def test_a_restart_is_seen_to_have_happened(box: CommandedBox, part: Part) -> None:
    started_us = box.hub.reports[-1].started_us
    result = await box.ask("r-1", RestartOrder(part), timeout_s=90)
    assert result.state is State.DONE, result.text
    await box.ready()
    await box.hub.until(lambda: box.hub.reports[-1].linked)
    again = box.hub.reports[-1].started_us != started_us
    assert again is (part is not Part.CONTROL)
    assert box.system.processes["agent"].poll() is None
    only_once(box)


async def test_a_log_bundle_carries_logs_and_settings_and_no_secret(box: CommandedBox) -> None:
    result = await box.ask("l-1", LogsOrder(1))
    assert result.state is State.DONE, result.text
    with tarfile.open(fileobj=io.BytesIO(box.hub.bundles["l-1"]), mode="r:gz") as bundle:
        parts = {
            member.name: file.read()
            for member in bundle.getmembers()
            if (file := bundle.extractfile(member)) is not None
        }
    assert {"phoenyra/settings.toml", "phoenyra/gateway.log", "phoenyra/picture.json"} <= set(parts)
    assert b'secret = "***"' in parts["phoenyra/settings.toml"]
    for content in parts.values():
        assert KEY.secret.hex().encode() not in content
        assert CODE.encode() not in content


async def test_another_version_is_refused_where_the_settings_name_no_way_to_it(
    box: CommandedBox,
) -> None:
    result = await box.ask("s-1", SoftwareOrder("9.9.9"))
    assert result.state is State.REFUSED
    assert "update.command" in result.text
