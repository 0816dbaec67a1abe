"""Who answers on a Modbus line, and which shipped profiles fit it; nothing is written.

A unit that answers anything, a refusal too, is there. Then each profile that says by what its
devices are known (``[[identify]]``) is tried by reading those points alone.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from drivers.base import Identified, Rate
from drivers.document import Protocol, names, open_document
from drivers.errors import DeviceUnreachable, DriverError
from drivers.identify import recognised
from drivers.modbus.bus import line_to
from drivers.modbus.endpoint import Endpoint
from drivers.modbus.line import Line, Refusal
from drivers.modbus.open import maker
from drivers.point import Kind
from drivers.profile import Link, Profile, read_profile
from drivers.sunspec.discover import Chain, walk
from wire.block import Quality
from wire.clock import Clock

TIMEOUT_S = 0.6
ATTEMPTS = 2
"""A lost frame shall not hide a device."""
PAUSE_S = 0.2
"""Between two attempts: longer than the line leaves a silent unit alone."""
_IDENTITY = "identity."


class NobodyThere(Exception):
    """Nobody accepts a connection, or the port cannot be opened; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit that answered."""

    unit: int
    text: str
    fits: tuple[str, ...]
    """Shipped profiles whose every mark holds, the most telling first."""
    identity: tuple[tuple[str, str], ...] = ()


def candidates() -> list[Profile]:
    """Return the shipped register profiles that can be recognised, the most telling first."""
    found = []
    for name in names():
        document = open_document(name)
        if document.protocol in (Protocol.MODBUS, Protocol.SUNSPEC):
            profile = read_profile(document)
            if profile.identify and _readable_as_it_is(profile):
                found.append(profile)
    return sorted(found, key=_telling, reverse=True)


def usual_units(profiles: Sequence[Profile]) -> list[int]:
    """Return the units at which such devices answer as delivered."""
    return list(dict.fromkeys([1, *(profile.link.unit for profile in profiles)]))


@contextmanager
def held(endpoint: Endpoint, link: Link) -> Iterator[None]:
    """Keep one connection for all questions in the block: many devices take but one client."""
    with line_to(endpoint, 1, link):
        yield


async def ask_unit(
    endpoint: Endpoint, unit: int, profiles: Sequence[Profile], link: Link, clock: Clock
) -> Unit | None:
    """Return who answers as `unit`, None when nobody does.

    Raises:
        NobodyThere: there is no line at all, so no other unit needs to be asked either.
        ProfileError: the line has no such unit, or is in use in another manner.
    """
    with line_to(endpoint, unit, replace(link, timeout_s=TIMEOUT_S)) as line:
        if not await _answers(line):
            return None
        chain = await _chain(line)
        fits: list[str] = []
        identity: dict[str, str] = {}
        for profile in profiles:
            if profile.protocol is Protocol.SUNSPEC and chain.base is None:
                continue
            said = await _fits(profile, line, clock)
            if said is not None:
                fits.append(profile.head.id)
                identity = {**said, **identity}
    spoken = "Modbus device" if chain.base is None else f"SunSpec models {chain.described()}"
    return Unit(unit=unit, text=spoken, fits=tuple(fits), identity=tuple(identity.items()))


async def _answers(line: Line) -> bool:
    for _ in range(ATTEMPTS):
        try:
            await line.read(Kind.HOLDING, 0, 1)
        except DeviceUnreachable as error:
            if isinstance(error.__cause__, ConnectionError):
                raise NobodyThere(str(error)) from error
            await asyncio.sleep(PAUSE_S)
            continue
        return True
    return False


async def _chain(line: Line) -> Chain:
    """Walk the SunSpec models; a device that falls silent has none."""
    steps = walk()
    ask = next(steps)
    try:
        while True:
            answer = await line.read(Kind.HOLDING, ask.start, ask.count)
            ask = steps.send(None if isinstance(answer, Refusal) else answer)
    except StopIteration as end:
        found = end.value
        assert isinstance(found, Chain)
        return found
    except DeviceUnreachable:
        return Chain(None, (), "fell silent")


async def _fits(profile: Profile, line: Line, clock: Clock) -> dict[str, str] | None:
    """Return what the device calls itself when all marks of `profile` hold, else None."""
    device = maker(_narrowed(profile))(line, clock)
    given: dict[str, float | str | None] = {}
    try:
        for rate in Rate:
            for reading in await device.read(rate):
                given[reading.point] = reading.value if reading.quality is Quality.GOOD else None
    except DriverError:
        return None
    said = dict(device.identity) if isinstance(device, Identified) else {}
    given.update({_IDENTITY + key: text for key, text in said.items()})
    return said if recognised(profile.identify, given) else None


def _narrowed(profile: Profile) -> Profile:
    """Return the profile with the points it is known by, and its names for itself."""
    marks = {mark.point.name for mark in profile.identify}
    points = tuple(
        point for point in profile.points if point.name in marks or point.name.startswith(_IDENTITY)
    )
    return replace(profile, points=points, control=None, sums=())


def _telling(profile: Profile) -> tuple[int, int]:
    marks = profile.identify
    return sum(bool(mark.text) for mark in marks), len(marks)


def _readable_as_it_is(profile: Profile) -> bool:
    try:
        replace(profile, control=None).usable()
    except DriverError:
        return False
    return True


def distinct(units: Sequence[Unit]) -> Iterator[Unit]:
    """Leave out further units that answer just as another one of the same address does.

    Many devices answer to every unit number; they are told once.
    """
    seen: list[Unit] = []
    for one in units:
        if not any(replace(one, unit=other.unit) == other for other in seen):
            seen.append(one)
            yield one
