"""From a point's name in the standard to registers of this device. Pure.

A profile says ``124.InWRte``, or ``160.3.DCW`` for the third of a repeated group, counted from 1.
``802|713.SoC`` means the first of these models that the device has; ``713.SoC|124.ChaState`` does
the same for points of different names.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from drivers.errors import ProfileError
from drivers.point import Coding, Kind, Point
from drivers.sunspec.discover import Block, Chain
from drivers.sunspec.models import HEADER_WORDS, Field, Model, Type, models

GROUPS_MAX = 100
_ALTERNATIVE = re.compile(r"(\d{1,5})(?:\.(\d{1,3}))?(?:\.([A-Za-z][A-Za-z0-9_]*))?")


class UnknownPoint(ValueError):
    """What a profile names is not in the standard's models; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Place:
    """One point of one model; `group` counts from 1, 0 is the model's fixed part."""

    model: int
    group: int
    name: str

    @property
    def layout(self) -> Model:
        return models()[self.model]

    @property
    def field(self) -> Field:
        return (self.layout.group if self.group else self.layout.fields)[self.name]

    def __str__(self) -> str:
        group = f"{self.group}." if self.group else ""
        return f"{self.model}.{group}{self.name}"


Where = Mapping[str, Sequence[Place]]
"""By the name of a profile's point: where it is looked for, in this order."""


def parse(text: str) -> tuple[Place, ...]:
    """Return the places that `text` names, in the order in which they are tried.

    Raises:
        UnknownPoint: it is not written like one, or no known model has such a point.
    """
    places: list[Place] = []
    name = ""
    for part in reversed(text.split("|")):
        match = _ALTERNATIVE.fullmatch(part.strip())
        if match is None or not (match[3] or name):
            raise UnknownPoint("a point such as 124.InWRte, 160.3.DCW or 802|713.SoC")
        name = match[3] or name
        places.append(_place(int(match[1]), int(match[2] or 0), name))
    return tuple(reversed(places))


def _place(number: int, group: int, name: str) -> Place:
    model = models().get(number)
    if model is None:
        known = ", ".join(str(each) for each in models())
        raise UnknownPoint(f"one of the models {known}, not {number},")
    if group > (GROUPS_MAX if model.group_words else 0):
        raise UnknownPoint(f"a group that model {number} has, not {group},")
    has = model.group if group else model.fields
    if name not in has:
        raise UnknownPoint(f"a point of model {number}, not {name}: {', '.join(has)}")
    return Place(number, group, name)


def located(point: Point, places: Sequence[Place], chain: Chain) -> Point | None:
    """Return `point` with the registers it has on this device; None: the device has none."""
    return next((_at(point, *found) for found in _found(places, chain)), None)


def _at(point: Point, place: Place, address: int, block: Block) -> Point:
    field = place.field
    scale_address = None
    if field.scale_factor and point.bit is None:
        scale_address = block.address + place.layout.fields[field.scale_factor].offset
    return replace(
        point,
        kind=Kind.HOLDING,
        address=address,
        coding=field.type.coding,
        length=field.words if field.type is Type.STRING else 0,
        scale_address=scale_address,
        sentinels=field.type.sentinels,
    )


def _found(places: Sequence[Place], chain: Chain) -> Iterator[tuple[Place, int, Block]]:
    """Yield the places that lie wholly in a model of this device, with their addresses."""
    for place in places:
        layout, field = place.layout, place.field
        for block in chain.blocks:
            if block.model != place.model or block.length < layout.length_min:
                continue
            start = field.offset
            if place.group:
                start += HEADER_WORDS + layout.length + (place.group - 1) * layout.group_words
            if start + field.words <= HEADER_WORDS + block.length:
                yield place, block.address + start, block


def places(points: Sequence[Point]) -> Where:
    """Return by name where the points of a profile are looked for.

    Raises:
        ProfileError: the standard has no such point, or none that can be written; each mistake
            is one of its `lines`.
    """
    found: dict[str, tuple[Place, ...]] = {}
    mistakes: list[str] = []
    for point in points:
        if not point.sunspec:
            continue
        try:
            found[point.name] = parse(point.sunspec)
            _check(point, found[point.name])
        except UnknownPoint as error:
            mistakes.append(
                f"{point.name}.sunspec: {point.sunspec!r:.80} is not allowed; {error} is expected"
            )
    if mistakes:
        raise ProfileError(*mistakes)
    return found


def _check(point: Point, tried: Sequence[Place]) -> None:
    for place in tried:
        text = place.field.type is Type.STRING
        if text is not (point.coding is Coding.STRING):
            raise UnknownPoint(f"a {'number' if text else 'text'}, which {place} is not,")
        if point.writable and not place.field.writable:
            raise UnknownPoint(f"a point that can be written, which {place} is not,")


def resolved(
    points: Sequence[Point], where: Where, chain: Chain, max_registers: int
) -> Mapping[str, Point]:
    """Return by name the points that this device has; one with an address of its own always.

    A value and its scale factor are read in one request, so a point whose scale factor lies
    further away than `max_registers` is left out.
    """
    found: dict[str, Point] = {}
    for point in points:
        at = located(point, where[point.name], chain) if point.sunspec else point
        if at is not None and len(at.span) <= max_registers:
            found[point.name] = at
    return found
