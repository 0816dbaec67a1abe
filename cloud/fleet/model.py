"""What the fleet is made of. Pure; instants in µs UTC, signs as in `wire`."""

from dataclasses import dataclass, field

from wire.block import Quality

POWER_KW_MAX = 10_000_000.0
ENERGY_KWH_MAX = 100_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A battery system at one grid connection; powers are magnitudes."""

    id: str
    name: str
    account: str
    power_kw: float
    """What it may charge or discharge at most."""
    energy_kwh: float
    fcr_kw: float
    """Capacity awarded for frequency containment; 0: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A box that may sign in for one site."""

    id: str
    site: str
    created_us: int
    revoked_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayKey:
    """One of a gateway's keys: pending until it is first used, current, then retiring."""

    id: str
    gateway: str
    secret: str = field(repr=False)
    """Hexadecimal. A shared secret: verifying a signature needs it as it is."""
    created_us: int
    asked_us: int
    """The stamp of the request that asked for it: an older request for a key comes too late."""
    used_us: int | None = None
    """Since when it counts; None: pending."""
    ends_us: int | None = None
    """From when on it is retired; None: no end."""

    @property
    def is_current(self) -> bool:
        return self.used_us is not None and self.ends_us is None

    def is_retired(self, now_us: int) -> bool:
        return self.ends_us is not None and self.ends_us <= now_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The last that is known of one point of one device."""

    device: str
    point: str
    value: float | None
    """The last good number; None: there never was one."""
    at_us: int
    """When that number was good: its age is what a page shows."""
    quality: Quality
    """How the point was at `sampled_us`; unless it is GOOD, the number is an old one."""
    sampled_us: int
    """The last sample of this point, good or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Samples of one point of one device in the order of time; three columns of one length."""

    device: str
    point: str
    at_us: tuple[int, ...]
    values: tuple[float | None, ...]
    quality: tuple[Quality, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """An answer from the telemetry store."""

    series: tuple[Series, ...]
    next_us: int | None
    """Where to go on when there was more than the limit; None: this is all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One gateway's stream of frames under one epoch."""

    gateway: str
    epoch: str
    acked: int
    """Everything up to this number is committed; -1: nothing yet."""
    uploaded_us: int
