"""agent.control.server: whatever the gateway does, nothing is lost and control never waits."""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent import link
from agent.control.changes import PORTION_MAX
from agent.control.outbox import Outbox
from agent.control.server import LinkServer, Takers, listening
from agent.link import (
    ClockVerdict,
    Hello,
    Item,
    Leave,
    Override,
    Pushed,
    Steering,
    Stored,
)
from agent.status import Status
from wire.block import Quality, Reading
from wire.order import Mode
from wire.report import ClockState
from wire.schedule import Schedule
from wire.sync import Event, Severity

HELLO = Hello("boot-1", "s")
SCHEDULE = Schedule(site="s", version=4, issued_us=1, slots=())
STATUS = Status(
    at_us=1,
    mode="automatic",
    setpoint_kw=0.0,
    schedule_kw=0.0,
    response_kw=0.0,
    reasons=(),
    devices=(),
    readings=(),
    schedule_version=None,
    schedule_ends_us=None,
    beats=1,
    missed=0,
    kept_items=0,
    dropped_items=0,
)


@dataclass(slots=True)
class Control:
    """The listening side, and what it was told."""

    path: Path
    outbox: Outbox
    schedules: list[Schedule] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    pushed: list[Pushed] = field(default_factory=list)
    heard: list[link.Message] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    status: Status = STATUS

    def put(self, count: int) -> None:
        for number in range(count):
            text = f"item {number}"
            self.outbox.put(Event(at_us=1, code="X", severity=Severity.INFO, source="c", text=text))

    def take_schedule(self, schedule: Schedule) -> None:
        self.schedules.append(schedule)
        self.told.set()

    def take_pushed(self, pushed: Pushed) -> None:
        self.pushed.append(pushed)
        self.told.set()

    def hear(self, message: link.Message) -> None:
        self.heard.append(message)
        self.told.set()

    def report_dropped(self, count: int) -> None:
        self.dropped.append(count)
        self.told.set()


