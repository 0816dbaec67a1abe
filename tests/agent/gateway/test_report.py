"""agent.gateway.report: the hub knows how the box is, every half minute and when it changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agent.gateway.backlog import Backlog
from agent.gateway.hub import open_hub
from agent.gateway.latest import Latest
from agent.gateway.line import OneKey, Way
from agent.gateway.report import Disk, Facts, Reporter, report
from agent.link import ClockVerdict
from agent.settings import fingerprint
from tests.support.control_peer import status
from tests.support.hub_peer import KEY, HubPeer, hub_peer
from tests.support.patience import eventually
from wire import report as reports
from wire.clock import SystemClock
from wire.report import ClockState

NOON_US = 1_790_000_000_000_000


def facts(folder: Path) -> Facts:
    return Facts(
        version="1.2.3",
        started_us=NOON_US,
        bytes_max=1_000_000,
        configuration="0123456789abcdef",
        data_dir=folder,
    )


@pytest.fixture
async def hub() -> AsyncIterator[HubPeer]:
    async with hub_peer() as peer:
        yield peer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.gateway.report.LOOK_S", 0.01)


@asynccontextmanager
async def reporting(folder: Path, port: int) -> AsyncIterator[Latest]:
    clock, latest = SystemClock(), Latest()
    way = Way(url=f"http://127.0.0.1:{port}")
    async with open_hub(way, OneKey(KEY), clock) as opened, asyncio.TaskGroup() as tasks:
        task = tasks.create_task(Reporter(facts(folder), latest, clock).run(opened))
        yield latest
        task.cancel()


async def test_a_report_comes_at_the_start_and_as_soon_as_something_changes(
    tmp_path: Path, hub: HubPeer
) -> None:
    async with reporting(tmp_path, hub.port) as latest:
        await hub.until(lambda: len(hub.reports) == 1)
        latest.linked, latest.status = True, status(NOON_US)
        await hub.until(lambda: len(hub.reports) == 2)
        (device, *_) = status(NOON_US).devices
        gone = replace(device, connected=False, trouble="no answer")
        latest.status = replace(status(NOON_US), devices=(gone,))
        await hub.until(lambda: len(hub.reports) == 3)
        latest.store_trouble = "the disk is full"
        await hub.until(lambda: len(hub.reports) == 4)
        latest.clock = ClockVerdict(ClockState.CORRECTED, 3_600_000_000)
        await hub.until(lambda: len(hub.reports) == 5)
    first, linked, without, full, corrected = hub.reports
    assert (first.linked, first.mode, first.devices) == (False, "", ())
    assert linked.linked
    assert linked.mode
    assert [d.connected for d in without.devices] == [False]
    assert full.store_trouble == "the disk is full"
    assert (corrected.clock, corrected.clock_off_us) == (ClockState.CORRECTED, 3_600_000_000)


async def test_a_backlog_that_is_older_than_a_minute_is_told_at_once(
    tmp_path: Path, hub: HubPeer
) -> None:
    now_us = SystemClock().now_us()
    async with reporting(tmp_path, hub.port) as latest:
        await hub.until(lambda: len(hub.reports) == 1)
        latest.backlog = Backlog(frames=1, from_us=now_us, quarantined=0, gaps=0)
        await hub.until(lambda: len(hub.reports) == 2)
        latest.backlog = replace(latest.backlog, frames=2)
        latest.backlog = replace(latest.backlog, from_us=now_us - 61_000_000)
        await hub.until(lambda: len(hub.reports) == 3)
    assert hub.reports[-1].backlog_from_us == now_us - 61_000_000


async def test_a_box_where_nothing_changes_reports_now_and_then(
    tmp_path: Path, hub: HubPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.gateway.report.PERIOD_S", 0.1)
    async with reporting(tmp_path, hub.port):
        await hub.until(lambda: len(hub.reports) >= 3)


async def test_beats_and_values_are_no_reason_to_report(tmp_path: Path, hub: HubPeer) -> None:
    async with reporting(tmp_path, hub.port) as latest:
        latest.status = status(NOON_US)
        await hub.until(lambda: len(hub.reports) >= 1)
        await asyncio.sleep(0.05)
        before = len(hub.reports)
        latest.status = replace(latest.status, beats=99_999, missed=7, setpoint_kw=1.0)
        await asyncio.sleep(0.05)
    assert len(hub.reports) == before


async def test_a_hub_that_does_not_know_reports_is_named_once_and_asked_again(
    tmp_path: Path, hub: HubPeer, caplog: pytest.LogCaptureFixture
) -> None:
    hub.clock = SystemClock(shift_us=3_600_000_000)  # It refuses every signature.
    async with reporting(tmp_path, hub.port):
        await eventually(lambda: "does not take our report" in caplog.text)
        hub.clock = SystemClock()
        await hub.until(lambda: len(hub.reports) == 1)
    assert caplog.text.count("does not take our report") == 1


def test_what_waits_and_what_went_wrong_is_in_the_report(tmp_path: Path) -> None:
    latest = Latest()
    latest.backlog = Backlog(frames=7, from_us=NOON_US - 5, quarantined=2, gaps=3)
    latest.written_bytes_day = 123_456
    told = report(facts(tmp_path), latest, Disk(10, 100), NOON_US)
    assert (told.backlog_frames, told.backlog_from_us) == (7, NOON_US - 5)
    assert (told.quarantined, told.gaps, told.written_bytes_day) == (2, 3, 123_456)
    assert (told.disk_free_bytes, told.disk_bytes) == (10, 100)
    assert (told.version, told.configuration) == ("1.2.3", "0123456789abcdef")
    assert reports.from_document(reports.to_document(told)) == told


def test_settings_are_known_by_their_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    assert fingerprint(file) == ""
    file.write_text("site = 'a'")
    before = fingerprint(file)
    file.write_text("site = 'b'")
    assert len(before) == 16
    assert fingerprint(file) != before
