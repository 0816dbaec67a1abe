"""What running the fleet is made of. Pure; instants in µs UTC, signs as in `wire`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from wire.alarm import Alarm
from wire.gap import Gap
from wire.order import Order
from wire.report import Report


class Standing(StrEnum):
    """How far a command is, as the hub knows it: `wire.command.State`, and ended by the hub."""

    ISSUED = "issued"
    RECEIVED = "received"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    """Taken back at the hub before the box said that it holds it."""

    @property
    def final(self) -> bool:
        return self not in OPEN


OPEN = (Standing.ISSUED, Standing.RECEIVED, Standing.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks for something, and why; the audit log keeps both."""

    key_id: str
    account: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An order that somebody wants a box to execute."""

    order: Order
    actor: Actor
    expires_us: int | None = None
    """Not begun by then, it is not begun at all; None: what is usual for the kind."""
    priority: int | None = None
    """0 first, 9 last; None: what is usual for the kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRow:
    """A command, and what became of it."""

    id: str
    site: str
    gateway: str
    kind: str
    payload: Mapping[str, object] = field(repr=False)
    """As it goes to the box; a settings file may carry secrets. See `states.shown`."""
    issued_us: int
    expires_us: int
    priority: int
    actor: str
    """The key id of who asked."""
    account: str
    reason: str
    standing: Standing
    changed_us: int
    """When the standing became what it is, by the clock of who said so."""
    by_box: bool
    """The box said so; False: the hub."""
    text: str
    read_back_kw: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRow:
    """An alarm of a box, or of the hub about a box."""

    gateway: str
    site: str
    alarm: Alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """A row of a box's gap ledger, with what the hub has nevertheless."""

    gateway: str
    site: str
    epoch: str
    gap: Gap
    known: int
    """Values of it that the hub has: they were uploaded, only the answer was lost."""
    told_us: int
    """When the hub heard of it."""

    @property
    def n_missing(self) -> int | None:
        """Values that are missing; None: not known."""
        return None if self.gap.n is None else max(0, self.gap.n - self.known)


@dataclass(frozen=True, slots=True, kw_only=True)
class GapTotal:
    """A site's ledger in three numbers."""

    rows: int = 0
    n_missing: int = 0
    """Values; those of rows of unknown extent are not in it."""
    unknown: int = 0
    """Rows whose extent is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A box's newest report."""

    gateway: str
    site: str
    received_us: int
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCount:
    """Alarms that last, of one box or of none."""

    warnings: int = 0
    alarms: int = 0
    unacknowledged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRow:
    """One box of a site, or a site without a box, on one line."""

    site: str
    name: str
    account: str
    gateway: str | None
    """None: no box is enrolled that may sign in."""
    last_seen_us: int | None
    """The last upload or report; None: never."""
    reported_us: int | None
    report: Report | None
    """None: it has never reported."""
    gaps: GapTotal
    alarms: AlarmCount
    commands_open: int
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Sites with all of these tags, under a name."""

    id: str
    account: str
    name: str
    tags: Mapping[str, str]
