"""uvicorn as a guest in a simulator: no signal handlers, no log, a quiet end."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

_BACKLOG = 64
_GRACE_S = 1

logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


class _Guest(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: ASGIApp, host: str, port: int) -> AsyncIterator[int]:
    """Serve `app` until the block ends; the value is the port (0 asks for a free one).

    Raises:
        OSError: the port is taken.
    """
    listener = socket.create_server((host, port), backlog=_BACKLOG)
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Guest(config)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]), name="http")
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
