"""A small hub: speaks `wire.sync` over real HTTP, remembers what it committed, fails on demand."""

import asyncio
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from zlib import crc32

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agent.web.serve import listen, serve
from wire import block as blocks
from wire import fields, live, records, report, signing, sync
from wire.alarm import Alarm
from wire.block import Block
from wire.clock import Clock, SystemClock
from wire.command import Command, CommandResult
from wire.gap import Gap
from wire.live import Live
from wire.report import Report
from wire.schedule import Schedule
from wire.signing import Key
from wire.sync import Ack, Event, Frame, FrameClass, Upload

KEY = Key("gwk-test", bytes.fromhex("ab" * 32))
GATEWAY = "gw-test"
Trouble = Callable[[Upload], Response | None]


@dataclass(slots=True)
class HubPeer:
    """Commits frames by (epoch, number); answers with what `trouble` says, if it says something."""

    port: int = 0
    clock: Clock = field(default_factory=SystemClock)
    frames: dict[tuple[str, int], Frame] = field(default_factory=dict)
    acked: dict[str, int] = field(default_factory=dict)
    uploads: list[Upload] = field(default_factory=list)
    trouble: Trouble = lambda _upload: None
    lose_answers: int = 0
    """So many answers are lost after the commit."""
    schedule: Schedule | None = None
    commands: tuple[Command, ...] = ()
    results: list[CommandResult] = field(default_factory=list)
    bundles: dict[str, bytes] = field(default_factory=dict)
    watch: tuple[str, ...] = ()
    grant_bytes_s: int | None = None
    lives: list[Live] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    live_trouble: Response | None = None
    polls: list[int] = field(default_factory=list)
    times: int = 0
    """How often somebody asked for the time."""
    tells_time: bool = True
    lies: bool = False
    """Somebody without our key answers in its place."""
    nonces: set[str] = field(default_factory=set)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def blocks(self) -> list[Block]:
        return [
            blocks.decode(frame.payload)
            for _, frame in sorted(self.frames.items())
            if frame.kind is FrameClass.TELEMETRY
        ]

    def events(self) -> list[Event]:
        return [
            event
            for _, frame in sorted(self.frames.items())
            if frame.kind is FrameClass.EVENTS
            for event in records.decode(frame.payload).events
        ]

    def alarms(self) -> list[Alarm]:
        """Return the alarms as the box last told them, the oldest first."""
        newest: dict[str, Alarm] = {}
        for _, frame in sorted(self.frames.items()):
            if frame.kind is FrameClass.EVENTS:
                for alarm in records.decode(frame.payload).alarms:
                    if alarm.id not in newest or newest[alarm.id].change < alarm.change:
                        newest[alarm.id] = alarm
        return list(newest.values())

    def gaps(self) -> list[Gap]:
        return [
            gap
            for _, frame in sorted(self.frames.items())
            if frame.kind is FrameClass.EVENTS
            for gap in records.decode(frame.payload).gaps
        ]

    def samples(self) -> list[tuple[str, int]]:
        """Return (boot, number) of every sample that was committed, in order."""
        return [
            (block.boot, block.seq + i) for block in self.blocks() for i in range(len(block.at_us))
        ]

    async def until(self, happened: Callable[[], bool], timeout_s: float = 15) -> None:
        async with asyncio.timeout(timeout_s), self.changed:
            await self.changed.wait_for(happened)

    async def publish(self, schedule: Schedule) -> None:
        async with self.changed:
            self.schedule = schedule
            self.changed.notify_all()

    async def watching(self, *points: str) -> None:
        """Watch these points from now on."""
        async with self.changed:
            self.watch = points
            self.changed.notify_all()

    async def live(self, request: Request) -> Response:
        body = await request.body()
        if refused := self._signature_refused(request, body) or self.live_trouble:
            return refused
        async with self.changed:
            self.lives.append(live.decode(body))
            self.changed.notify_all()
        return JSONResponse({"v": 1, "watch": list(self.watch)})

    async def report(self, request: Request) -> Response:
        body = await request.body()
        if refused := self._signature_refused(request, body):
            return refused
        async with self.changed:
            self.reports.append(report.from_document(fields.parse(body)))
            self.changed.notify_all()
        return JSONResponse({"v": 1})

    async def send(self, *commands: Command) -> None:
        """Send these with every answer until results say that the box holds them."""
        async with self.changed:
            self.commands = (*self.commands, *commands)
            self.changed.notify_all()

    async def hear(self, request: Request) -> Response:
        body = await request.body()
        if refused := self._signature_refused(request, body):
            return refused
        async with self.changed:
            self.results += sync.results_from_document(fields.parse(body))
            held = {result.id for result in self.results}
            self.commands = tuple(one for one in self.commands if one.id not in held)
            self.changed.notify_all()
        return JSONResponse({"v": 1})

    async def bundle(self, request: Request) -> Response:
        body = await request.body()
        if refused := self._signature_refused(request, body):
            return refused
        async with self.changed:
            self.bundles[request.path_params["command"]] = body
            self.changed.notify_all()
        return JSONResponse({"v": 1})

    async def result(self, identity: str, timeout_s: float = 60) -> CommandResult:
        """Return the end of a command."""

        def ended() -> list[CommandResult]:
            return [one for one in self.results if one.id == identity and one.state.final]

        await self.until(lambda: bool(ended()), timeout_s)
        return ended()[-1]

    async def take(self, request: Request) -> Response:
        body = await request.body()
        if refused := self._signature_refused(request, body):
            return refused
        upload = sync.decode_upload(body)
        self.uploads.append(upload)
        if answer := self.trouble(upload):
            return answer
        async with self.changed:
            ack = self.commit(upload)
            self.changed.notify_all()
        if self.lose_answers > 0:
            self.lose_answers -= 1
            return Response(status_code=502)
        return JSONResponse(sync.ack_to_document(ack))

    def commit(self, upload: Upload) -> Ack:
        """Keep every frame once; acknowledge up to the first number that may still come."""
        for frame in upload.frames:
            known = self.frames.setdefault((upload.epoch, frame.seq), frame)
            assert known == frame, "the same number carries something else"
        acked = self.acked.get(upload.epoch, -1)
        if upload.after is not None and upload.after <= acked and upload.frames:
            acked = max(acked, upload.frames[-1].seq)
        while (upload.epoch, acked + 1) in self.frames:
            acked += 1
        self.acked[upload.epoch] = acked
        return Ack(upload.epoch, acked)

    async def wait(self, request: Request) -> Response:
        if refused := self._signature_refused(request, b""):
            return refused
        have = int(request.query_params["have"])
        watch = int(request.query_params["watch"])
        wait_s = float(request.query_params["wait_s"])

        def is_news() -> bool:
            newer = self.schedule is not None and self.schedule.version != have
            return newer or bool(self.commands) or watch != crc32(",".join(self.watch).encode())

        async with self.changed:
            self.polls.append(have)
            self.changed.notify_all()
            try:
                async with asyncio.timeout(wait_s):
                    await self.changed.wait_for(is_news)
            except TimeoutError:
                pass  # There is none, and the answer says so.
        newer = self.schedule if self.schedule and self.schedule.version != have else None
        answer = sync.Downlink(
            server_us=self.clock.now_us(),
            schedule=newer,
            commands=self.commands,
            watch=self.watch,
            grant_bytes_s=self.grant_bytes_s,
        )
        return JSONResponse(sync.downlink_to_document(answer))

    def tell_time(self, request: Request) -> Response:
        """Say what time it is, with the proof that only the holder of the key can give."""
        self.times += 1
        if not self.tells_time:
            return Response(status_code=503)
        server_us = self.clock.now_us()
        known = request.query_params["key"] == KEY.key_id and not self.lies
        mac = signing.time_mac(KEY, request.query_params["nonce"], server_us) if known else ""
        return JSONResponse({"v": 1, "server_us": server_us, "mac": mac})

    def _signature_refused(self, request: Request, body: bytes) -> Response | None:
        path = request.url.path
        if request.url.query:
            path += "?" + urllib.parse.unquote(request.url.query)
        try:
            signature = signing.read(request.headers["authorization"])
            signed = signing.Request(request.method, path, body)
            signing.verify(signed, signature, KEY, self.clock.now_us())
        except signing.BadSignature as error:
            return JSONResponse({"code": error.code, "message": str(error)}, 401)
        assert signature.nonce not in self.nonces, "a nonce was used twice"
        self.nonces.add(signature.nonce)
        return None


