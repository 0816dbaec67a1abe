"""What a device pushes, as its profile understands it: a JSON document to readings. Pure.

A value is a number or ``{value, unit, timestamp}``; a unit that comes along wins over the
profile's. Keys that the profile does not name are left alone; an *open* profile also takes any
point by its name, below ``points``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from drivers.document import Document, Protocol
from drivers.newest import AHEAD_US_MAX, OLD_US_MAX
from drivers.payload import BadPayload, find, instant_us, number, shown, steps_of
from drivers.point import Access
from drivers.table import Mistakes, Table
from drivers.tag import Tag, described, read_tag
from wire.block import Quality, Reading
from wire.points import is_point_name

POINTS_MAX = 200
POINTS_KEY = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The profile of a device that pushes."""

    paths: Mapping[str, str]
    """Where each point's value lies, by the point's name."""
    tags: tuple[Tag, ...]
    timestamp: str
    """Where the time of all values lies; empty: they carry their own or none."""
    open: bool
    """Any named point is taken, below ``points``."""
    silent_s: float
    stale_s: float


@dataclass(frozen=True, slots=True)
class Taken:
    """What one message said."""

    readings: tuple[Reading, ...]
    live: bool
    """No value is so old that it only counts for the record."""
    certain: bool
    """Every time that was stated had a time zone."""


def read_intake(document: Document) -> Intake:
    """Return the rest of a profile whose protocol is ``push``.

    Raises:
        ProfileError: a key is missing, unknown or wrong; its `lines` are every mistake.
    """
    table, mistakes = document.table, Mistakes()
    intake: Intake | None = None
    tags: list[Tag] = []
    paths: dict[str, str] = {}
    with mistakes.caught():
        intake = _link(document)
    with mistakes.caught():
        for row in table.tables("point", POINTS_MAX):
            with mistakes.caught():
                tag = read_tag(row)
                if tag.access is not Access.READ:
                    raise row.wrong("access", tag.access, "read, for a device that pushes,")
                if tag.name in paths:
                    raise row.wrong("name", tag.name, "each point once")
                paths[tag.name] = _path(row, "path", tag.name)
                row.close()
                tags.append(tag)
        table.close()
    mistakes.tell()
    assert intake is not None, "no mistake, so it was read"
    return replace(intake, tags=tuple(tags), paths=paths)


def _link(document: Document) -> Intake:
    link = document.link
    if document.protocol is not Protocol.PUSH:
        raise link.wrong("protocol", document.protocol, Protocol.PUSH)
    intake = Intake(
        paths={},
        tags=(),
        timestamp=_path(link, "timestamp", "timestamp"),
        open=link.flag("open", default=False),
        silent_s=link.number("silent_s", 1.0, 86_400.0, 30.0),
        stale_s=link.number("stale_s", 0.1, 86_400.0, 10.0),
    )
    link.close()
    return intake


def take(intake: Intake, document: object, now_us: int) -> Taken:
    """Return the readings in one pushed document.

    A value that cannot be used (out of its range, a strange unit) is a reading of quality BAD.

    Raises:
        BadPayload: no point is in it, or something is that cannot be what it should be.
    """
    if not isinstance(document, dict):
        raise BadPayload(f"{shown(document)}: a JSON object is expected")
    stated = find(document, intake.timestamp) if intake.timestamp else None
    at_us, certain = _instant(stated, now_us, intake.timestamp)
    readings: list[Reading] = []
    for tag, item in _items(intake, document):
        reading, sure = _reading(tag, item, at_us, now_us)
        readings.append(reading)
        certain = certain and sure
    if not readings:
        known = ", ".join(intake.paths.values())
        raise BadPayload(f"no value is in it; at least one of {known} is expected"[:300])
    live = all(now_us - reading.at_us <= OLD_US_MAX for reading in readings)
    return Taken(tuple(readings), live, certain)


def _items(intake: Intake, document: dict[str, object]) -> list[tuple[Tag, object]]:
    items: list[tuple[Tag, object]] = []
    for tag in intake.tags:
        item = find(document, intake.paths[tag.name])
        if item is not None:
            items.append((tag, item))
    named = document.get(POINTS_KEY)
    if not intake.open or named is None:
        return items
    if not isinstance(named, dict) or len(named) > POINTS_MAX:
        raise BadPayload(f"{POINTS_KEY}: an object of at most {POINTS_MAX} points is expected")
    known = {tag.name: tag for tag in intake.tags}
    told = {tag.name for tag, _ in items}
    for name, item in named.items():
        if not is_point_name(name):
            raise BadPayload(f"{POINTS_KEY}: {shown(name)} is no name such as 'meter.power_kw'")
        if name in told:
            raise BadPayload(f"{POINTS_KEY}: {name} comes twice")
        if item is not None:
            # A profile's point that is sent by its name is in the name's own unit.
            limits = known.get(name)
            low, high = (None, None) if limits is None else (limits.low, limits.high)
            items.append((Tag(name=name, low=low, high=high), item))
    return items


def _reading(tag: Tag, item: object, at_us: int, now_us: int) -> tuple[Reading, bool]:
    unit, certain = "", True
    if isinstance(item, dict):
        stated_unit, stated_at = item.get("unit"), item.get("timestamp")
        if stated_unit is not None and not isinstance(stated_unit, str):
            raise BadPayload(f"{tag.name}: {shown(stated_unit)} is no unit")
        unit = stated_unit or ""
        if stated_at is not None:
            at_us, certain = _instant(stated_at, now_us, tag.name)
        item = item.get("value")
    try:
        raw = number(item)
    except BadPayload as error:
        raise BadPayload(f"{tag.name}: {error}") from error
    value = tag.value(raw, unit)
    quality = Quality.BAD if value is None else Quality.GOOD
    return Reading(tag.name, value, quality, at_us), certain


def _instant(stated: object, now_us: int, key: str) -> tuple[int, bool]:
    """Return the time of a value; one a little ahead of our clock counts as now."""
    if stated is None:
        return now_us, True
    try:
        at_us, certain = instant_us(stated, now_us)
    except BadPayload as error:
        raise BadPayload(f"{key}: {error}") from error
    if at_us > now_us + AHEAD_US_MAX:
        ahead_s, most_s = (at_us - now_us) // 1_000_000, AHEAD_US_MAX // 1_000_000
        raise BadPayload(
            f"{key}: {ahead_s} s ahead of this box's clock; at most {most_s} s are allowed"
        )
    return min(at_us, now_us), certain


def _path(table: Table, key: str, default: str) -> str:
    path = table.text(key, default)
    try:
        steps_of(path)
    except ValueError as error:
        raise table.wrong(key, path, str(error)) from error
    return path


def describe(document: Document) -> list[str]:
    """Return one line for each point, for people; raises `ProfileError` like `read_intake`."""
    intake = read_intake(document)
    return [described(tag, intake.paths[tag.name]) for tag in intake.tags]
