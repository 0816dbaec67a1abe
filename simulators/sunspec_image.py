"""A SunSpec register image: any models, in any order, at any base.

Written for itself: values are put into registers here by the rules of the standard, not by the
driver's own codec, so that a misreading of the standard cannot hide on both sides. What nobody
put a value into holds what the standard says for "not implemented".
"""

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from drivers.sunspec.models import HEADER_WORDS, Field, Group, Type, models

MARK = b"SunS"
END_ID = 0xFFFF
NOT_IMPLEMENTED_EXPONENT = -0x8000
_POINTS = "NPt"
"""The count of a model's head that is not one of curves."""
_NUMBERS = {
    Type.INT16: (">h", -0x8000),
    Type.SUNSSF: (">h", -0x8000),
    Type.UINT16: (">H", 0xFFFF),
    Type.COUNT: (">H", 0xFFFF),
    Type.ENUM16: (">H", 0xFFFF),
    Type.BITFIELD16: (">H", 0xFFFF),
    Type.ACC16: (">H", 0),
    Type.PAD: (">H", 0x8000),
    Type.INT32: (">i", -(1 << 31)),
    Type.UINT32: (">I", (1 << 32) - 1),
    Type.ENUM32: (">I", (1 << 32) - 1),
    Type.BITFIELD32: (">I", (1 << 32) - 1),
    Type.ACC32: (">I", 0),
    Type.INT64: (">q", -(1 << 63)),
    Type.UINT64: (">Q", (1 << 64) - 1),
    Type.ACC64: (">Q", 0),
    Type.FLOAT32: (">f", math.nan),
    Type.FLOAT64: (">d", math.nan),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One model of the image; `groups` repeats its group, an unknown model is only a length.

    `points` is how many points each curve has, where the groups are curves.
    """

    model: int
    groups: int = 0
    unknown_words: int = 0
    points: int = 0


class Image:
    """The registers; points are named ``103.W`` or, in the third repeated group, ``160.3.DCW``.

    A curve's points are named ``705.3.Pt.1.V``. Of curves the first is what the device does now, so
    nobody can write it.
    """

    def __init__(self, parts: Sequence[Part], base: int = 40_000) -> None:
        self.words: dict[int, int] = {}
        self.writable: set[int] = set()
        self._places: dict[str, tuple[Field, int]] = {}
        self.parts = tuple(parts)
        address = base + self._store(base, MARK)
        for part in parts:
            address = self._lay(part, address)
        self._store(address, struct.pack(">HH", END_ID, 0))

    def has(self, name: str) -> bool:
        return name in self._places

    def address(self, name: str) -> int:
        """Return the address of the point's first register on the wire."""
        return self._places[name][1]

    def put(self, name: str, value: float | str | None) -> None:
        """Let a point show a value, in its own unit; None and what does not fit: none.

        A point that this image does not have is passed over.
        """
        if name not in self._places:
            return
        field, address = self._places[name]
        if field.type is Type.STRING:
            text = "" if value is None else str(value)
            self._store(
                address, text.encode("ascii")[: 2 * field.words].ljust(2 * field.words, b"\0")
            )
            return
        code, nothing = _NUMBERS[field.type]
        scaled = None if value is None else float(value) / 10.0 ** self._exponent(name, field)
        if scaled is not None and field.type not in (Type.FLOAT32, Type.FLOAT64):
            scaled = round(scaled)
        try:
            data = struct.pack(code, nothing if scaled is None else scaled)
        except struct.error:
            data = struct.pack(code, nothing)
        self._store(address, data)

    def get(self, name: str) -> float | None:
        """Return what a point's registers say, in its own unit."""
        field, address = self._places[name]
        code, nothing = _NUMBERS[field.type]
        words = [self.words[at] for at in range(address, address + field.words)]
        (number,) = struct.unpack(code, struct.pack(f">{field.words}H", *words))
        if number == nothing or number != number:
            return None
        return float(number) * 10.0 ** self._exponent(name, field)

    def put_all(self, values: Mapping[str, float | str | None]) -> None:
        for name, value in values.items():
            self.put(name, value)

    def _exponent(self, name: str, field: Field) -> int:
        if not field.scale_factor:
            return 0
        number = name.partition(".")[0]
        _, address = self._places[f"{number}.{field.scale_factor}"]
        (exponent,) = struct.unpack(">h", struct.pack(">H", self.words[address]))
        return 0 if exponent == NOT_IMPLEMENTED_EXPONENT else int(exponent)

    def _lay(self, part: Part, address: int) -> int:
        """Put a model at `address`; return the address behind it."""
        model = models().get(part.model)
        first = address + HEADER_WORDS
        if model is None:
            end = first + part.unknown_words
            self._store(first, bytes(2 * part.unknown_words))
        else:
            end = self._points(str(part.model), model.fields.values(), first)
            for number in range(part.groups):
                assert model.group is not None, f"model {part.model} has no group to repeat"
                name = f"{part.model}.{number + 1}"
                locked = bool(model.counts) and number == 0
                end = self._group(name, model.group, end, part.points, locked=locked)
            for name in model.counts:
                self.put(f"{part.model}.{name}", part.points if name == _POINTS else part.groups)
        self._store(address, struct.pack(">HH", part.model, end - first))
        return end

    def _group(self, name: str, group: Group, address: int, points: int, *, locked: bool) -> int:
        """Put one group there, its points first and behind them what is inside, one by one."""
        address = self._points(name, group.fields.values(), address, locked=locked)
        for inner, each in group.groups.items():
            names = [f"{name}.{inner}"]
            if each.count:
                names = [f"{name}.{inner}.{number + 1}" for number in range(points)]
            for inside in names:
                address = self._group(inside, each, address, points, locked=locked)
        return address

    def _points(
        self, name: str, fields: Iterable[Field], address: int, *, locked: bool = False
    ) -> int:
        """Put points there, one behind the other."""
        for field in fields:
            self._add(f"{name}.{field.name}", field, address, locked=locked)
            address += field.words
        return address

    def _add(self, name: str, field: Field, address: int, *, locked: bool) -> None:
        self._store(address, bytes(2 * field.words))
        if name in self._places:
            return
        self._places[name] = (field, address)
        if field.type is Type.STRING:
            self.put(name, "")
        else:
            code, nothing = _NUMBERS[field.type]
            self._store(address, struct.pack(code, nothing))
        if field.writable and not locked:
            self.writable.update(range(address, address + field.words))

    def _store(self, address: int, data: bytes) -> int:
        words = struct.unpack(f">{len(data) // 2}H", data)
        self.words.update(zip(range(address, address + len(words)), words, strict=True))
        return len(words)
