"""A simulated box: what a gateway says to its hub, without a disk and without a device.

A block of 5 s each 5 s, a long poll, a report each 30 s, light frames while somebody watches, and
the results of commands. What it has measured follows from its number, so that every sample that
the hub tells later can be judged.
"""

import asyncio
import random
import secrets
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, repeat

from simulators.fleet_line import Line, Tally
from wire import block as blocks
from wire import fields, live, report, sync
from wire.block import Quality, Reading
from wire.clock import Clock
from wire.command import Command, CommandResult, State
from wire.fields import Document
from wire.live import Live
from wire.order import SetpointOrder
from wire.report import ClockState, Device, Report
from wire.signing import Key, Request
from wire.sync import Downlink, Frame, FrameClass, Upload

DEVICE = "inverter"
POINTS = (
    "battery.soc_pct",
    "ac.power_kw",
    "grid.frequency_hz",
    *(f"test.point_{number}" for number in range(37)),
)
BLOCK_SAMPLES = 5
BLOCK_S = 5.0
REPORT_S = 30.0
LIVE_S = 1.0
POLL_S_MIN = 1.0
POLL_WAIT_S = 20.0
DRAIN_S_MAX = 30.0
"""What the hub has not taken by then, after the end, counts as lost."""
DRAIN_PAUSE_S = 1.0
_SECOND_US = 1_000_000
_DISK_BYTES = 32_000_000_000


@dataclass(frozen=True, slots=True)
class Account:
    """What the hub has given the box."""

    site: str
    gateway: str
    key: Key


