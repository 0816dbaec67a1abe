"""Facts as bytes, for ever: the same bytes mean the same fact in every later program. Pure.

Little-endian. A fact is its kind (u8, the index in `facts.KINDS`), the length of its tail (u32),
a byte for each code (its index among the members) or yes-or-no, an i64 for each whole number; then
the tail: a length (u32) and UTF-8 for each text, a length (u32) and so many i64 for each list.
Within these groups the order is that of the fields. A tail that would hold only empty texts and
lists is left out. A golden file in the tests holds the bytes of each kind.

A new kind, or a new member of a code, is added at the end. A new field needs a new `VERSION` of
frames and a reader of the old ones.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from operator import itemgetter
from typing import Any, NamedTuple, cast, get_type_hints

from cloud.exchange.facts import KINDS, Fact

INT_MAX = 2**63 - 1
"""No number in a fact is larger, or smaller than its negative; what comes in is checked for it."""
_TEXT_ERRORS = "surrogatepass"
"""JSON can name half a character; a text that nobody can print must not end the exchange."""
_LENGTH = struct.Struct("<I")

_Values = tuple[Any, ...]


class _Layout(NamedTuple):
    """How one kind of fact lies in the bytes."""

    kind: type[Fact]
    fixed: struct.Struct
    numbers: tuple[int, ...]
    """Places among the fields, as in what follows."""
    codes: tuple[tuple[int, tuple[Any, ...]], ...]
    """With the members, in the order of their index."""
    tail: tuple[tuple[int, bool], ...]
    """True: a text, False: a list of numbers."""


def encode(facts: Iterable[Fact]) -> bytes:
    """Return the facts one behind the other.

    Raises:
        struct.error: a number is out of range; see `INT_MAX`.
    """
    return b"".join([_WRITERS[type(fact)](fact) for fact in facts])


def decode(buffer: bytes, at: int, count: int) -> tuple[list[Fact], int]:
    """Return so many facts that begin at `at`, and where the next one would begin.

    Raises:
        IndexError, struct.error: of a newer program; a CRC has shown that nothing is damaged.
    """
    facts: list[Fact] = []
    add, plans, new = facts.append, _PLANS, _new
    for _ in range(count):
        kind, unpack_from, size, rest, in_order, tail = plans[buffer[at]]
        values = unpack_from(buffer, at)
        at += size
        if values[1]:
            behind = rest[values[2]][: -len(tail)] + _read_tail(buffer, at, tail)
            add(new(kind, in_order(values + behind)))
            at += values[1]
        else:
            add(new(kind, in_order(values + rest[values[2]])))
    return facts, at


def _layout(kind: type[Fact]) -> _Layout:
    hints = get_type_hints(kind)
    numbers, codes, tail = [], list[tuple[int, tuple[Any, ...]]](), []
    for place, name in enumerate(kind._fields):
        hint = hints[name]
        if hint is int:
            numbers.append(place)
        elif hint is bool:
            codes.append((place, (False, True)))
        elif isinstance(hint, type) and issubclass(hint, Enum):
            codes.append((place, tuple(hint)))
        else:
            assert hint in (str, tuple[int, ...]), f"{kind.__name__}.{name}: {hint} has no bytes"
            tail.append((place, hint is str))
    fixed = struct.Struct(f"<BI{len(codes)}s{len(numbers)}q")
    return _Layout(kind, fixed, tuple(numbers), tuple(codes), tuple(tail))


def _writer(number: int, layout: _Layout) -> Callable[[Fact], bytes]:
    pack, tail = layout.fixed.pack, layout.tail
    numbers = _picker(layout.numbers)
    indices = [
        (place, {getattr(m, "_value_", m): index for index, m in enumerate(members)})
        for place, members in layout.codes
    ]
    parts = [place for place, _ in tail]

    def write(fact: Fact) -> bytes:
        values = cast("_Values", fact)
        codes = bytes([index[getattr(values[p], "_value_", values[p])] for p, index in indices])
        for place in parts:
            if values[place]:
                behind = _tail_of(values, tail)
                return pack(number, len(behind), codes, *numbers(values)) + behind
        return pack(number, 0, codes, *numbers(values))

    return write


def _tail_of(values: _Values, tail: Sequence[tuple[int, bool]]) -> bytes:
    parts = []
    for place, is_text in tail:
        if is_text:
            text = values[place].encode("utf-8", _TEXT_ERRORS)
            parts += [_LENGTH.pack(len(text)), text]
        else:
            parts.append(
                struct.pack(f"<I{len(values[place])}q", len(values[place]), *values[place])
            )
    return b"".join(parts)


class _Rest(dict[bytes, _Values]):
    """What follows the numbers, by the bytes of all codes: their members, and an empty tail.

    Few combinations ever occur, so each is made once.
    """

    def __init__(self, layout: _Layout) -> None:
        super().__init__()
        self._tables = [members for _, members in layout.codes]
        self._empty = tuple("" if is_text else () for _, is_text in layout.tail)

    def __missing__(self, codes: bytes) -> _Values:
        found = zip(self._tables, codes, strict=True)
        self[codes] = rest = tuple(table[index] for table, index in found) + self._empty
        return rest


class _Plan(NamedTuple):
    """How one kind of fact is read."""

    kind: type[Fact]
    unpack_from: Callable[[bytes, int], _Values]
    """Kind, length of the tail, bytes of the codes, numbers."""
    size: int
    rest: _Rest
    in_order: Callable[[_Values], _Values]
    """From all of that, and the rest, to the fields in their order."""
    tail: tuple[bool, ...]
    """True: a text, False: a list."""


def _plan(layout: _Layout) -> _Plan:
    places = [*layout.numbers, *(p for p, _ in layout.codes), *(p for p, _ in layout.tail)]
    return _Plan(
        layout.kind,
        layout.fixed.unpack_from,
        layout.fixed.size,
        _Rest(layout),
        _picker([3 + places.index(place) for place in range(len(places))]),
        tuple(is_text for _, is_text in layout.tail),
    )


def _read_tail(buffer: bytes, at: int, tail: Sequence[bool]) -> _Values:
    found: list[object] = []
    for is_text in tail:
        (length,) = _LENGTH.unpack_from(buffer, at)
        at += _LENGTH.size
        if is_text:
            found.append(str(buffer[at : at + length], "utf-8", _TEXT_ERRORS))
            at += length
        else:
            found.append(struct.unpack_from(f"<{length}q", buffer, at))
            at += 8 * length
    return tuple(found)


def _picker(places: Sequence[int]) -> Callable[[_Values], _Values]:
    """Return a function that picks these out of a tuple; `itemgetter` of one returns no tuple."""
    if len(places) == 1:
        return lambda values: (values[places[0]],)
    return itemgetter(*places)


_new = cast("Callable[[type[Fact], _Values], Fact]", tuple.__new__)
"""Makes a fact of all its fields; quicker than `_make`, which counts them."""
_LAYOUTS = tuple(map(_layout, KINDS))
_WRITERS = {layout.kind: _writer(number, layout) for number, layout in enumerate(_LAYOUTS)}
_PLANS = tuple(map(_plan, _LAYOUTS))
