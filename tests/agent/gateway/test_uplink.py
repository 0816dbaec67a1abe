"""agent.gateway.uplink: every frame reaches the hub once and in order, whatever happens between."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.responses import Response

from agent.gateway.backoff import Backoff
from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.hub import open_hub
from agent.gateway.latest import Lane, Latest
from agent.gateway.line import OneKey, Way
from agent.gateway.meter import Meter
from agent.gateway.outage import Outage
from agent.gateway.rows import Draft
from agent.gateway.uplink import Uplink
from tests.support.hub_peer import GATEWAY, KEY, HubPeer, hub_peer, refusal
from tests.support.patience import eventually
from tests.support.proxy import line_to
from wire import block as blocks
from wire import sync
from wire.block import Quality, Reading
from wire.clock import SystemClock
from wire.sync import FrameClass, Upload

ROOMY = 64 * 1024**2
NOON_US = 1_790_000_000_000_000


class Box:
    """A buffer whose uplink runs."""

    def __init__(self, buffer: Buffer, latest: Latest) -> None:
        self.buffer = buffer
        self.latest = latest
        self.number = 0

    async def append(self, count: int = 1) -> None:
        """Append so many frames of one sample."""
        await self.buffer.append([self.draft() for _ in range(count)])

    def draft(self, at_us: int = NOON_US) -> Draft:
        reading = Reading("battery.soc_pct", float(self.number), Quality.GOOD, at_us)
        block = blocks.sample("inverter", "boot", self.number, at_us, [reading])
        self.number += 1
        return Draft(FrameClass.TELEMETRY, at_us, 1, blocks.encode(block))


@asynccontextmanager
async def sending(
    folder: Path,
    port: int,
    box_from: int = 0,
    bytes_max: int = ROOMY,
    meter: Meter | None = None,
    ready: Callable[[int], Awaitable[None]] | None = None,
) -> AsyncIterator[Box]:
    clock = SystemClock()
    latest = Latest()

    def show(lane: Lane) -> None:
        latest.up = lane

    outage = Outage("upload", clock, Backoff(lambda low, high: min(high, 0.05)), show)
    async with (
        open_buffer(folder / "buffer.db", clock, bytes_max) as buffer,
        open_hub(Way(url=f"http://127.0.0.1:{port}"), OneKey(KEY), clock) as hub,
        asyncio.TaskGroup() as tasks,
    ):
        meter = meter or Meter(own_bytes_s=10**9)
        uplink = Uplink(buffer, hub, GATEWAY, outage, clock=clock, meter=meter, ready=ready)
        task = tasks.create_task(uplink.run())
        box = Box(buffer, latest)
        box.number = box_from
        yield box
        task.cancel()


@pytest.fixture
async def hub() -> AsyncIterator[HubPeer]:
    async with hub_peer() as peer:
        yield peer


def numbers(hub: HubPeer) -> list[int]:
    return [number for _, number in hub.samples()]


async def test_frames_arrive_in_order_and_are_released(tmp_path: Path, hub: HubPeer) -> None:
    async with sending(tmp_path, hub.port) as box:
        for _ in range(5):
            await box.append(3)
        await hub.until(lambda: len(hub.frames) == 15)
        assert numbers(hub) == list(range(15))
        async with asyncio.timeout(10):
            while (await box.buffer.state()).acked < 14:
                await box.buffer.settle()
        assert (await box.buffer.batch(-1, ROOMY))[0].seq > 0, "what was acknowledged goes"


async def test_frames_whose_answer_was_lost_are_sent_again_and_kept_once(
    tmp_path: Path, hub: HubPeer
) -> None:
    hub.lose_answers = 3
    async with sending(tmp_path, hub.port) as box:
        await box.append(4)
        await eventually(lambda: box.latest.up.answered_us)
        assert len(hub.uploads) == 4
        assert numbers(hub) == list(range(4))


async def test_a_restarted_gateway_goes_on_where_the_hub_is(tmp_path: Path, hub: HubPeer) -> None:
    async with sending(tmp_path, hub.port) as box:
        await box.append(4)
        await hub.until(lambda: len(hub.frames) == 4)
    async with sending(tmp_path, hub.port, box_from=4) as box:
        await box.append(2)
        await hub.until(lambda: len(hub.frames) == 6)
    assert numbers(hub) == list(range(6))


async def test_a_backlog_comes_in_limited_uploads(tmp_path: Path, hub: HubPeer) -> None:
    hub.trouble = lambda _upload: Response(status_code=503)
    async with sending(tmp_path, hub.port) as box:
        await box.append(sync.FRAMES_MAX)
        await box.append(sync.FRAMES_MAX)
        hub.trouble = lambda _upload: None
        await hub.until(lambda: len(hub.frames) == 2 * sync.FRAMES_MAX)
        assert numbers(hub) == list(range(2 * sync.FRAMES_MAX))
        assert max(len(upload.frames) for upload in hub.uploads) <= sync.FRAMES_MAX


async def test_what_a_full_buffer_dropped_does_not_block_the_line(
    tmp_path: Path, hub: HubPeer
) -> None:
    hub.trouble = lambda _upload: Response(status_code=503)
    async with sending(tmp_path, hub.port, bytes_max=40_000) as box:
        for _ in range(100):
            await box.append(10)
        hub.trouble = lambda _upload: None
        await box.append()
        await hub.until(lambda: 1000 in numbers(hub))
        arrived = numbers(hub)
        assert arrived == sorted(set(arrived))
        assert arrived[-1] == 1000
        assert sum(gap.n or 0 for gap in hub.gaps()) == 1001 - len(arrived) > 0
        assert (await box.buffer.state()).dropped == 1001 - len(arrived)


async def test_a_hub_restored_from_a_backup_gets_all_there_still_is(
    tmp_path: Path, hub: HubPeer
) -> None:
    async with sending(tmp_path, hub.port) as box:
        await box.append(5)
        await hub.until(lambda: len(hub.frames) == 5)
        (epoch,) = hub.acked
        for seq in (2, 3, 4):
            del hub.frames[epoch, seq]
        hub.acked[epoch] = 1
        await box.append()
        await hub.until(lambda: any(e.code == "HUB_FORGOT" for e in hub.events()))
        assert 5 in numbers(hub)
        await box.append()
        await hub.until(lambda: 6 in numbers(hub))


async def test_a_copied_buffer_gets_a_new_epoch_instead_of_used_numbers(
    tmp_path: Path, hub: HubPeer
) -> None:
    async with sending(tmp_path, hub.port) as box:
        await box.append(2)
        await hub.until(lambda: len(hub.frames) == 2)
        (epoch,) = hub.acked
        hub.acked[epoch] = 70
        await box.append(3)
        await hub.until(lambda: len(hub.acked) == 2)
        renewed = next(e for e in hub.acked if e != epoch)
        await hub.until(lambda: hub.acked[renewed] >= 2)
        after = [(s, f) for (e, s), f in sorted(hub.frames.items()) if e == renewed]
        assert [s for s, _ in after] == list(range(len(after)))
        assert any(e.code == "BUFFER_RENEWED" for e in hub.events())
        assert {2, 3, 4} <= set(numbers(hub))


async def test_the_one_frame_that_the_hub_refuses_is_set_aside_and_the_rest_arrives(
    tmp_path: Path, hub: HubPeer
) -> None:
    def picky(upload: Upload) -> Response | None:
        bad = any(frame.seq == 7 for frame in upload.frames)
        return refusal(422, "INVALID", "block.dev: 'x' is not allowed") if bad else None

    hub.trouble = picky
    async with sending(tmp_path, hub.port) as box:
        await box.append(20)
        await hub.until(lambda: any(e.code == "FRAME_SET_ASIDE" for e in hub.events()))
        assert numbers(hub) == [*range(7), *range(8, 20)]
        (event,) = hub.events()
        assert "block.dev: 'x' is not allowed" in event.text


async def test_a_hub_that_refuses_everything_gets_no_frame_into_quarantine(
    tmp_path: Path, hub: HubPeer
) -> None:
    hub.trouble = lambda _upload: refusal(422, "INVALID", "gateway: unknown")
    async with sending(tmp_path, hub.port) as box:
        await box.append(4)
        await eventually(lambda: box.latest.up.trouble)
        assert box.latest.up.code == "INVALID"
        hub.trouble = lambda _upload: None
        await hub.until(lambda: len(hub.frames) == 4)
        assert hub.events() == []


async def test_a_revoked_key_is_reported_once_and_nothing_is_lost(
    tmp_path: Path, hub: HubPeer, caplog: pytest.LogCaptureFixture
) -> None:
    hub.trouble = lambda _upload: refusal(401, "REVOKED", "this gateway was revoked")
    async with sending(tmp_path, hub.port) as box:
        await box.append(3)
        await eventually(lambda: len(hub.uploads) >= 5)
        assert box.latest.up.code == "REVOKED"
        warnings = [r for r in caplog.records if r.levelno >= logging.WARNING]
        assert len(warnings) == 1
        hub.trouble = lambda _upload: None
        await hub.until(lambda: len(hub.frames) == 3)
        await eventually(lambda: not box.latest.up.trouble)


async def test_a_line_where_everything_vanishes_loses_and_doubles_nothing(
    tmp_path: Path, hub: HubPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.gateway.line.ANSWER_TIMEOUT_S", 0.3)
    async with line_to(hub.port) as line, sending(tmp_path, line.port) as box:
        await box.append(2)
        await hub.until(lambda: len(hub.frames) == 2)
        line.cut()
        for _ in range(5):
            await box.append(2)
        await eventually(lambda: box.latest.up.trouble)
        line.heal()
        await hub.until(lambda: len(hub.frames) == 12)
        assert numbers(hub) == list(range(12))


async def test_a_reset_line_loses_and_doubles_nothing(tmp_path: Path, hub: HubPeer) -> None:
    async with line_to(hub.port) as line, sending(tmp_path, line.port) as box:
        for _ in range(20):
            await box.append()
            line.reset()
        await hub.until(lambda: len(hub.frames) == 20)
        assert numbers(hub) == list(range(20))


async def test_backfill_keeps_to_its_limit(tmp_path: Path, hub: HubPeer) -> None:
    loop = asyncio.get_running_loop()
    meter = Meter(own_bytes_s=20_000, rate_bytes_s=8_192)
    began_s = loop.time()
    async with sending(tmp_path, hub.port, meter=meter) as box:
        await box.append(300)
        await hub.until(lambda: len(hub.frames) == 300)
    sent = sum(len(sync.encode_upload(upload)) for upload in hub.uploads)
    last = len(sync.encode_upload(hub.uploads[-1]))
    assert sent > 30_000
    assert loop.time() - began_s >= (sent - last) / 20_000
    assert numbers(hub) == list(range(300))


async def test_what_is_young_does_not_wait_for_what_backfill_may_take(
    tmp_path: Path, hub: HubPeer
) -> None:
    meter = Meter(own_bytes_s=1_000)
    meter.back(asyncio.get_running_loop().time(), lambda low, high: 1_000.0)
    async with sending(tmp_path, hub.port, meter=meter) as box:
        await box.buffer.append([box.draft(SystemClock().now_us()) for _ in range(50)])
        await hub.until(lambda: len(hub.frames) == 50, timeout_s=10)


async def test_nothing_goes_out_before_its_clock_is_known(tmp_path: Path, hub: HubPeer) -> None:
    known = asyncio.Event()
    asked: list[int] = []

    async def ready(after: int) -> None:
        asked.append(after)
        await known.wait()

    async with sending(tmp_path, hub.port, ready=ready) as box:
        await box.append(3)
        await eventually(lambda: asked)
        assert hub.uploads == []
        known.set()
        await hub.until(lambda: len(hub.frames) == 3)
    assert asked[0] == -1
