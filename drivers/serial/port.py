"""The one way to a serial port: pyserial-asyncio-fast where it is installed, else pyserial-asyncio.

The only file that imports either, or pyserial.
"""

import asyncio
import termios
from importlib import import_module
from types import ModuleType

from drivers.errors import DeviceUnreachable
from drivers.serial.profile import Character
from drivers.serial.telegram import TELEGRAM_BYTES_MAX

LIBRARIES = ("serial_asyncio_fast", "serial_asyncio")
"""The maintained one first."""
_PENDING_S = 0.02


class SerialPort:
    """An open port; made by `open_serial`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        """Return what comes next, at least one byte.

        Raises:
            DeviceUnreachable: the port is gone.
        """
        try:
            data = await self._reader.read(TELEGRAM_BYTES_MAX)
        except OSError as error:
            raise DeviceUnreachable(f"the serial port is gone: {error}") from error
        if not data:
            raise DeviceUnreachable("the serial port is gone")
        return data

    async def write(self, data: bytes) -> None:
        """Send `data`; it may still be in the port's buffer when this returns."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise DeviceUnreachable(f"the serial port is gone: {error}") from error

    async def discard(self) -> None:
        """Forget what has arrived unasked, so that it is not taken for an answer."""
        try:
            async with asyncio.timeout(_PENDING_S):
                while True:
                    await self.read()
        except TimeoutError:
            return

    def set_baud(self, baud: int) -> None:
        try:
            self._writer.transport.get_extra_info("serial").baudrate = baud
        except (OSError, ValueError, termios.error) as error:
            raise DeviceUnreachable(f"the port cannot be set to {baud} baud: {error}") from error

    def close(self) -> None:
        self._writer.transport.abort()


def library() -> ModuleType:
    """Return the first of `LIBRARIES` that is installed.

    Raises:
        DeviceUnreachable: none is.
    """
    for name in LIBRARIES:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name not in (name, "serial"):
                raise
    raise DeviceUnreachable(f"none of {', '.join(LIBRARIES)} is installed")


async def open_serial(path: str, character: Character) -> SerialPort:
    """Open the port for us alone.

    Raises:
        DeviceUnreachable: there is none, it is not ours to use, or it cannot be set so.
    """
    try:
        reader, writer = await library().open_serial_connection(
            url=path,
            limit=TELEGRAM_BYTES_MAX,
            baudrate=character.baud,
            bytesize=character.bits,
            parity=character.parity.value[0].upper(),
            stopbits=character.stop_bits,
            exclusive=True,
        )
    except (OSError, ValueError, termios.error) as error:
        raise DeviceUnreachable(f"{path}: {error}") from error
    return SerialPort(reader, writer)