def refusal(status: int, code: str, message: str = "no") -> Response:
    return JSONResponse({"code": code, "message": message}, status)


@asynccontextmanager
async def hub_peer(port: int = 0) -> AsyncIterator[HubPeer]:
    """Serve a hub, on a free port unless one is named."""
    peer = HubPeer()

    async def upload(request: Request) -> Response:
        return await peer.take(request)

    async def downlink(request: Request) -> Response:
        return await peer.wait(request)

    async def time(request: Request) -> Response:
        return peer.tell_time(request)

    routes: list[tuple[str, Callable[[Request], Awaitable[Response]], str]] = [
        (sync.UPLOAD_PATH, upload, "POST"),
        (sync.DOWNLINK_PATH, downlink, "GET"),
        (sync.LIVE_PATH, peer.live, "POST"),
        (sync.REPORT_PATH, peer.report, "POST"),
        (sync.TIME_PATH, time, "GET"),
        (sync.RESULTS_PATH, peer.hear, "POST"),
        (f"{sync.BUNDLES_PATH}/{{command}}", peer.bundle, "POST"),
    ]
    app = Starlette(
        routes=[Route(path, endpoint, methods=[method]) for path, endpoint, method in routes]
    )
    with listen("127.0.0.1", port) as listener:
        peer.port = listener.getsockname()[1]
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(serve(app, listener, asyncio.Event()))
            try:
                yield peer
            finally:
                task.cancel()
