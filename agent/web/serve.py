"""uvicorn as a guest in our own TaskGroup: no signal handlers, no WebSockets, a quiet end."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn

CONNECTIONS_MAX = 60
STOP_S_MAX = 3.0
_GRACE_S = 1
_BACKLOG = 64
_KEEP_ALIVE_S = 15

App = Callable[..., Awaitable[None]]


class PortTaken(Exception):
    """The page cannot listen where the settings say."""


class _Guest(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        PortTaken: another program has the port, or the host is not an address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise PortTaken(f"page: cannot listen on {host} port {port}: {reason}") from error
    # Handed on to each connection: the second part of an answer does not wait for the first to be
    # acknowledged (40 ms). asyncio does it for its own sockets.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def serve(app: App, listener: socket.socket, stopping: asyncio.Event) -> None:
    """Serve `app` until cancelled; then set `stopping`, so that endless answers end."""
    server = _Guest(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS_MAX,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
    async with asyncio.TaskGroup() as tasks:
        guest = tasks.create_task(server.serve(sockets=[listener]), name="uvicorn")
        try:
            await asyncio.wait([guest])
        except asyncio.CancelledError:
            # uvicorn must not be cancelled but told: a cancelled one prints a traceback.
            stopping.set()
            server.should_exit = True
            await asyncio.wait([guest], timeout=STOP_S_MAX)
            raise
    raise RuntimeError("the page's server ended by itself")
