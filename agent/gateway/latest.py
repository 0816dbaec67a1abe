"""The newest facts of this process, for the page: replaced, never mutated, one writer a field."""

from dataclasses import dataclass, field

from agent.gateway.backlog import Backlog
from agent.gateway.rows import State
from agent.latches import Latch
from agent.link import ClockVerdict
from agent.status import Status
from wire.alarm import Alarm
from wire.report import ClockState
from wire.schedule import Schedule
from wire.sync import Event, Severity

EVENTS_MAX = 50
_NO_VERDICT = ClockVerdict(ClockState.UNKNOWN, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One way to the hub, up or down."""

    answered_us: int | None = None
    """When the hub last said yes; None: never since the start."""
    trouble: str = ""
    """Why it does not work, for people; empty while it does."""
    code: str = ""
    """The hub's own code for the trouble, if it gave one."""


@dataclass(frozen=True, slots=True)
class Noted:
    """An event on the page; what is only information and comes again and again is one line."""

    event: Event
    count: int = 1


@dataclass(slots=True)
class Latest:
    """Fields and their writers."""

    status: Status | None = None
    """inlet"""
    linked: bool = False
    """inlet: control is connected."""
    control_boot: str = ""
    """inlet: which run of control is connected, or was last; empty: none since the start."""
    control_settings: str = ""
    """inlet: fingerprint of the settings file that run was started with; empty: it did not say."""
    events: tuple[Noted, ...] = ()
    """inlet: the newest of control's and our own, the newest last."""
    stored_us: int | None = None
    """inlet: when something was last committed."""
    store_trouble: str = ""
    """inlet: why nothing can be stored; empty while it can."""
    buffer: State | None = None
    """main: the buffer's fill; the page never waits for the disk itself."""
    schedule: Schedule | None = None
    """downlink"""
    clock: ClockVerdict = _NO_VERDICT
    """timekeeper: what the system's clock is worth, and what we add to it."""
    clock_off_us: int = 0
    """downlink: how far the hub's clock is ahead of ours."""
    alarms: tuple[Alarm, ...] = ()
    """alarms: those that last or are not acknowledged, the newest first."""
    latches: tuple[tuple[Latch, int | None], ...] = ()
    """latchbook: what waits for a reset, and since when; None: not known."""
    watch: tuple[str, ...] = ()
    """live: the points that somebody watches at the hub; ``*``: all; none: nobody does."""
    backlog: Backlog | None = None
    """main: what waits for the hub, and what went wrong on the way."""
    written_bytes_day: int | None = None
    """main: what this process gives to the disk, in a day; None: too early to say."""
    up: Lane = field(default_factory=Lane)
    """uplink"""
    down: Lane = field(default_factory=Lane)
    """downlink"""

    def add_event(self, event: Event) -> None:
        before = self.events[-1:]
        if before and event.severity is Severity.INFO and _alike(before[0].event, event):
            self.events = (*self.events[:-1], Noted(event, before[0].count + 1))
        else:
            self.events = (*self.events, Noted(event))[-EVENTS_MAX:]


def _alike(one: Event, other: Event) -> bool:
    return (one.code, one.source, one.severity) == (other.code, other.source, other.severity)
