"""SML as German meters send it by themselves: transport frames, and the values inside. Pure.

Source: BSI TR-03109-1, annex IV; the transport is its clause 7 (escape sequences, CRC-16/X.25).
Only answers with a list of values (GetList.Res) are looked into.
"""

from collections.abc import Sequence

from drivers.serial.telegram import (
    TELEGRAM_BYTES_MAX,
    Damaged,
    Telegram,
    Value,
    by_obis,
)

ESCAPE = b"\x1b\x1b\x1b\x1b"
START = ESCAPE + b"\x01\x01\x01\x01"
DEPTH_MAX = 8
ITEMS_MAX = 4_000
UNITS = {
    8: "deg",
    9: "°C",
    27: "W",
    28: "VA",
    29: "var",
    30: "Wh",
    32: "varh",
    33: "A",
    35: "V",
    44: "Hz",
}
"""DLMS/COSEM unit codes; IEC 62056-6-2."""
_GET_LIST = 0x0701
_SCALER_MAX = 12
_INTEGER, _LIST = 5, 7

Item = bytes | int | bool | list["Item"] | None


class _Bad(ValueError):
    """The bytes are no SML."""


class Frames:
    """A `drivers.serial.telegram.Framer`."""

    def __init__(self) -> None:
        self._begun = b""

    def feed(self, data: bytes) -> Sequence[Telegram | Damaged]:
        self._begun += data
        found: list[Telegram | Damaged] = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    def _next(self) -> Telegram | Damaged | None:
        start = self._begun.find(START)
        if start < 0:
            self._begun = self._begun[-(len(START) - 1) :]
            return None
        self._begun = self._begun[start:]
        content = bytearray()
        at = len(START)
        while at + 8 <= len(self._begun):
            four = self._begun[at : at + 4]
            if four != ESCAPE:
                content += four
                at += 4
                continue
            after = self._begun[at + 4 : at + 8]
            if after == ESCAPE:
                content += ESCAPE
                at += 8
            elif after[0] == 0x1A:
                whole, self._begun = self._begun[: at + 8], self._begun[at + 8 :]
                return _frame(whole, bytes(content))
            else:
                # Another frame begins, or the line lost bytes: go on behind this beginning.
                self._begun = self._begun[at if after == START[4:] else len(START) :]
                return Damaged("a frame was cut off")
        again = self._begun.find(START, len(START))
        if again > 0 and self._begun[again - 4 : again] != ESCAPE:
            self._begun = self._begun[again:]  # bytes were lost, and with them the groups of four
            return Damaged("a frame was cut off")
        if at > TELEGRAM_BYTES_MAX:
            self._begun = self._begun[at:]
            return Damaged(f"a frame of more than {TELEGRAM_BYTES_MAX} bytes")
        return None


def crc16(data: bytes) -> int:
    """Return the CRC-16/X.25; of ``123456789`` it is 0x906E."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x8408 if register & 1 else 0)
    return register ^ 0xFFFF


def values(content: bytes) -> Telegram:
    """Return the values of all lists in a file of messages.

    Raises:
        ValueError: the bytes are no SML.
    """
    reader = _Reader(content)
    found: list[tuple[str, Value]] = []
    while not reader.ended():
        message = reader.item(0)
        if not isinstance(message, list) or len(message) != 6:
            raise _Bad("a message of six parts is expected")
        match message[3]:
            case [int(kind), [_, _, _, _, list(entries), *_]] if kind == _GET_LIST:
                found.extend(value for entry in entries if (value := _value(entry)) is not None)
    return by_obis(found)


def _frame(whole: bytes, content: bytes) -> Telegram | Damaged:
    padding = whole[-3]
    if padding > 3 or padding > len(content):
        return Damaged("the padding is wrong")
    if crc16(whole[:-2]) != int.from_bytes(whole[-2:], "little"):
        return Damaged("the checksum is wrong")
    try:
        return values(content[: len(content) - padding])
    except _Bad as error:
        return Damaged(f"no SML: {error}")


def _value(entry: Item) -> tuple[str, Value] | None:
    """Return code and value of one entry of a list, where it is a number."""
    match entry:
        case [bytes(name), _, _, unit, scaler, int(raw), _] if len(name) == 6:
            if isinstance(raw, bool):
                return None
            a, b, c, d, e, _ = name
            exponent = scaler if isinstance(scaler, int) else 0
            if abs(exponent) > _SCALER_MAX:
                return None
            scaled = raw * 10**exponent if exponent >= 0 else raw / 10**-exponent
            known = UNITS.get(unit, f"unit {unit}") if isinstance(unit, int) else ""
            return f"{a}-{b}:{c}.{d}.{e}", Value(float(scaled), known)
    return None


class _Reader:
    """Reads items one behind the other; bounded in depth and number."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0
        self._items = 0

    def ended(self) -> bool:
        """Say whether only the filling zeros of the file's end are left."""
        return not self._content[self._at :].strip(b"\x00")

    def item(self, depth: int) -> Item:
        self._items += 1
        if depth > DEPTH_MAX or self._items > ITEMS_MAX:
            raise _Bad("too deep or too long")
        kind, length, taken = self._head()
        if kind == _LIST:
            return [self.item(depth + 1) for _ in range(length)]
        if length == 0:
            return None  # the end of a message
        data = self._take(length - taken)
        match kind:
            case 0:
                return data or None
            case 4 if len(data) == 1:
                return data != b"\x00"
            case 5 | 6 if 1 <= len(data) <= 8:
                return int.from_bytes(data, "big", signed=kind == _INTEGER)
        raise _Bad(f"there is no type {kind} of {len(data)} bytes")

    def _head(self) -> tuple[int, int, int]:
        """Return type, length as written and how many bytes said so."""
        (first,) = self._take(1)
        kind, length, taken = first >> 4 & 0b111, first & 0x0F, 1
        more = first & 0x80
        while more:
            (byte,) = self._take(1)
            length, taken, more = length << 4 | byte & 0x0F, taken + 1, byte & 0x80
            if taken > 4:
                raise _Bad("a length without end")
        return kind, length, taken

    def _take(self, count: int) -> bytes:
        if count < 0 or self._at + count > len(self._content):
            raise _Bad("it ends in the middle")
        self._at += count
        return self._content[self._at - count : self._at]
