"""From a point's name in the standard to registers of this device. Pure.

A profile says ``124.InWRte``, or ``160.3.DCW`` for the third of a repeated group, counted from 1.
Where groups nest the way goes on by their names, with a number where they are repeated:
``705.2.Pt.3.V`` is the voltage of the third point of the second curve, and
``707.1.MustTrip.Pt.3.Tms`` the time of the third point of a curve that is there once in each set.
``802|713.SoC`` means the first of these models that the device has; ``713.SoC|124.ChaState`` does
the same for points of different names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from drivers.errors import ProfileError
from drivers.point import Coding, Kind, Point
from drivers.sunspec.discover import Block, Chain, Heads
from drivers.sunspec.models import HEADER_WORDS, Counts, Field, Group, Model, Type, models

GROUPS_MAX = 100
_ALTERNATIVE = re.compile(r"(\d{1,5})(?:\.(\d{1,3}))?(?:\.([A-Za-z][A-Za-z0-9_.]*))?")
_NUMBER = re.compile(r"\d{1,3}")


class UnknownPoint(ValueError):
    """What a profile names is not in the standard's models; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Step:
    """One group on the way into a repeated group."""

    name: str
    number: int
    """Which one of it, counted from 1; 0: it is there once."""

    def __str__(self) -> str:
        return f"{self.name}.{self.number}" if self.number else self.name


@dataclass(frozen=True, slots=True)
class Place:
    """One point of one model; `group` counts from 1, 0 is the model's fixed part."""

    model: int
    group: int
    name: str
    inner: tuple[Step, ...] = ()
    """The groups inside the repeated one on the way to the point."""

    @property
    def layout(self) -> Model:
        return models()[self.model]

    @property
    def counted(self) -> bool:
        """Return whether the head of the model says where the point lies."""
        return bool(self.group and self.layout.counts)

    @property
    def field(self) -> Field:
        group = self.layout.group
        if not self.group or group is None:
            return self.layout.fields[self.name]
        for step in self.inner:
            group = group.groups[step.name]
        return group.fields[self.name]

    def __str__(self) -> str:
        group = (str(self.group),) if self.group else ()
        return ".".join((str(self.model), *group, *map(str, self.inner), self.name))


@dataclass(frozen=True, slots=True)
class Found:
    """A point of a profile on this device."""

    point: Point
    counted: bool = False
    """The head of its model says where it lies. The scale factors of such models are static in the
    standard, so the point may be read although no request reaches both."""
    number: int = 0
    """Which point of its curve it is, counted from 1; 0: it is in none."""
    active_address: int | None = None
    """Of the register that says how many points of its curve count; None: all do."""


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
            raise UnknownPoint("a point such as 124.InWRte, 160.3.DCW, 705.2.Pt.3.V or 802|713.SoC")
        name = match[3] or name
        places.append(_place(int(match[1]), int(match[2] or 0), name))
    return tuple(reversed(places))


def _place(number: int, group: int, name: str) -> Place:
    model = models().get(number)
    if model is None:
        known = ", ".join(str(each) for each in models())
        raise UnknownPoint(f"one of the models {known}, not {number},")
    if group > (GROUPS_MAX if model.group else 0):
        raise UnknownPoint(f"a group that model {number} has, not {group},")
    steps: tuple[Step, ...] = ()
    last, has = name, [*model.fields]
    if group and model.group is not None:
        steps, inside, last = _way(model.group, name.split("."))
        has = [*inside.fields, *(f"{each}.…" for each in inside.groups)]
    if last not in has:
        raise UnknownPoint(f"a point of model {number}, not {name}: {', '.join(has)}")
    return Place(number, group, last, steps)


def _way(group: Group, words: list[str]) -> tuple[tuple[Step, ...], Group, str]:
    """Return the groups that the first words name, the innermost, and the rest of the words."""
    steps: list[Step] = []
    while words and words[0] in group.groups:
        name = words.pop(0)
        group, number = group.groups[name], 0
        if group.count:
            number = int(words.pop(0)) if words and _NUMBER.fullmatch(words[0]) else 0
            if not 1 <= number <= GROUPS_MAX:
                raise UnknownPoint(f"{name} with its number, {name}.1 to {name}.{GROUPS_MAX},")
        steps.append(Step(name, number))
    return tuple(steps), group, ".".join(words)


