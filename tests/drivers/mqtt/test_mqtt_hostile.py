"""drivers.mqtt.client against brokers that break every rule: it comes back, 100 times of 100.

Time is scaled: the pauses and the time-out are a tenth of what they are, and so is the limit.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers.mqtt import client
from drivers.mqtt.party import Arrival, Message, NotSent
from drivers.told import back_off_s
from tests.support import mosquitto
from tests.support.mosquitto import Listening, place, talking
from tests.support.patience import eventually

pytestmark = pytest.mark.skipif(not mosquitto.PROGRAM, reason="mosquitto is not installed")
SCALE = 10.0
RECOVERY_S = 10.0 / SCALE
WELCOME = b"\x20\x02\x00\x00"
NO_ENTRY = b"\x20\x02\x00\x05"
AGREED = b"\x90\x03\x00\x01\x01"
REFUSED = b"\x90\x03\x00\x01\x80"

Trick = Callable[["Line"], Awaitable[None]]


@dataclass(slots=True)
class Line:
    """One connection of the client to a hostile broker."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    chance: random.Random

    async def say(self, *parts: bytes) -> None:
        """Answer what the client says with these, one after the other."""
        for part in parts:
            await self.reader.read(1_000)
            self.writer.write(part)

    async def wait(self) -> None:
        """Say nothing until the client leaves."""
        while await self.reader.read(1_000):
            pass


async def hang_up(line: Line) -> None:
    await line.say()


async def hang_up_on_a_connect(line: Line) -> None:
    await line.say(b"")


async def refuse(line: Line) -> None:
    await line.say(NO_ENTRY)


async def keep_silent(line: Line) -> None:
    await line.wait()


async def speak_another_language(line: Line) -> None:
    await line.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def say_anything(line: Line) -> None:
    await line.say(line.chance.randbytes(200))


async def welcome_and_hang_up(line: Line) -> None:
    await line.say(WELCOME)


async def welcome_and_refuse(line: Line) -> None:
    await line.say(WELCOME, REFUSED)
    await line.wait()


async def welcome_and_keep_silent(line: Line) -> None:
    await line.say(WELCOME)
    await line.wait()


async def agree_and_say_anything(line: Line) -> None:
    await line.say(WELCOME, AGREED + line.chance.randbytes(200))


async def agree_and_begin_a_huge_message(line: Line) -> None:
    await line.say(WELCOME, AGREED + b"\x30\xff\xff\xff\x7f" + b"x" * 1_000)


async def agree_and_publish_nothing(line: Line) -> None:
    await line.say(WELCOME, AGREED + b"\x30\x00")


async def agree_and_publish_to_a_topic_that_is_no_text(line: Line) -> None:
    await line.say(WELCOME, AGREED + b"\x30\x05\x00\x02\xff\xfe1")


async def agree_twice(line: Line) -> None:
    await line.say(WELCOME + WELCOME, AGREED + AGREED)


TRICKS: tuple[Trick, ...] = (
    hang_up,
    hang_up_on_a_connect,
    refuse,
    keep_silent,
    speak_another_language,
    say_anything,
    welcome_and_hang_up,
    welcome_and_refuse,
    welcome_and_keep_silent,
    agree_and_say_anything,
    agree_and_begin_a_huge_message,
    agree_and_publish_nothing,
    agree_and_publish_to_a_topic_that_is_no_text,
    agree_twice,
)


@dataclass(slots=True)
class Gate:
    """In front of a real broker: plays a trick on a connection, or lets it through."""

    broker_port: int
    chance: random.Random
    tricks: list[Trick] = field(default_factory=list)
    played: int = 0
    lines: set[asyncio.StreamWriter] = field(default_factory=set)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.add(writer)
        try:
            if self.tricks:
                await self.tricks.pop()(Line(reader, writer, self.chance))
                await writer.drain()
                self.played += 1
            else:
                await self._through(reader, writer)
        except OSError:
            return
        finally:
            self.lines.discard(writer)
            writer.close()

    def cut(self) -> None:
        """End all connections, so that the next trick can be played."""
        for line in self.lines:
            line.transport.abort()

    async def _through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self.broker_port)
        try:
            async with asyncio.TaskGroup() as tasks:
                back = tasks.create_task(_copy(inner, writer))
                await _copy(reader, outer)
                back.cancel()
        finally:
            outer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)


@asynccontextmanager
async def gate_before(port: int, chance: random.Random) -> AsyncIterator[tuple[int, Gate]]:
    gate = Gate(port, chance)
    server = await asyncio.start_server(gate.take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], gate
    finally:
        gate.cut()
        server.close()
        await eventually(lambda: not gate.lines)


@pytest.mark.slow
async def test_whatever_a_broker_does_the_next_one_is_heard_again_100_times_of_100(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "CONNECT_S", client.CONNECT_S / SCALE)
    monkeypatch.setattr(client, "back_off_s", lambda failures: back_off_s(failures) / SCALE)
    loop, chance = asyncio.get_running_loop(), random.Random(7)
    party, worst_s = Listening(), 0.0
    async with (
        mosquitto.running(tmp_path) as server,
        gate_before(server.port, chance) as (port, gate),
        talking(place(port), party) as broker,
    ):
        for run in range(100):
            gate.tricks.append(TRICKS[run % len(TRICKS)])
            gate.cut()
            began_s = loop.time()
            await _one_more_played(gate, run)
            await eventually(lambda: broker.connected and not gate.tricks)
            await _heard(broker, party, b"%d" % run)
            worst_s = max(worst_s, loop.time() - began_s)
    assert gate.played == 100
    assert worst_s < RECOVERY_S


async def _one_more_played(gate: Gate, before: int) -> None:
    await eventually(lambda: gate.played > before)


async def _heard(broker: client.Broker, party: Listening, payload: bytes) -> None:
    """Publish until it is heard: a connection that is about to break does not count."""
    while True:
        try:
            await broker.publish(Message("run", payload), 0.2)
            await eventually(lambda: Arrival("run", payload, False) in party.heard[-5:], 0.2)
        except (NotSent, TimeoutError):
            await _a_moment()
        else:
            return


async def _a_moment() -> None:
    await asyncio.sleep(0.005)
