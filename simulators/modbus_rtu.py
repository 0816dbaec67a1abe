"""A Modbus RTU server on a pty, written for itself; see `simulators.modbus_server` for why.

Frames of the serial line: unit, function, data, CRC (low byte first). A frame is complete when
its function says so; whatever does not add up is thrown away at the next silence, as a device
does. Other units' requests are heard and not answered, a broadcast is obeyed in silence.
"""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from simulators.faults import Faults
from simulators.modbus_server import Registers, garbage, respond, spoilt

SILENCE_S = 0.02
"""After this pause the next byte begins a frame; longer than 3.5 characters at any usual speed."""
FRAME_BYTES_MAX = 256
_BROADCAST = 0
_CHUNK = 4_096


def crc(data: bytes) -> bytes:
    """Return the checksum of a frame; Modbus over serial line 1.02, clause 6.2.2."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xA001 if register & 1 else 0)
    return register.to_bytes(2, "little")


@asynccontextmanager
async def serve(
    device: Registers, link: Path, *, unit: int = 1, faults: Faults | None = None
) -> AsyncIterator[Path]:
    """Serve `device` as `unit` on a new pty that `link` points to, until the block ends.

    Raises:
        OSError: the link cannot be made.
    """
    loop = asyncio.get_running_loop()
    with pty(link) as master:
        line = _Line(master, device, unit, faults)
        loop.add_reader(master, line.receive)
        try:
            yield link
        finally:
            loop.remove_reader(master)
            line.close()


@contextmanager
def pty(link: Path) -> Iterator[int]:
    """Make a serial line of two ends: `link` points to one, the value is the other's descriptor.

    Raises:
        OSError: the link cannot be made.
    """
    master, slave = os.openpty()
    try:
        tty.setraw(slave)
        os.set_blocking(master, False)
        link.symlink_to(os.ttyname(slave))
        try:
            yield master
        finally:
            link.unlink(missing_ok=True)
    finally:
        os.close(master)
        os.close(slave)


class _Line:
    """Bytes in, whole requests out, answers back."""

    def __init__(
        self, descriptor: int, device: Registers, unit: int, faults: Faults | None
    ) -> None:
        self._descriptor = descriptor
        self._device = device
        self._unit = unit
        self._faults = faults
        self._received = bytearray()
        self._silence: asyncio.TimerHandle | None = None

    def receive(self) -> None:
        with suppress(BlockingIOError):
            self._received += os.read(self._descriptor, _CHUNK)
        while (frame := self._frame()) is not None:
            self._serve(frame)
        self.close()
        if self._received:
            loop = asyncio.get_running_loop()
            self._silence = loop.call_later(SILENCE_S, self._received.clear)

    def close(self) -> None:
        if self._silence is not None:
            self._silence.cancel()

    def _frame(self) -> bytes | None:
        """Take one sound request out of what was received."""
        received = self._received
        if len(received) < 8:
            return None
        many = received[1] in (15, 16)
        length = 9 + received[6] if many else 8
        if len(received) < length:
            return None
        frame = bytes(received[:length])
        if crc(frame[:-2]) != frame[-2:]:
            received.clear()
            return None
        del received[:length]
        return frame

    def _serve(self, frame: bytes) -> None:
        unit, pdu = frame[0], frame[1:-2]
        if unit not in (self._unit, _BROADCAST):
            return
        answer = respond(pdu, self._device)
        if unit == _BROADCAST:
            return
        let_out = spoilt(answer, self._faults)
        if let_out is None:
            return
        sound = bytes((unit,)) + let_out
        sound += crc(sound)
        if self._faults is None:
            self._send(sound)
            return
        current = self._faults.current
        sound = garbage() if current.garbage else sound
        asyncio.get_running_loop().call_later(current.delay_s, self._send, sound)

    def _send(self, answer: bytes) -> None:
        with suppress(OSError):  # a line that nobody reads is full, or closed meanwhile
            os.write(self._descriptor, answer)
