"""Readouts of energy meters by IEC 62056-21: data blocks, their check and their values. Pure.

Modes A and C answer a request with ``STX data ! CR LF ETX BCC``; mode D, and the customer port
of Dutch and Belgian meters, speaks by itself: ``/ident … !`` with or without a checksum.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.serial.telegram import (
    TELEGRAM_BYTES_MAX,
    Damaged,
    Telegram,
    Value,
    by_obis,
    number,
)

STX, ETX, ACK = b"\x02", b"\x03", b"\x06"
VALUES_MAX = 500
BAUDS = {"0": 300, "1": 600, "2": 1200, "3": 2400, "4": 4800, "5": 9600, "6": 19200}
"""Of mode C; IEC 62056-21:2002, clause 6.3.14."""
_IDENT = re.compile(rb"/([A-Za-z]{3})([\x21-\x7e])([^/!\r\n]{0,32})\r?\n?")
_DATA = re.compile(r"([^()\r\n]{1,32})((?:\([^()\r\n]{0,64}\))+)")
_LAST = re.compile(r"\(([^()]*)\)$")
_SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))


@dataclass(frozen=True, slots=True)
class Ident:
    """How a meter introduces itself."""

    maker: str
    baud: str
    """The letter for the speed it offers, see `BAUDS`."""
    model: str


def request(address: str = "") -> bytes:
    """Return what wakes a meter of mode A or C."""
    return f"/?{address}!\r\n".encode("ascii")


def acknowledgement(baud: str) -> bytes:
    """Return the option select message: data readout, at the speed that was offered."""
    return ACK + f"0{baud}0\r\n".encode("ascii")


def ident(line: bytes) -> Ident | None:
    """Return the identification in a line; None: it is something else, such as our own echo."""
    found = _IDENT.fullmatch(seven_bits(line).lstrip(b"\x00"))
    if found is None or found[1] == b"?":
        return None
    maker, baud, model = (part.decode("ascii") for part in found.groups())
    return Ident(maker, baud, model)


def bcc(data: bytes) -> int:
    """Return the block check of everything behind STX up to ETX included."""
    total = 0
    for byte in data:
        total ^= byte
    return total & 0x7F


def crc16(data: bytes) -> int:
    """Return the CRC-16 (polynomial 0x8005, reflected, from 0) of a telegram up to its ``!``."""
    register = 0
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xA001 if register & 1 else 0)
    return register


def seven_bits(data: bytes) -> bytes:
    """Return 7-bit characters, also where the port left their parity bit in."""
    return data.translate(_SEVEN_BITS)


def values(text: str) -> Telegram:
    """Return the values of a data block; of several behind one code the last one counts."""
    found: list[tuple[str, Value]] = []
    for code, groups in _DATA.findall(text)[:VALUES_MAX]:
        last = _LAST.search(groups)
        if last is None:
            continue
        digits, _, unit = last[1].partition("*")
        value = number(digits)
        if value is not None and not value.unit:
            found.append((code.strip(), Value(value.number, unit.strip())))
    return by_obis(found)


class Blocks:
    """Finds answers of modes A and C: a `drivers.serial.telegram.Framer`."""

    def __init__(self) -> None:
        self._begun = b""

    def feed(self, data: bytes) -> Sequence[Telegram | Damaged]:
        self._begun += seven_bits(data)
        found: list[Telegram | Damaged] = []
        while True:
            start = self._begun.find(STX)
            end = self._begun.find(ETX, start + 1) if start >= 0 else -1
            if end < 0 or len(self._begun) < end + 2:
                break
            block, check = self._begun[start + 1 : end + 1], self._begun[end + 1]
            self._begun = self._begun[end + 2 :]
            if bcc(block) != check:
                found.append(Damaged("the block check is wrong"))
            else:
                found.append(values(block.decode("ascii")))
        if len(self._begun) > TELEGRAM_BYTES_MAX:
            self._begun = b""
            found.append(Damaged(f"a readout of more than {TELEGRAM_BYTES_MAX} bytes"))
        return found


class Telegrams:
    """Finds what meters of mode D send: a `drivers.serial.telegram.Framer`."""

    def __init__(self) -> None:
        self._begun = b""

    def feed(self, data: bytes) -> Sequence[Telegram | Damaged]:
        self._begun += seven_bits(data)
        found: list[Telegram | Damaged] = []
        while True:
            start = self._begun.find(b"/")
            end = self._begun.find(b"\n!", start + 1) if start >= 0 else -1
            line = self._begun.find(b"\n", end + 2) if end >= 0 else -1
            if line < 0:
                break
            telegram, check = self._begun[start : end + 2], self._begun[end + 2 : line].strip()
            self._begun = self._begun[line + 1 :]
            found.append(_telegram(telegram, check))
        if len(self._begun) > TELEGRAM_BYTES_MAX:
            self._begun = b""
            found.append(Damaged(f"a readout of more than {TELEGRAM_BYTES_MAX} bytes"))
        return found


def _telegram(telegram: bytes, check: bytes) -> Telegram | Damaged:
    again = telegram.rfind(b"/")
    if again > 0:  # the one before was cut off
        telegram = telegram[again:]
    if check and check.upper() != f"{crc16(telegram):04X}".encode("ascii"):
        return Damaged("the checksum is wrong")
    _, _, body = telegram.partition(b"\n")
    return values(body.decode("ascii"))
