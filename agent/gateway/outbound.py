"""What control is to be told: of each kind only the newest, and all of it on each connection.

However slowly the link takes it, nothing queues up here. What a device pushed, a reset and the wish
that control leave are for the moment: they are not said again to a control that comes later.
"""

import asyncio
from collections.abc import Sequence

from agent import link
from agent.link import ClockVerdict, Injection, Kept, Leave, Pushed, Recall, Reset, Steering, Stored
from wire.block import Reading
from wire.schedule import Schedule

Lasting = ClockVerdict | Stored | Kept | Schedule | Steering | Injection
_ORDER = (ClockVerdict, Stored, Kept, Steering, Schedule, Injection)
"""The clock goes first: the others are judged by it. What operators want goes before the schedule:
a box that is to stand by must not follow a schedule even for a moment."""


class Outbound:
    """See the module."""

    def __init__(self) -> None:
        self._newest: dict[type[Lasting], Lasting] = {}
        self._pushed: dict[str, dict[str, Reading]] = {}
        self._once: list[Leave | Reset] = []
        self._changed = asyncio.Event()
        self._held, self._held_s = "", 0.0

    def hold(self, text: str) -> None:
        """Have `text` said once to whoever connects next, with its age; empty: nothing."""
        self._held, self._held_s = text, asyncio.get_running_loop().time()

    def put(self, message: Lasting) -> None:
        """Have `message` said now and after each reconnection, until another of its kind comes."""
        self._newest[type(message)] = message
        self._changed.set()

    def push(self, device: str, readings: Sequence[Reading]) -> None:
        """Have the newest of each point of `device` said once."""
        waiting = self._pushed.setdefault(device, {})
        for reading in readings:
            before = waiting.get(reading.point)
            if before is None or reading.at_us >= before.at_us:
                waiting[reading.point] = reading
        self._changed.set()

    def leave(self, reason: str) -> None:
        """Have control asked once to end."""
        self._once.append(Leave(reason))
        self._changed.set()

    def reset(self, code: str) -> None:
        """Have control told once that somebody resets the latches of this code."""
        self._once.append(Reset(code))
        self._changed.set()

    async def speak(self, writer: asyncio.StreamWriter) -> None:
        """Say on a new connection what is to be said, and what comes, until the line breaks."""
        said: dict[type[Lasting], Lasting] = {}
        if self._held:
            age_s = asyncio.get_running_loop().time() - self._held_s
            writer.write(link.encode(Recall(age_s, self._held)))
        self._pushed.clear()  # Nobody listened to what still waits; by now it is old.
        self._once.clear()
        while True:
            self._changed.clear()
            pushed, self._pushed = self._pushed, {}
            for device, readings in pushed.items():
                writer.write(link.encode(Pushed(device, tuple(readings.values()))))
            for kind in _ORDER:
                message = self._newest.get(kind)
                if message is not None and message is not said.get(kind):
                    said[kind] = message
                    writer.write(link.encode(message))
            writer.write(b"".join(link.encode(message) for message in self._once))
            self._once.clear()
            try:
                await writer.drain()
            except OSError:
                return  # The line is broken, and whoever listens on it says so.
            await self._changed.wait()