def located(point: Point, places: Sequence[Place], chain: Chain) -> Found | None:
    """Return `point` with the registers it has on this device; None: the device has none."""
    for place in places:
        for block in chain.blocks:
            if block.model == place.model and block.length >= place.layout.length_min:
                found = _at(point, place, block)
                if found is not None:
                    return found
    return None


def _at(point: Point, place: Place, block: Block) -> Found | None:
    """Return the point in this model; None: it does not lie wholly in it."""
    layout, field = place.layout, place.field
    start, number, active_address = field.offset, 0, None
    if place.group:
        counts = layout.counted(block.head)
        if counts is None or (place.counted and fault(place, block)):
            return None
        *_, (group, at, nth, active) = _groups(place, counts)
        start += at
        if group.active:
            number, active_address = nth, block.address + active
    if start + field.words > HEADER_WORDS + block.length:
        return None
    scale_address = None
    if field.scale_factor and point.bit is None:
        scale_address = block.address + layout.fields[field.scale_factor].offset
    placed = replace(
        point,
        kind=Kind.HOLDING,
        address=block.address + start,
        coding=field.type.coding,
        length=field.words if field.type is Type.STRING else 0,
        scale_address=scale_address,
        sentinels=field.type.sentinels,
    )
    return Found(placed, place.counted, number, active_address)


def _groups(place: Place, counts: Counts) -> Iterator[tuple[Group, int, int, int]]:
    """Yield the groups on the way to a point, outermost first.

    With each: where it starts, which one of it that is, and where the point lies that says how
    many of it count; both from the model's first header register.
    """
    layout, group = place.layout, place.layout.group
    assert group is not None, "a place in a group is made of a model that has one"
    start = HEADER_WORDS + layout.length + (place.group - 1) * group.size(counts)
    yield group, start, place.group, 0
    for step in place.inner:
        around, outside = group, start
        group = around.groups[step.name]
        start += around.start(step.name, counts) + max(0, step.number - 1) * group.size(counts)
        active = around.fields[group.active].offset if group.active else 0
        yield group, start, step.number, outside + active


def fault(place: Place, block: Block) -> str:
    """Return why a point is not where the head of its model says, for people; empty: it is."""
    layout, at = place.layout, f"model {block.model} at {block.address}"
    counts = layout.counted(block.head)
    if counts is None:
        return f"{at} does not say its {' and '.join(layout.counts)}"
    said = " and ".join(f"{name} = {count}" for name, count in counts.items())
    needed = layout.registers(counts)
    if needed != block.length:
        return f"{at} has {block.length} registers, but its {said} would be {needed}"
    for group, _, number, _ in _groups(place, counts):
        if group.count and number > counts[group.count]:
            return f"{at} has {said}"
    return ""


def faults(places: Iterable[Place], chain: Chain) -> tuple[str, ...]:
    """Return why points that are counted are not there, for people; each reason once."""
    told = (
        fault(place, block)
        for place in places
        for block in chain.blocks
        if place.counted and block.model == place.model
    )
    return tuple(dict.fromkeys(text for text in told if text))


def heads(where: Where) -> Heads:
    """Return which registers a walk has to look at, so that these points can be placed."""
    looked = (place for tried in where.values() for place in tried if place.counted)
    return {place.model: place.layout.head for place in looked}


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
) -> Mapping[str, Found]:
    """Return by name the points that this device has; one with an address of its own always.

    A value and its scale factor are read in one request, so a point whose scale factor lies
    further away than `max_registers` is left out, unless the standard calls the factor static.
    """
    found: dict[str, Found] = {}
    for point in points:
        at = located(point, where[point.name], chain) if point.sunspec else Found(point)
        if at is not None and (at.counted or len(at.point.span) <= max_registers):
            found[point.name] = at
    return found
