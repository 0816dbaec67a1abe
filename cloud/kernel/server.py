"""uvicorn as a guest in our own TaskGroup: we own the signals, the socket and the end."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from cloud.kernel import connections
from cloud.kernel.connections import Bounds

BACKLOG = 256
ACCEPTED_AT_ONCE = 32
"""Before those are looked at; `connections.FILES_SPARED` has room for them a few times over."""
CLOSE_S_MAX = 3
"""How long open requests may take to end when the hub stops."""
KEPT_S = 75
"""How long a connection may be idle: longer than a box keeps one, so that it is the box that ends
it, and no request meets a connection that has just been closed."""


class AddressTaken(Exception):
    """Nobody can listen there; the text says where and why."""


class _Guest(uvicorn.Server):
    """Leaves the signals alone and says when it has begun to answer."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._say_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for line in sockets or ():
            line.listen(BACKLOG)  # asyncio takes one number for what waits and what it accepts
        self._say_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket; port 0: any free one.

    Raises:
        AddressTaken: the port is in use, or the host is not one of this machine.
    """
    try:
        line = socket.create_server((host, port), backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise AddressTaken(f"cannot listen on {host}:{port}: {reason}") from error
    # Handed on to each connection. An answer is written in two parts, and without this the second
    # waits for the other end to acknowledge the first: 40 ms. asyncio does it for its own sockets.
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


async def serve(
    app: ASGIApp,
    line: socket.socket,
    started: Callable[[], None],
    stop: asyncio.Event,
    bounds: Bounds | None = None,
) -> None:
    """Serve `app` until `stop` is set; `started` is called once it answers."""
    server = _Guest(
        uvicorn.Config(
            app,
            http=connections.protocol(bounds or connections.bounds()),
            backlog=ACCEPTED_AT_ONCE,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws="websockets-sansio",
            timeout_graceful_shutdown=CLOSE_S_MAX,
            timeout_keep_alive=KEPT_S,
        ),
        started,
    )

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    async with asyncio.TaskGroup() as tasks:
        ending = tasks.create_task(end(), name="end")
        await server.serve(sockets=[line])
        ending.cancel()