class Gateway:
    """The connecting side, as simple as can be."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def hello(self) -> Hello:
        message = await link.receive(self.reader)
        assert isinstance(message, Hello)
        return message

    async def numbers(self, count: int) -> list[int]:
        numbers: list[int] = []
        while len(numbers) < count:
            message = await link.receive(self.reader)
            if isinstance(message, Item):
                numbers.append(message.number)
        return numbers

    async def say(self, message: link.Message) -> None:
        self.writer.write(link.encode(message))
        await self.writer.drain()


@asynccontextmanager
async def control(folder: Path, bytes_max: int = 10_000_000) -> AsyncIterator[Control]:
    side = Control(folder / "control.sock", Outbox(bytes_max))
    server = LinkServer(
        HELLO,
        side.outbox,
        lambda: side.status,
        Takers(
            injection=lambda injection: None,
            schedule=side.take_schedule,
            pushed=side.take_pushed,
            steering=side.hear,
            clock=side.hear,
            kept=side.hear,
            recall=side.hear,
            reset=side.hear,
            leave=side.hear,
            dropped=side.report_dropped,
        ),
    )
    async with (
        asyncio.timeout(20),
        listening(side.path) as connections,
        asyncio.TaskGroup() as tasks,
    ):
        work = tasks.create_task(server.run(connections))
        yield side
        work.cancel()


@asynccontextmanager
async def gateway(path: Path) -> AsyncIterator[Gateway]:
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        yield Gateway(reader, writer)
    finally:
        writer.close()


async def test_the_gateway_hears_who_speaks_then_everything_kept_then_what_is_new(
    tmp_path: Path,
) -> None:
    async with control(tmp_path) as side:
        side.put(250)
        async with gateway(side.path) as peer:
            assert await peer.hello() == HELLO
            assert await peer.numbers(250) == list(range(250))
            side.put(1)
            assert await peer.numbers(1) == [250]


async def test_after_a_reconnection_everything_not_stored_is_sent_again(tmp_path: Path) -> None:
    async with control(tmp_path) as side:
        side.put(10)
        async with gateway(side.path) as peer:
            await peer.hello()
            await peer.numbers(10)
            await peer.say(Stored("boot-1", 6))
            await peer.say(SCHEDULE)
            await side.told.wait()
        async with gateway(side.path) as peer:
            await peer.hello()
            assert await peer.numbers(3) == [7, 8, 9]


async def test_a_receipt_for_another_run_of_control_releases_nothing(tmp_path: Path) -> None:
    async with control(tmp_path) as side:
        side.put(3)
        async with gateway(side.path) as peer:
            await peer.say(Stored("boot-0", 2))
            await peer.say(SCHEDULE)
            await side.told.wait()
        assert (len(side.outbox), side.schedules) == (3, [SCHEDULE])


async def test_what_a_device_pushed_to_the_gateway_reaches_control(tmp_path: Path) -> None:
    pushed = Pushed("seed", (Reading("battery.soc_pct", 55.0, Quality.GOOD, 1),))
    async with control(tmp_path) as side:
        async with gateway(side.path) as peer:
            await peer.say(pushed)
            await side.told.wait()
        assert side.pushed == [pushed]


async def test_what_operators_want_and_what_the_clock_is_worth_reach_control(
    tmp_path: Path,
) -> None:
    wanted: list[link.Message] = [
        Steering(Mode.STANDBY, Override("c-1", -20.0, 5)),
        ClockVerdict(ClockState.CORRECTED, -3_600_000_000),
        Leave("new settings"),
    ]
    async with control(tmp_path) as side:
        async with gateway(side.path) as peer:
            for message in wanted:
                side.told.clear()
                await peer.say(message)
                await side.told.wait()
        assert side.heard == wanted


async def test_a_newer_gateway_replaces_one_that_hangs(tmp_path: Path) -> None:
    async with control(tmp_path) as side, gateway(side.path) as ghost:
        await ghost.hello()
        side.put(2)
        async with gateway(side.path) as peer:
            await peer.hello()
            assert await peer.numbers(2) == [0, 1]


async def test_a_gateway_that_does_not_read_fills_only_its_own_socket(tmp_path: Path) -> None:
    async with control(tmp_path) as side, gateway(side.path):
        for _ in range(50):
            side.put(200)
            await asyncio.sleep(0)
        assert len(side.outbox) == 10_000


async def test_a_gateway_that_talks_nonsense_is_disconnected_and_may_come_back(
    tmp_path: Path,
) -> None:
    async with control(tmp_path) as side:
        async with gateway(side.path) as peer:
            await peer.hello()
            peer.writer.write(b"\xff\xff\xff\xffnonsense")
            assert await peer.reader.read(1_000_000) is not None
            while await peer.reader.read(1_000_000):
                pass
        async with gateway(side.path) as peer:
            assert await peer.hello() == HELLO


async def test_what_was_dropped_is_told_once_the_gateway_stores_again(tmp_path: Path) -> None:
    async with control(tmp_path, bytes_max=1_000) as side:
        side.put(100)
        kept = len(side.outbox)
        async with gateway(side.path) as peer:
            await peer.numbers(kept)
            await peer.say(Stored("boot-1", 99))
            await side.told.wait()
        assert side.dropped == [100 - kept]


async def test_the_picture_is_sent_without_being_asked_for(tmp_path: Path) -> None:
    async with control(tmp_path) as side, gateway(side.path) as peer:
        await peer.hello()
        assert [await link.receive(peer.reader) for _ in range(2)] == [STATUS, STATUS]


async def test_the_picture_of_ten_thousand_points_comes_in_portions(tmp_path: Path) -> None:
    readings = tuple(
        ("d", Reading(f"rack.cell{number}_v", 3.3, Quality.GOOD, 1)) for number in range(10_001)
    )
    async with control(tmp_path) as side:
        side.status = replace(STATUS, readings=readings)
        for _ in range(2):  # also a second connection is told everything
            async with gateway(side.path) as peer:
                await peer.hello()
                told: list[tuple[str, Reading]] = []
                while len(told) < len(readings):
                    message = await link.receive(peer.reader)
                    assert isinstance(message, Status)
                    assert 1 <= len(message.readings) <= PORTION_MAX
                    told += message.readings
                assert tuple(told) == readings
                assert await link.receive(peer.reader) == STATUS


async def test_the_socket_is_ours_alone_and_replaces_one_left_by_a_killed_process(
    tmp_path: Path,
) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    async with control(tmp_path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()
