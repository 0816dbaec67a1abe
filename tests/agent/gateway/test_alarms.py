"""agent.gateway.alarms: made of the buffer's events once, kept over restarts, told as records."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.gateway import alarms as module
from agent.gateway.alarms import FRAMES_PER_LOOK, Alarms
from agent.gateway.buffer import Buffer
from agent.gateway.latest import Lane, Latest
from tests.support.buffers import BATCH, NOON_US, opened
from wire import records
from wire.alarm import Alarm
from wire.clock import SetClock
from wire.sync import FrameClass, Severity


@asynccontextmanager
async def watching(
    folder: Path, latest: Latest | None = None
) -> AsyncIterator[tuple[Buffer, Alarms]]:
    async with opened(folder) as buffer:
        alarms = Alarms(buffer, latest or Latest(), SetClock(NOON_US))
        await alarms.restore()
        yield buffer, alarms


async def told(buffer: Buffer) -> list[Alarm]:
    """Return every change of an alarm that waits for the hub, in order."""
    return [
        alarm
        for frame in await buffer.batch(-1, BATCH)
        if frame.kind is FrameClass.EVENTS
        for alarm in records.decode(frame.payload).alarms
    ]


async def tell(buffer: Buffer, code: str, source: str = "inverter") -> None:
    await buffer.report(code, Severity.ALARM, code.lower(), source)


def codes(latest: Latest) -> list[str]:
    return [alarm.code for alarm in latest.alarms]


async def caught_up(alarms: Alarms) -> None:
    while await alarms.read():
        continue


async def test_an_event_becomes_an_alarm_and_its_end_a_change_of_it(tmp_path: Path) -> None:
    latest = Latest()
    async with watching(tmp_path, latest) as (buffer, alarms):
        await tell(buffer, "DEVICE_LOST")
        await caught_up(alarms)
        (shown,) = latest.alarms
        assert (shown.code, shown.change, shown.cleared_us) == ("DEVICE_LOST", 1, None)
        await tell(buffer, "DEVICE_BACK")
        await caught_up(alarms)
        assert [(one.id, one.change) for one in await told(buffer)] == [
            (shown.id, 1),
            (shown.id, 2),
        ]


async def test_a_gateway_killed_between_event_and_alarm_makes_the_alarm_once(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as buffer:
        await tell(buffer, "DEVICE_LOST")
    for _ in range(3):
        async with watching(tmp_path) as (buffer, _):
            assert [alarm.code for alarm in await told(buffer)] == ["DEVICE_LOST"]


async def test_alarms_and_who_saw_them_outlive_the_process(tmp_path: Path) -> None:
    async with watching(tmp_path) as (buffer, alarms):
        await tell(buffer, "DEVICE_LOST")
        await caught_up(alarms)
        (alarm,) = alarms._alarms.values()
        await alarms.acknowledge(alarm.id, "Meyer", "on my way", NOON_US + 5)
    latest = Latest()
    async with watching(tmp_path, latest) as (buffer, alarms):
        (shown,) = latest.alarms
        assert (shown.acked_by, shown.note, shown.change) == ("Meyer", "on my way", 2)
        assert await alarms.acknowledge(shown.id, "Schulz", "", NOON_US + 6) == shown
        assert (await told(buffer))[-1] == shown
        with pytest.raises(KeyError):
            await alarms.acknowledge("no-such", "Meyer", "", NOON_US)


async def test_what_was_released_and_deleted_before_a_start_is_not_missed_nor_made_again(
    tmp_path: Path,
) -> None:
    async with watching(tmp_path) as (buffer, alarms):
        await tell(buffer, "DEVICE_LOST")
        await caught_up(alarms)
        await buffer.release(await buffer.newest_seq())
        await buffer.settle()
    latest = Latest()
    async with watching(tmp_path, latest) as (buffer, _):
        assert len(latest.alarms) == 1
        assert len(await told(buffer)) <= 1


async def test_a_buffer_that_was_numbered_anew_makes_no_alarm_twice(tmp_path: Path) -> None:
    latest = Latest()
    async with watching(tmp_path, latest) as (buffer, alarms):
        await tell(buffer, "DEVICE_LOST")
        await caught_up(alarms)
        await tell(buffer, "DEVICE_BACK")
        await caught_up(alarms)
        await buffer.renew_epoch()
        await caught_up(alarms)
        lost = [one for one in latest.alarms if one.code == "DEVICE_LOST"]
        assert len(lost) == 1
        assert lost[0].cleared_us is not None


async def test_a_flood_of_events_is_read_in_portions_and_raises_one_alarm_each(
    tmp_path: Path,
) -> None:
    latest = Latest()
    async with watching(tmp_path, latest) as (buffer, alarms):
        for i in range(FRAMES_PER_LOOK + 50):
            await tell(buffer, "DEVICE_LOST", f"meter-{i % 20}")
        assert await alarms.read()
        await caught_up(alarms)
        assert len(latest.alarms) == 20


async def test_a_hub_that_is_away_for_long_is_an_alarm_until_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    latest = Latest()
    async with watching(tmp_path, latest) as (_, alarms):
        latest.up = Lane(trouble="no answer")
        await alarms._look()
        assert codes(latest) == []
        monkeypatch.setattr(module, "HUB_SILENT_S", 0.0)
        await alarms._look()
        await alarms._look()
        assert codes(latest) == ["HUB_UNREACHABLE"]
        assert latest.alarms[0].severity is Severity.WARNING
        latest.up = Lane(answered_us=NOON_US)
        await alarms._look()
        assert [alarm.cleared_us for alarm in latest.alarms] == [NOON_US]


async def test_events_that_come_while_it_runs_are_seen_at_once(tmp_path: Path) -> None:
    latest = Latest()
    async with watching(tmp_path, latest) as (buffer, alarms), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(alarms.run())
        await tell(buffer, "CONTROL_LOST", "gateway")
        async with asyncio.timeout(5):
            await buffer.wait_for_more(0)
        await asyncio.sleep(0)
        assert [alarm.code for alarm in latest.alarms] == ["CONTROL_LOST"]
        task.cancel()
