"""The profile of a Sparkplug node or device: which metric is which point, how it is set. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.base import Pace
from drivers.control import Watchdog
from drivers.dispatch import Points, read_watchdog
from drivers.document import Document, Head, Protocol
from drivers.mqtt.profile import Times
from drivers.mqtt.sparkplug.payload import NAME_MAX
from drivers.point import VALUE_MAX, Access
from drivers.table import Table
from drivers.tag import Tag, described, read_tag

POINTS_MAX = 2_000
IDENTITY = "identity."
IDENTITY_KEYS = ("maker", "model", "serial", "firmware")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How the device is dispatched: a metric that is written, and comes back as data."""

    setpoint: Tag
    metric: str
    confirm_s: float
    tolerance_kw: float
    refresh_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkplugProfile:
    """One kind of node or device."""

    head: Head
    times: Times
    silent_s: float
    """Without a message for so long the device is gone; 0: its birth and its will alone say so."""
    stale_s: float
    tags: Mapping[str, Tag]
    """By metric."""
    texts: Mapping[str, str]
    """Metrics that say who the device is, to ``maker``, ``model``, ``serial``, ``firmware``."""
    command: Command | None

    @property
    def pace(self) -> Pace:
        return Pace(stale_fast_s=self.stale_s, stale_slow_s=max(5.0, self.stale_s))

    @property
    def power_share_max(self) -> float:
        """Return the share of the rated power that may be asked for."""
        return self.head.power_share_max


def read_profile(document: Document) -> SparkplugProfile:
    """Return the rest of a profile whose protocol is ``sparkplug``.

    Raises:
        ProfileError: a key is missing, unknown or wrong.
    """
    link, table = document.link, document.table
    if document.protocol is not Protocol.SPARKPLUG:
        raise link.wrong("protocol", document.protocol, Protocol.SPARKPLUG)
    times = link.choice("timestamps", Times, Times.SOURCE)
    stale_s = link.number("stale_s", 0.2, 3_600.0, 3.0)
    silent_s = link.number("silent_s", 0.0, 86_400.0, 0.0)
    link.close()
    tags: dict[str, Tag] = {}
    texts: dict[str, str] = {}
    for row in table.tables("point", POINTS_MAX):
        _read_row(row, tags, texts)
    if not tags:
        raise table.wrong("point", 0, "at least one point with a number")
    watchdog = None
    if table.has("watchdog"):
        watchdog = read_watchdog(table.table("watchdog"), Points((), frozenset()))
    command = _command(table.table("control"), tags, watchdog) if table.has("control") else None
    table.close()
    return SparkplugProfile(
        head=document.head,
        times=times,
        silent_s=silent_s,
        stale_s=stale_s,
        tags=tags,
        texts=texts,
        command=command,
    )


def describe(document: Document) -> list[str]:
    """Return one line for each point, for people; raises like `read_profile`."""
    profile = read_profile(document)
    lines = [described(tag, metric) for metric, tag in profile.tags.items()]
    return lines + [f"{IDENTITY + key:28}{metric}" for metric, key in profile.texts.items()]


def _read_row(row: Table, tags: dict[str, Tag], texts: dict[str, str]) -> None:
    tag = read_tag(row)
    metric = row.text("metric")
    if len(metric) > NAME_MAX or metric in tags or metric in texts:
        raise row.wrong("metric", metric, "the name of a metric that no other point has")
    if tag.name in (known.name for known in tags.values()):
        raise row.wrong("name", tag.name, "a name that no other point has")
    if tag.name.startswith(IDENTITY):
        key = tag.name.removeprefix(IDENTITY)
        if key not in IDENTITY_KEYS or key in texts.values():
            names = ", ".join(IDENTITY + one for one in IDENTITY_KEYS)
            raise row.wrong("name", tag.name, f"each of {names} at most once")
        texts[metric] = key
    else:
        tags[metric] = tag
    row.close()


def _command(row: Table, tags: Mapping[str, Tag], watchdog: Watchdog | None) -> Command:
    name = row.text("setpoint")
    metrics = {tag.name: metric for metric, tag in tags.items() if tag.access is Access.READ_WRITE}
    if name not in metrics:
        raise row.wrong("setpoint", name, "a point with access read-write: it comes back as data")
    if watchdog is None or not watchdog.answered:
        raise row.wrong("setpoint", name, "a [watchdog] with a timeout_s, or with a waiver,")
    command = Command(
        setpoint=tags[metrics[name]],
        metric=metrics[name],
        confirm_s=row.number("confirm_s", 0.05, 1.5, 1.0),
        tolerance_kw=row.number("tolerance_kw", 0.0, VALUE_MAX, 0.1),
        refresh_s=min(watchdog.refresh_s, row.number("refresh_s", 0.2, 60.0, 60.0)),
    )
    row.close()
    return command
