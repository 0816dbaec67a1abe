"""agent.gateway.inlet: an item of control is stored exactly once, and only then called stored."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from agent.gateway.buffer import open_buffer
from agent.gateway.inlet import Inlet
from agent.gateway.latest import Latest
from tests.support.control_peer import SECOND_US, ControlPeer, control_peer, status
from tests.support.inlets import NOON_US, ROOMY, SITE, running
from tests.support.patience import eventually
from wire import block as blocks
from wire.block import Quality, Reading
from wire.clock import SetClock


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[ControlPeer]:
    async with control_peer(tmp_path / "control.sock") as listening:
        yield listening


async def test_what_control_sends_is_stored_and_then_reported(
    tmp_path: Path, peer: ControlPeer
) -> None:
    for i in range(5):
        peer.sample(NOON_US + i * SECOND_US)
    async with running(tmp_path) as bench:
        await peer.until(stored=4)
        assert await bench.samples() == [("boot-1", i) for i in range(5)]
        assert peer.kept == []


async def test_samples_of_one_period_become_one_frame_a_device(
    tmp_path: Path, peer: ControlPeer
) -> None:
    async with running(tmp_path, period_s=0.3) as bench:
        peer.sample(NOON_US)
        await peer.until(stored=0)
        for i in range(1, 11):
            peer.sample(NOON_US + i * SECOND_US)
        await peer.until(stored=10)
        frames = await bench.buffer.batch(-1, ROOMY)
        assert [len(blocks.decode(f.payload).at_us) for f in frames] == [1, 10]


async def test_the_first_item_after_a_start_does_not_wait_for_the_period(
    tmp_path: Path, peer: ControlPeer
) -> None:
    async with running(tmp_path, period_s=60):
        peer.sample(NOON_US)
        await peer.until(stored=0)


async def test_an_event_does_not_wait_for_the_period(tmp_path: Path, peer: ControlPeer) -> None:
    async with running(tmp_path, period_s=60) as bench:
        peer.sample(NOON_US)
        await peer.until(stored=0)
        peer.sample(NOON_US + SECOND_US)
        peer.event(NOON_US + SECOND_US)
        await peer.until(stored=2)
        assert await bench.codes() == ["DEVICE_LOST"]
        assert [noted.event.code for noted in bench.latest.events] == ["DEVICE_LOST"]


async def test_items_sent_again_after_a_broken_connection_are_stored_once(
    tmp_path: Path, peer: ControlPeer
) -> None:
    async with running(tmp_path, period_s=0.2) as bench:
        for connection in range(1, 6):
            await peer.until_connected(connection)
            for _ in range(4):
                peer.sample(NOON_US + peer.samples * SECOND_US)
            await asyncio.sleep(0)
            peer.hang_up()
        await peer.until(stored=19)
        assert await bench.samples() == [("boot-1", i) for i in range(20)]


async def test_what_a_killed_gateway_had_stored_but_not_reported_is_not_stored_again(
    tmp_path: Path, peer: ControlPeer
) -> None:
    first = peer.sample(NOON_US)
    async with running(tmp_path):
        await peer.until(stored=0)
    peer.kept, peer.stored = [first], []
    peer.sample(NOON_US + SECOND_US)
    async with running(tmp_path) as bench:
        await peer.until(stored=1)
        assert peer.stored[0].number == 0, "the file's own place is reported first"
        assert await bench.samples() == [("boot-1", 0), ("boot-1", 1)]


async def test_a_restarted_control_counts_from_zero_and_nothing_of_it_is_taken_for_old(
    tmp_path: Path, peer: ControlPeer
) -> None:
    async with running(tmp_path, period_s=0.2) as bench:
        for _ in range(7):
            peer.sample(NOON_US + peer.samples * SECOND_US)
        await peer.until(stored=6)
        peer.sample(NOON_US)
        await asyncio.sleep(0)
        peer.restart("boot-2")
        for _ in range(3):
            peer.sample(NOON_US + (10 + peer.samples) * SECOND_US)
        await peer.until(stored=2)
        stored = await bench.samples()
        assert stored[-3:] == [("boot-2", i) for i in range(3)]
        assert stored[:7] == [("boot-1", i) for i in range(7)]


async def test_what_is_pending_at_a_clean_stop_is_written(
    tmp_path: Path, peer: ControlPeer
) -> None:
    async with running(tmp_path, period_s=60) as bench:
        peer.sample(NOON_US)
        await peer.until(stored=0)
        peer.sample(NOON_US + SECOND_US)
        await eventually(lambda: len(bench.inlet._pending) == 1)
    async with running(tmp_path) as bench:
        assert await bench.samples() == [("boot-1", 0), ("boot-1", 1)]


async def test_a_full_disk_holds_items_back_and_loses_none(
    tmp_path: Path, peer: ControlPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.gateway.inlet.BLOCKED_RETRY_S", 0.05)
    async with running(tmp_path) as bench:
        peer.sample(NOON_US)
        await peer.until(stored=0)
        await bench.buffer._database.execute("PRAGMA max_page_count = 10")
        for i in range(200):
            peer.sample(NOON_US + i * SECOND_US, points=40, noise=True)
        await eventually(lambda: bench.latest.store_trouble)
        await bench.buffer._database.execute("PRAGMA max_page_count = 100000")
        await peer.until(stored=200)
        assert await bench.samples() == [("boot-1", i) for i in range(201)]
        assert bench.latest.store_trouble == ""


async def test_the_newest_status_is_there_for_the_page_and_never_stored(
    tmp_path: Path, peer: ControlPeer
) -> None:
    async with running(tmp_path) as bench:
        await peer.until_connected()
        peer.send(status(NOON_US))
        peer.sample(NOON_US)
        await peer.until(stored=0)
        assert bench.latest.status == status(NOON_US)
        assert bench.latest.linked
        assert len(await bench.buffer.batch(-1, ROOMY)) == 1


async def test_the_portions_of_a_picture_become_the_whole_of_one_connection(
    tmp_path: Path, peer: ControlPeer
) -> None:
    first, second = (
        ("bms", Reading(point, 1.0, Quality.GOOD, NOON_US)) for point in ("p.a", "p.b")
    )
    newer = ("bms", Reading("p.a", 2.0, Quality.GOOD, NOON_US + 1))

    async with running(tmp_path) as bench:

        def shown() -> tuple[tuple[str, Reading], ...]:
            return () if bench.latest.status is None else bench.latest.status.readings

        await peer.until_connected()
        peer.send(status(NOON_US, readings=(first,)))
        peer.send(status(NOON_US, readings=(second,)))
        peer.send(status(NOON_US, readings=()))
        await eventually(lambda: shown() == (first, second))
        peer.send(status(NOON_US, readings=(newer,)))
        await eventually(lambda: shown() == (newer, second))
        peer.hang_up()
        await peer.until_connected(2)
        peer.send(status(NOON_US, readings=(second,)))
        await eventually(lambda: shown() == (second,))


async def test_control_of_another_site_is_not_listened_to(
    tmp_path: Path, peer: ControlPeer, caplog: pytest.LogCaptureFixture
) -> None:
    peer.site = "hafen"
    peer.sample(NOON_US)
    async with running(tmp_path) as bench:
        await peer.until_connected()
        await eventually(lambda: caplog.records)
        assert "'hafen' is not allowed; werk-sued is expected" in caplog.text
        assert await bench.samples() == []
        assert not bench.latest.linked


async def test_control_away_for_long_is_an_event_and_so_is_its_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.gateway.inlet.LOST_AFTER_S", 0.2)
    monkeypatch.setattr("agent.gateway.inlet.RETRY_S", 0.02)
    async with running(tmp_path) as bench:
        await bench.buffer.wait_for_more(-1)
        assert await bench.codes() == ["CONTROL_LOST"]
        async with control_peer(tmp_path / "control.sock") as peer:
            await peer.until_connected()
            async with asyncio.timeout(5):
                await bench.buffer.wait_for_more(0)
            assert await bench.codes() == ["CONTROL_LOST", "CONTROL_BACK"]


async def test_a_stop_in_the_moment_in_which_control_hangs_up_is_obeyed(
    tmp_path: Path, peer: ControlPeer
) -> None:
    async with open_buffer(tmp_path / "buffer.db", SetClock(NOON_US), ROOMY) as buffer:
        for turns in range(12):
            latest = Latest()
            inlet = Inlet(buffer, latest, SetClock(NOON_US), tmp_path / "control.sock", SITE)
            async with asyncio.timeout(1), asyncio.TaskGroup() as tasks:
                receiving = tasks.create_task(inlet.receive())
                await eventually(partial(getattr, latest, "linked"))
                peer.hang_up()
                for _ in range(turns):
                    await asyncio.sleep(0)
                receiving.cancel()
            assert receiving.cancelled()
