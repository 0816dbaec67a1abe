"""The profile of a device that speaks JSON on topics: what lies where, how it is set. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from drivers.base import Pace
from drivers.dispatch import Points, read_watchdog
from drivers.document import Document, Head, Protocol
from drivers.mqtt.command import Command, read_command
from drivers.mqtt.topics import path_at, topic_at
from drivers.point import VALUE_MAX, Access
from drivers.table import Table
from drivers.tag import Tag, described, read_tag

POINTS_MAX = 2_000
WORDS_MAX = 64
WORD_LETTERS_MAX = 40
_STALE_S = 2.0


class Times(StrEnum):
    """Which time a value has."""

    ARRIVAL = "arrival"
    SOURCE = "source"
    """What the message states at `timestamp`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One point and where it lies."""

    tag: Tag
    topic: str
    """Empty: it is only written."""
    path: str
    """Empty: the whole message."""
    timestamp: str
    unit: str
    """Where the message states its unit; empty: nowhere."""
    words: Mapping[str, float]
    """Texts that stand for numbers: ``ON``, ``charging``."""
    optional: bool
    """A message without it says nothing about it; else it says that there is no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """Where the device says whether it is there; its last will, most often."""

    topic: str
    path: str
    online: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttProfile:
    """One kind of device."""

    head: Head
    qos: int
    times: Times
    texts: bool
    """The device writes its numbers as texts."""
    silent_s: float
    stale_s: float
    sources: tuple[Source, ...]
    availability: Availability | None
    command: Command | None

    @property
    def pace(self) -> Pace:
        return Pace(stale_fast_s=self.stale_s, stale_slow_s=max(5.0, self.stale_s))

    @property
    def power_share_max(self) -> float:
        """Return the share of the rated power that may be asked for."""
        return self.head.power_share_max


def read_profile(document: Document) -> MqttProfile:
    """Return the rest of a profile whose protocol is ``mqtt``.

    Raises:
        ProfileError: a key is missing, unknown or wrong.
    """
    link, table = document.link, document.table
    if document.protocol is not Protocol.MQTT:
        raise link.wrong("protocol", document.protocol, Protocol.MQTT)
    qos = link.integer("qos", 0, 1, 1)
    times = link.choice("timestamps", Times, Times.ARRIVAL)
    timestamp = path_at(link, "timestamp", "timestamp") if times is Times.SOURCE else ""
    unit = path_at(link, "unit", "")
    texts = link.flag("texts", default=False)
    stale_s = link.number("stale_s", 0.2, 3_600.0, _STALE_S)
    silent_s = link.number("silent_s", stale_s, 86_400.0, max(10.0, stale_s))
    link.close()
    sources = _sources(table, times, timestamp, unit)
    availability = None
    if table.has("availability"):
        availability = _availability(table.table("availability"))
    watchdog = None
    if table.has("watchdog"):
        watchdog = read_watchdog(table.table("watchdog"), Points((), frozenset()))
    command = None
    if table.has("control"):
        tags = {name: source.tag for name, source in sources.items()}
        shown = {name for name, source in sources.items() if source.topic}
        command = read_command(table.table("control"), tags, shown, watchdog)
    table.close()
    return MqttProfile(
        head=document.head,
        qos=qos,
        times=times,
        texts=texts,
        silent_s=silent_s,
        stale_s=stale_s,
        sources=tuple(source for source in sources.values() if source.topic),
        availability=availability,
        command=command,
    )


def describe(document: Document) -> list[str]:
    """Return one line for each point, for people; raises like `read_profile`."""
    profile = read_profile(document)
    lines = [described(s.tag, f"{s.topic} {s.path}".rstrip()) for s in profile.sources]
    if profile.command is not None:
        lines.append(f"{profile.command.setpoint.name}: published at {profile.command.topic}")
    return lines


def _sources(table: Table, times: Times, timestamp: str, unit: str) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for row in table.tables("point", POINTS_MAX):
        tag = read_tag(row)
        if tag.name in sources:
            raise row.wrong("name", tag.name, "a name that no other point has")
        only_written = tag.access is Access.WRITE
        own_time = row.has("timestamp") and times is Times.SOURCE
        sources[tag.name] = Source(
            tag=tag,
            topic="" if only_written else topic_at(row, "topic"),
            path="" if only_written else path_at(row, "path", ""),
            timestamp=path_at(row, "timestamp", "") if own_time else timestamp,
            unit=path_at(row, "unit_path", unit),
            words=_words(row),
            optional=row.flag("optional", default=False),
        )
        row.close()
    return sources


def _words(row: Table) -> Mapping[str, float]:
    if not row.has("words"):
        return {}
    allowed = f"a table of at most {WORDS_MAX} numbers such as {{ ON = 1, OFF = 0 }}"
    content = row.raw("words", allowed)
    if not isinstance(content, dict) or not 1 <= len(content) <= WORDS_MAX:
        raise row.wrong("words", content, allowed)
    inner = row.table("words")
    words = {}
    for word in content:
        if len(word) > WORD_LETTERS_MAX:
            raise inner.wrong(word[:WORD_LETTERS_MAX], len(word), "a shorter word")
        words[word] = inner.number(word, -VALUE_MAX, VALUE_MAX)
    return words


def _availability(row: Table) -> Availability:
    found = Availability(
        topic=topic_at(row, "topic"),
        path=path_at(row, "path", ""),
        online=row.text("online", "online"),
    )
    row.close()
    return found
