"""Connections of a server that strangers reach: so many, and none that is waited for without end.

Each one takes a file of the process before it has said who it is. Where files run out nothing can
be written any more, and asyncio of Python 3.11 tries to accept again and again, each time with a
traceback in the log. So there is a limit below that. At the limit the connection goes that has been
owed a request for longest; what is being answered stays.

A head has to be there in time, however slowly it comes; of a body, something must come now and
then; of an answer, something must be taken. Idle connections between requests are uvicorn's.
"""

import asyncio
import logging
import resource
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

CONNECTIONS_MAX = 10_000
FILES_SPARED = 256
"""Of those that the process may open: for database and journal, and what is not counted yet."""
_TOLD_EACH_S = 60.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one client may take; times in s."""

    connections_max: int = CONNECTIONS_MAX
    head_s_max: float = 20.0
    """From the connection, or the first byte of a further request, to the end of the head."""
    pause_s_max: float = 30.0
    """Without a byte of a body that is announced, or a byte taken of an answer."""


def bounds() -> Bounds:
    """Return the bounds of this process: fewer connections where it may open few files."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return Bounds()
    return Bounds(connections_max=max(16, min(CONNECTIONS_MAX, files - FILES_SPARED)))


def protocol(bounded: Bounds) -> type[asyncio.Protocol]:
    """Return what uvicorn makes of each connection of one server."""
    return cast("type[asyncio.Protocol]", partial(_Connection, _Crowd(bounded)))


class _Crowd:
    """All connections of a server that owe something, the longest first."""

    def __init__(self, bounded: Bounds) -> None:
        self.bounds = bounded
        self.owing: dict[_Connection, None] = {}
        self._silent_until_s = 0.0

    def relieve(self, now_s: float) -> None:
        """Close one: there are too many."""
        one = next(iter(self.owing))
        del self.owing[one]
        one.transport.abort()
        if now_s >= self._silent_until_s:
            self._silent_until_s = now_s + _TOLD_EACH_S
            _logger.warning(
                "%d connections are open, the most that are allowed; those that have been owed a"
                " request for longest are closed",
                self.bounds.connections_max,
            )


class _Connection(H11Protocol):
    """One connection; it owes a request until the last byte of it has come."""

    def __init__(
        self,
        crowd: _Crowd,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._crowd = crowd
        self._owed: asyncio.TimerHandle | None = None
        self._untaken: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._crowd.owing[self] = None
        self._within(self._crowd.bounds.head_s_max)
        if len(self.connections) > self._crowd.bounds.connections_max:
            self._crowd.relieve(self.loop.time())

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._gone()
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        super().pause_writing()
        pause_s = self._crowd.bounds.pause_s_max
        self._untaken = self.loop.call_later(pause_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        _end(self._untaken)

    def _look(self) -> None:
        """See what is owed now."""
        if self.transport.is_closing():
            return
        cycle: Any = self.cycle  # uvicorn says that there is one; before a request it is None
        if cycle is None or cycle.response_complete:
            self._crowd.owing.setdefault(self)
            if self.timeout_keep_alive_task is None and self._owed is None:
                self._within(self._crowd.bounds.head_s_max)
        elif cycle.more_body:
            self._within(self._crowd.bounds.pause_s_max)
        else:
            self._crowd.owing.pop(self, None)
            _end(self._owed)
            self._owed = None

    def _within(self, seconds: float) -> None:
        """Give what is owed so much time, from now on."""
        _end(self._owed)
        self._owed = self.loop.call_later(seconds, self._too_late)

    def _too_late(self) -> None:
        if self.flow.read_paused:  # it is ours to read on
            self._within(self._crowd.bounds.pause_s_max)
        else:
            self.transport.abort()

    def _gone(self) -> None:
        self._crowd.owing.pop(self, None)
        _end(self._owed)
        _end(self._untaken)


def _end(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
