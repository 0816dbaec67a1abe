"""What the SunSpec models contain: each point's place, type and scale factor, from one data file.

Offsets count from the model's first header register, so its first point is at 2. Models of the
same layout share a definition; one that is not here is skipped by its length. Groups nest: where a
model says in its head how often they are there, the strides follow from what the device says.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from drivers.point import Coding

HEADER_WORDS = 2
"""Model id and length."""
Counts = Mapping[str, int]
"""What the head of a model says: by its points, how often the groups are there."""
_FILE = Path(__file__).with_name("models.toml")
_WRITABLE = "rw"


class Type(StrEnum):
    """How SunSpec names what a point's registers hold."""

    INT16 = "int16"
    UINT16 = "uint16"
    COUNT = "count"
    ACC16 = "acc16"
    ENUM16 = "enum16"
    BITFIELD16 = "bitfield16"
    SUNSSF = "sunssf"
    PAD = "pad"
    INT32 = "int32"
    UINT32 = "uint32"
    ACC32 = "acc32"
    ENUM32 = "enum32"
    BITFIELD32 = "bitfield32"
    INT64 = "int64"
    UINT64 = "uint64"
    ACC64 = "acc64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    STRING = "string"

    @property
    def coding(self) -> Coding:
        return _CODINGS[self]

    @property
    def sentinels(self) -> frozenset[int]:
        """Return the raw patterns, unsigned, that mean: not implemented. NaN is one by itself."""
        coding = self.coding
        if self in (Type.ACC16, Type.ACC32, Type.ACC64):
            return frozenset((0,))
        if coding in (Coding.STRING, Coding.FLOAT32, Coding.FLOAT64):
            return frozenset()
        if coding.signed or self is Type.PAD:
            return frozenset((1 << coding.bits - 1,))
        return frozenset(((1 << coding.bits) - 1,))


_CODINGS = {
    Type.INT16: Coding.INT16,
    Type.UINT16: Coding.UINT16,
    Type.COUNT: Coding.UINT16,
    Type.ACC16: Coding.UINT16,
    Type.ENUM16: Coding.UINT16,
    Type.BITFIELD16: Coding.UINT16,
    Type.SUNSSF: Coding.INT16,
    Type.PAD: Coding.UINT16,
    Type.INT32: Coding.INT32,
    Type.UINT32: Coding.UINT32,
    Type.ACC32: Coding.UINT32,
    Type.ENUM32: Coding.UINT32,
    Type.BITFIELD32: Coding.UINT32,
    Type.INT64: Coding.INT64,
    Type.UINT64: Coding.UINT64,
    Type.ACC64: Coding.UINT64,
    Type.FLOAT32: Coding.FLOAT32,
    Type.FLOAT64: Coding.FLOAT64,
    Type.STRING: Coding.STRING,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One point of a model, or of its repeated group."""

    name: str
    type: Type
    offset: int
    """From the model's first header register; in a group, from the group's first register."""
    words: int
    scale_factor: str
    """The name of the point that holds the decimal exponent; empty: none."""
    writable: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Points that lie together and, behind them, the groups inside; the whole may be repeated."""

    fields: Mapping[str, Field]
    words: int
    """Registers of its own points, without the groups inside."""
    groups: Mapping[str, "Group"]
    """Those inside, by name, as they lie."""
    count: str
    """The point of the head that says how often it is there; empty: see `times`."""
    active: str
    """The point of the group around it that says how many of them count; empty: all do."""

    @property
    def counts(self) -> frozenset[str]:
        """Return the points of the head that say how often this and what is inside are there."""
        inside = (group.counts for group in self.groups.values())
        return frozenset((self.count,) if self.count else ()).union(*inside)

    def times(self, counts: Counts) -> int:
        """Return how often an inner group, or one with a count, is there; without one: once."""
        return counts[self.count] if self.count else 1

    def size(self, counts: Counts) -> int:
        """Return the registers of one occurrence, with what is inside."""
        return self.words + sum(g.times(counts) * g.size(counts) for g in self.groups.values())

    def start(self, name: str, counts: Counts) -> int:
        """Return the registers before the first occurrence of the group `name` inside."""
        before = self.words
        for each, group in self.groups.items():
            if each == name:
                break
            before += group.times(counts) * group.size(counts)
        return before


@dataclass(frozen=True, slots=True)
class Model:
    """One layout."""

    name: str
    fields: Mapping[str, Field]
    length: int
    """Registers behind the header, without groups: what the device's L says at least."""
    group: Group | None
    """What is repeated behind the fixed part; None: nothing."""

    @property
    def length_min(self) -> int:
        """Return the shortest length a device may state: a last pad or text may be left out."""
        ends = (
            field.offset + field.words
            for field in self.fields.values()
            if field.type not in (Type.PAD, Type.STRING)
        )
        return max(ends, default=HEADER_WORDS) - HEADER_WORDS

    @property
    def counts(self) -> tuple[str, ...]:
        """Return the points that say how often its groups are there, as they lie; none: L does."""
        names = self.group.counts if self.group else frozenset()
        return tuple(sorted(names, key=lambda name: self.fields[name].offset))

    @property
    def head(self) -> range:
        """Return where the counts lie, from the first header register; empty where L counts."""
        offsets = [self.fields[name].offset for name in self.counts]
        return range(offsets[0], offsets[-1] + 1) if offsets else range(0)

    def counted(self, words: Sequence[int]) -> Counts | None:
        """Return what the registers at `head` count; None: the device does not say it."""
        if len(words) != len(self.head):
            return None
        found = {name: words[self.fields[name].offset - self.head.start] for name in self.counts}
        unknown = any(found[name] in self.fields[name].type.sentinels for name in found)
        return None if unknown else found

    def registers(self, counts: Counts) -> int:
        """Return the L of a device whose head counts so, where all that repeats is counted."""
        group = self.group
        return self.length + (group.times(counts) * group.size(counts) if group else 0)


@cache
def models() -> Mapping[int, Model]:
    """Return all known models by id; read once, when the first device needs them."""
    content = tomllib.loads(_FILE.read_text("utf-8"))
    known: dict[int, Model] = {}
    for entry in content["model"]:
        fields, end = _fields(entry["points"], HEADER_WORDS)
        group = _group(entry["group"]) if "group" in entry else None
        model = Model(entry["name"], fields, end - HEADER_WORDS, group)
        known |= dict.fromkeys(entry["ids"], model)
    return MappingProxyType(known)


def _group(table: Mapping[str, Any]) -> Group:
    """Return a group of the data file; a table in it is a group inside it."""
    fields, words = _fields(table["points"], 0)
    inside = {name: _group(each) for name, each in table.items() if isinstance(each, dict)}
    return Group(
        fields, words, MappingProxyType(inside), table.get("count", ""), table.get("active", "")
    )


def _fields(text: str, offset: int) -> tuple[Mapping[str, Field], int]:
    """Return the fields in a layout's text by name, and the offset behind the last."""
    fields: dict[str, Field] = {}
    for token in text.split():
        name, kind, *further = token.split(":")
        kind, _, size = kind.partition("/")
        type_ = Type(kind)
        words = int(size) if size else type_.coding.words
        writable = _WRITABLE in further
        scale_factor = next((part for part in further if part != _WRITABLE), "")
        assert name not in fields, f"{name} stands twice in one layout"
        fields[name] = Field(name, type_, offset, words, scale_factor, writable)
        offset += words
    return MappingProxyType(fields), offset
