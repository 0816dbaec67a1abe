"""Control's end of the link: it listens, the gateway connects.

Each connection begins with a `Hello`, then everything still kept, then what is new, and the
newest `Status` a few times a second, with the readings that are new in it. A newer connection
replaces an older one, so a gateway that was killed and started again is never kept out by its own
ghost. Nothing here makes the cycle wait: a gateway that does not read fills only its own socket.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent import link
from agent.control.changes import Changes
from agent.control.outbox import Outbox
from agent.link import (
    ClockVerdict,
    Hello,
    Injection,
    Kept,
    Leave,
    Pushed,
    Recall,
    Reset,
    Steering,
    Stored,
)
from agent.status import Status
from wire.fields import BadMessage
from wire.schedule import Schedule

STATUS_PERIOD_S = 0.2
QUIET_AGAIN_S = 0.01
ITEMS_PER_WRITE_MAX = 100
SOCKET_PATH_BYTES_MAX = 107
"""What the kernel allows for the name of a Unix socket."""

_logger = logging.getLogger(__name__)

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def listening(path: Path) -> AsyncIterator["asyncio.Queue[_Connection]"]:
    """Listen at `path`, readable by our user only; a socket left by a killed process is replaced.

    Yields the newest connection; one that nobody has taken yet is closed when a newer one comes.
    """
    newest: asyncio.Queue[_Connection] = asyncio.Queue(maxsize=1)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if newest.full():
            _, forgotten = newest.get_nowait()
            forgotten.close()
        newest.put_nowait((reader, writer))

    with _bound(path) as unix:
        async with await asyncio.start_unix_server(accept, sock=unix):
            yield newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Takers:
    """Who is handed what the gateway says; none of them may wait."""

    schedule: Callable[[Schedule], None]
    pushed: Callable[[Pushed], None]
    steering: Callable[[Steering], None]
    injection: Callable[[Injection], None]
    clock: Callable[[ClockVerdict], None]
    kept: Callable[[Kept], None]
    recall: Callable[[Recall], None]
    reset: Callable[[Reset], None]
    leave: Callable[[Leave], None]
    dropped: Callable[[int], None]
    """So many items were lost before the gateway could store them."""


class LinkServer:
    """Serves one gateway at a time; see the module."""

    def __init__(
        self,
        hello: Hello,
        outbox: Outbox,
        status: Callable[[], Status | None],
        takers: Takers,
        quiet: Callable[[], bool] = lambda: True,
    ) -> None:
        """Make the server; a picture waits a little for a `quiet` moment of the cycle."""
        self._quiet = quiet
        self._hello = hello
        self._outbox = outbox
        self._status = status
        self._takers = takers
        self._handed: dict[type, Callable[[Any], None]] = {
            Schedule: takers.schedule,
            Pushed: takers.pushed,
            Steering: takers.steering,
            Injection: takers.injection,
            ClockVerdict: takers.clock,
            Kept: takers.kept,
            Recall: takers.recall,
            Reset: takers.reset,
            Leave: takers.leave,
        }

    async def run(self, connections: "asyncio.Queue[_Connection]") -> None:
        """Talk to the newest connection until cancelled."""
        connection = await connections.get()
        while True:
            async with asyncio.TaskGroup() as tasks:
                talk = tasks.create_task(self._talk(*connection), name="talk")
                connection = await connections.get()
                talk.cancel()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _logger.info("the gateway is connected")
        try:
            async with asyncio.TaskGroup() as tasks:
                sender = tasks.create_task(self._send(writer), name="send")
                await self._receive(reader)
                sender.cancel()
        finally:
            writer.close()
            _logger.info("the gateway is gone")

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        """Take messages until the connection ends."""
        try:
            while True:
                self._take(await link.receive(reader))
        except (EOFError, OSError):
            return
        except BadMessage as error:
            _logger.warning("the gateway is disconnected: %s", error)

    def _take(self, message: link.Message) -> None:
        if isinstance(message, Stored):
            if message.boot == self._hello.boot:
                self._outbox.stored(message.number)
                if dropped := self._outbox.take_unreported():
                    self._takers.dropped(dropped)
        elif (taker := self._handed.get(type(message))) is not None:
            taker(message)

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        """Send what is kept, what comes and the newest picture, until the connection ends."""
        loop = asyncio.get_running_loop()
        sent, picture_s, changes = -1, loop.time(), Changes()
        try:
            writer.write(link.encode(self._hello))
            while True:
                while items := self._outbox.after(sent, ITEMS_PER_WRITE_MAX):
                    writer.write(b"".join(frame for _, frame in items))
                    sent = items[-1][0]
                    await writer.drain()
                self._outbox.more.clear()
                now_s = loop.time()
                if picture_s <= now_s < picture_s + STATUS_PERIOD_S and not self._quiet():
                    await asyncio.sleep(QUIET_AGAIN_S)
                elif now_s >= picture_s:
                    picture_s = loop.time() + STATUS_PERIOD_S
                    if (status := self._status()) is not None:
                        new = changes.take(status.readings)
                        writer.write(link.encode(replace(status, readings=new)))
                        await writer.drain()
                try:
                    async with asyncio.timeout_at(picture_s):
                        await self._outbox.more.wait()
                except TimeoutError:
                    continue
        except OSError:
            return


@contextmanager
def _bound(path: Path) -> Iterator[socket.socket]:
    """Bind a socket that is never open to others, not even for a moment."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as unix:
        before = os.umask(0o177)
        try:
            unix.bind(str(path))
        finally:
            os.umask(before)
        try:
            yield unix
        finally:
            path.unlink(missing_ok=True)
