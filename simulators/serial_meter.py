"""A meter on a serial line: lines of text, IEC 62056-21 or SML, from the plant's instruments.

Written for itself, checksums too: what the drivers get wrong, this must not get wrong with them.
The values and their names in a telegram come from the profile that the driver uses.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from drivers.serial.profile import Format, Mode, SerialProfile
from drivers.tag import Tag
from simulators.faults import Faults
from simulators.modbus_rtu import pty
from simulators.modbus_server import garbage
from simulators.plant import Plant

PERIOD_S = 1.0
MAKER = "/PHX5SIM-1\r\n"
_CHUNK = 4_096
_DECIMALS = 4
_SML_SCALE = 10.0**_DECIMALS
_SML_UNITS = {"W": 27, "Wh": 30, "V": 35, "A": 33, "Hz": 44}
_STX, _ETX = b"\x02", b"\x03"


class SerialMeter:
    """What the meter says, and when."""

    def __init__(self, profile: SerialProfile, plant: Plant) -> None:
        self._profile = profile
        self._plant = plant
        self._heard = b""

    @property
    def faults(self) -> Faults:
        return self._plant.faults

    def power_up(self) -> None:
        """Forget what was heard."""
        self._heard = b""

    def unasked(self) -> bytes:
        """Return what the meter sends by itself each period; empty when it waits to be asked."""
        return b"" if self._profile.request else self._telegram()

    def hear(self, data: bytes) -> bytes:
        """Take in what came over the line and return the answer, empty for none."""
        request = self._profile.request
        if not request:
            return b""
        self._heard = (self._heard + data)[-256:]
        if self._profile.mode is Mode.C and b"\x06050\r\n" in self._heard:
            self._heard = b""
            return self._telegram()
        if request not in self._heard:
            return b""
        self._heard = b""
        if self._profile.format is Format.LINES:
            return self._telegram()
        if self._profile.mode is Mode.C:
            return MAKER.encode()
        return MAKER.encode() + self._telegram()

    def _telegram(self) -> bytes:
        measured = self._plant.measure()
        rows = [
            (self._profile.keys[tag.name], tag.raw(measured.get(tag.name, 0.0)), tag)
            for tag in self._profile.tags
        ]
        match self._profile.format:
            case Format.LINES:
                return _line(self._profile, rows)
            case Format.SML:
                return _sml(rows)
            case Format.IEC62056:
                return _readout(rows, check=self._profile.mode is not Mode.D)


@asynccontextmanager
async def serve(
    meter: SerialMeter, link: Path, *, period_s: float = PERIOD_S
) -> AsyncIterator[Path]:
    """Serve the meter on a new pty that `link` points to, until the block ends.

    Raises:
        OSError: the link cannot be made.
    """
    loop = asyncio.get_running_loop()

    def send(descriptor: int, answer: bytes) -> None:
        current = meter.faults.current
        if not answer or meter.faults.down or current.drop:
            return
        sent = garbage() if current.garbage else answer
        loop.call_later(current.delay_s, _write, descriptor, sent)

    with pty(link) as master:

        def receive() -> None:
            with suppress(BlockingIOError):
                send(master, meter.hear(os.read(master, _CHUNK)))

        loop.add_reader(master, receive)
        try:
            async with asyncio.TaskGroup() as tasks:
                speaking = tasks.create_task(_speak(meter, period_s, send, master))
                try:
                    yield link
                finally:
                    speaking.cancel()
        finally:
            loop.remove_reader(master)


async def _speak(
    meter: SerialMeter, period_s: float, send: Callable[[int, bytes], None], descriptor: int
) -> None:
    while True:
        send(descriptor, meter.unasked())
        await asyncio.sleep(period_s)


def _write(descriptor: int, answer: bytes) -> None:
    with suppress(OSError):  # a line that nobody reads is full, or closed meanwhile
        os.write(descriptor, answer)


_Row = tuple[str, float, Tag]


def _line(profile: SerialProfile, rows: Sequence[_Row]) -> bytes:
    form = profile.lines
    numbered: dict[int, str] = {}
    labelled: list[str] = []
    for key, raw, tag in rows:
        text = f"{raw:.{_DECIMALS}f}".replace(".", form.decimal)
        if key.isdigit():
            numbered[int(key)] = text
        else:
            labelled.append(f"{key}={text}{tag.unit}")
    places = range(max(numbered, default=-1) + 1)
    fields = [numbered.get(place, "0") for place in places] + labelled
    body = form.prefix + (form.separator or " ").join(fields)
    if form.checksum.value == "nmea":
        total = 0
        for letter in body.lstrip("$"):
            total ^= ord(letter)
        body += f"*{total:02X}"
    return (body + "\r\n").encode("ascii")


def _readout(rows: Sequence[_Row], *, check: bool) -> bytes:
    lines = [f"{key}({raw:.{_DECIMALS}f}*{tag.unit})\r\n" for key, raw, tag in rows]
    if not check:
        return (MAKER + "\r\n" + "".join(lines) + "!\r\n").encode("ascii")
    block = "".join(lines).encode("ascii") + b"!\r\n" + _ETX
    total = 0
    for byte in block:
        total ^= byte
    return _STX + block + bytes((total,))


def _sml(rows: Sequence[_Row]) -> bytes:
    entries = b"".join(_entry(key, raw, tag) for key, raw, tag in rows)
    server, nothing = _octets(b"\x0aSIM\x00\x00\x00\x00\x00\x01"), b"\x01"
    values = _head(7, len(rows)) + entries
    answer = b"\x77" + nothing + server + nothing + nothing + values + nothing + nothing
    messages = (
        _message(1, 0x0101, b"\x76" + nothing * 2 + _octets(b"file") + server + nothing * 2)
        + _message(2, 0x0701, answer)
        + _message(3, 0x0201, b"\x71" + nothing)
    )
    padding = -len(messages) % 4
    content = (messages + b"\x00" * padding).replace(b"\x1b" * 4, b"\x1b" * 8)
    frame = b"\x1b" * 4 + b"\x01" * 4 + content + b"\x1b" * 4 + bytes((0x1A, padding))
    return frame + _x25(frame)


def _message(number: int, kind: int, body: bytes) -> bytes:
    opened = b"\x76" + _octets(bytes((0, 0, 0, number))) + b"\x62\x00\x62\x00"
    message = opened + b"\x72\x63" + kind.to_bytes(2, "big") + body
    return message + b"\x63" + _x25(message) + b"\x00"


def _entry(key: str, raw: float, tag: Tag) -> bytes:
    medium, _, short = key.rpartition(":")
    numbers = [*(medium or "1-0").split("-"), *short.split("."), "255"]
    name = bytes(int(part) for part in numbers)
    number = round(raw * _SML_SCALE).to_bytes(8, "big", signed=True)
    unit = bytes((0x62, _SML_UNITS[tag.unit]))
    scaler = b"\x52" + (-_DECIMALS).to_bytes(1, "big", signed=True)
    return b"\x77" + _octets(name) + b"\x01\x01" + unit + scaler + b"\x59" + number + b"\x01"


def _octets(data: bytes) -> bytes:
    return _head(0, len(data) + 1) + data


def _head(kind: int, length: int) -> bytes:
    if length <= 15:
        return bytes((kind << 4 | length,))
    length += 0 if kind == 7 else 1
    return bytes((0x80 | kind << 4 | length >> 4, length & 0x0F))


def _x25(data: bytes) -> bytes:
    register = 0xFFFF
    for byte in data:
        low = (register ^ byte) & 0xFF
        low ^= low << 4 & 0xFF
        register = register >> 8 ^ low << 8 ^ low << 3 ^ low >> 4
    return (register ^ 0xFFFF).to_bytes(2, "little")