@dataclass(slots=True)
class Box:
    """One box; `run` it once."""

    account: Account
    number: int
    clock: Clock
    tally: Tally
    begin_us: int = 0
    """Of its first sample; one follows each second."""
    samples: int = 0
    """Those it has put into blocks."""
    heard_s: dict[str, float] = field(default_factory=dict)
    """When a command came, by its id and the loop's clock."""
    ended_s: dict[str, float] = field(default_factory=dict)
    """When the hub had taken a command's final result."""
    live_frames: int = 0
    _epoch: str = field(default_factory=lambda: secrets.token_hex(8))
    _frames: list[Frame] = field(default_factory=list)
    _results: list[CommandResult] = field(default_factory=list)
    _schedule: int = -1
    """The version it has; -1: none."""
    _watch: tuple[str, ...] = ()
    _watched: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no answer of the hub is being followed."""

    def values(self, sample: int) -> Iterator[tuple[str, float]]:
        """Yield the truth about a sample: no two of a point are alike."""
        for index, point in enumerate(POINTS):
            yield point, sample + index / 64 + self.number % 8 / 1024

    def at_us(self, sample: int) -> int:
        return self.begin_us + sample * _SECOND_US

    async def run(self, line: Line, stop: asyncio.Event, chance: random.Random) -> None:
        """Work until `stop` is set; then what is left still goes out, and the last results.

        Each lane begins at a moment of its own, so that a fleet does not speak in chorus.
        """
        waits_s = [chance.uniform(0, most) for most in (BLOCK_S, POLL_S_MIN, BLOCK_S, REPORT_S)]
        async with asyncio.TaskGroup() as tasks:
            polling = tasks.create_task(self._poll(line, waits_s[1]))
            tasks.create_task(self._report(line, stop, waits_s[2:]))
            showing = tasks.create_task(self._show(line, stop))
            await self._measure(line, stop, waits_s[0])
            await self._finish()
            polling.cancel()
            showing.cancel()

    async def _measure(self, line: Line, stop: asyncio.Event, wait_s: float) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + wait_s
        self.begin_us = self.clock.now_us() + round(wait_s * 1e6)
        while not await _stopped(stop, due_s + BLOCK_S - loop.time()):
            due_s += BLOCK_S
            self._pack()
            await self._upload(line)
        given_up_s = loop.time() + DRAIN_S_MAX
        while self._frames and loop.time() < given_up_s:
            await self._upload(line)
            await asyncio.sleep(DRAIN_PAUSE_S if self._frames else 0)

    async def _finish(self) -> None:
        """Wait for a command that is being obeyed: a box says its end before it stops."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S_MAX):
                await self._idle.wait()

    def _pack(self) -> None:
        """Make a block of the samples of the last 5 s."""
        samples = [
            blocks.sample(DEVICE, self._epoch, number, self.at_us(number), self._readings(number))
            for number in range(self.samples, self.samples + BLOCK_SAMPLES)
        ]
        (block,) = blocks.merge(samples)
        seq = self.samples // BLOCK_SAMPLES
        self._frames.append(Frame(seq, FrameClass.TELEMETRY, blocks.encode(block)))
        self.samples += BLOCK_SAMPLES

    def _readings(self, sample: int) -> list[Reading]:
        at_us = self.at_us(sample)
        return [Reading(point, value, Quality.GOOD, at_us) for point, value in self.values(sample)]

    async def _upload(self, line: Line) -> None:
        frames = tuple(self._frames)
        upload = Upload(self.account.gateway, self._epoch, frames, frames[0].seq - 1)
        body = sync.encode_upload(upload)
        request = Request("POST", sync.UPLOAD_PATH, body)
        ack = await line.ask("upload", request, sync.ack_from_document)
        if ack is None:
            return
        if (ack.epoch, ack.seq) != (self._epoch, frames[-1].seq):
            self.tally.failed("upload", f"acknowledged {ack.seq} instead of {frames[-1].seq}")
        self._frames = [frame for frame in self._frames if frame.seq > ack.seq]

    async def _poll(self, line: Line, wait_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._idle.set()
        await asyncio.sleep(wait_s)
        while True:
            asked_s = loop.time()
            known = zlib.crc32(",".join(self._watch).encode("ascii"))
            have = f"have={self._schedule}&watch={known}&wait_s={POLL_WAIT_S:g}"
            request = Request("GET", f"{sync.DOWNLINK_PATH}?{have}", b"")
            answer = await line.ask("poll", request, sync.downlink_from_document, POLL_WAIT_S)
            if answer is not None:
                self._idle.clear()
                await self._take(line, answer)
                self._idle.set()
            await asyncio.sleep(asked_s + POLL_S_MIN - loop.time())

    async def _take(self, line: Line, answer: Downlink) -> None:
        self._look(answer.watch)
        if answer.schedule is not None:
            self._schedule = answer.schedule.version
        for command in answer.commands:
            await self._obey(line, command)
        await self._say(line)

    async def _obey(self, line: Line, command: Command) -> None:
        """Say that the command is held, then that it is done; once, however often it comes."""
        if command.id not in self.heard_s:
            self.heard_s[command.id] = asyncio.get_running_loop().time()
            self._results.append(self._result(command, State.RECEIVED))
            await self._say(line)
            self._results.append(self._result(command, State.DONE))

    def _result(self, command: Command, state: State) -> CommandResult:
        set_to = command.order.power_kw if isinstance(command.order, SetpointOrder) else None
        return CommandResult(
            id=command.id,
            state=state,
            at_us=self.clock.now_us(),
            text="simulated",
            read_back_kw=set_to if state is State.DONE else None,
        )

    async def _say(self, line: Line) -> None:
        """Post the results that the hub has not heard; what fails goes with the next poll."""
        if not self._results:
            return
        results = tuple(self._results)
        request = _post(sync.RESULTS_PATH, sync.results_to_document(results))
        if await line.ask("result", request, _heard) is None:
            return
        self._results = self._results[len(results) :]
        now_s = asyncio.get_running_loop().time()
        self.ended_s.update((result.id, now_s) for result in results if result.state.final)

    async def _report(self, line: Line, stop: asyncio.Event, waits_s: Sequence[float]) -> None:
        """Report soon after the start, then each 30 s at a moment of the box's own."""
        started_us = self.clock.now_us()
        for wait_s in chain(waits_s, repeat(REPORT_S)):
            if await _stopped(stop, wait_s):
                return
            request = _post(sync.REPORT_PATH, report.to_document(self._state(started_us)))
            await line.ask("report", request, _heard)

    def _state(self, started_us: int) -> Report:
        now_us = self.clock.now_us()
        return Report(
            at_us=now_us,
            version="simulated",
            started_us=started_us,
            clock=ClockState.SYNCHRONISED,
            clock_off_us=0,
            linked=True,
            mode="automatic",
            missed_beats=0,
            backlog_frames=len(self._frames),
            backlog_bytes=sum(len(frame.payload) for frame in self._frames),
            backlog_bytes_max=_DISK_BYTES // 16,
            backlog_from_us=None,
            quarantined=0,
            gaps=0,
            disk_free_bytes=_DISK_BYTES // 2,
            disk_bytes=_DISK_BYTES,
            written_bytes_day=None,
            store_trouble="",
            configuration="",
            devices=(Device(id=DEVICE, connected=True, answered_us=now_us, trouble=""),),
        )

    async def _show(self, line: Line, stop: asyncio.Event) -> None:
        """Post a light frame each second while somebody watches."""
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            await self._watched.wait()
            began_s = loop.time()
            body = live.encode(Live(self.clock.now_us(), self._newest()))
            watch = await line.ask("live", Request("POST", sync.LIVE_PATH, body), _watch)
            if watch is not None:
                self.live_frames += 1
                self._look(watch)
            await asyncio.sleep(began_s + LIVE_S - loop.time())

    def _newest(self) -> tuple[tuple[str, Reading], ...]:
        now_us = self.clock.now_us()
        sample = max(0, now_us - self.begin_us) / _SECOND_US
        watched = set(self._watch)
        return tuple(
            (DEVICE, Reading(point, round(sample + index / 64, 3), Quality.GOOD, now_us))
            for index, point in enumerate(POINTS)
            if "*" in watched or point in watched
        )

    def _look(self, watch: tuple[str, ...]) -> None:
        self._watch = watch
        if watch:
            self._watched.set()
        else:
            self._watched.clear()


def _post(path: str, document: dict[str, object]) -> Request:
    return Request("POST", path, fields.compact(document).encode("ascii"))


def _heard(document: Document) -> bool:
    fields.version(document, "answer", sync.VERSION)
    return True


def _watch(document: Document) -> tuple[str, ...]:
    return live.watch_from_document(document, "answer")


async def _stopped(stop: asyncio.Event, wait_s: float) -> bool:
    """Wait so long, or until `stop` is set; say whether it is."""
    if wait_s <= 0:
        return stop.is_set()
    try:
        async with asyncio.timeout(wait_s):
            await stop.wait()
    except TimeoutError:
        return stop.is_set()
    return True
