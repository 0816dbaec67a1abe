"""What time it is, and the delivery period it falls in.

This is the only file of the product that reads the wall clock. Everything else is handed a
`Clock`; deadlines inside a process use the event loop's own time.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

QUARTER_HOUR_US = 15 * 60 * 1_000_000
SHIFT_VARIABLE = "PHOENYRA_CLOCK_SHIFT_S"
"""Seconds added to the system's time by all processes of a demonstration or a test."""
SHIFT_S_MAX = 10 * 366 * 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """The wall clock."""

    def now_us(self) -> int:
        """Return microseconds since 1970, UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock, moved by `shift_us` where a demonstration asks for it."""

    shift_us: int = 0

    def now_us(self) -> int:
        return time.time_ns() // 1_000 + self.shift_us


@dataclass(slots=True)
class SetClock:
    """A clock that stands until it is moved; for tests."""

    at_us: int

    def now_us(self) -> int:
        return self.at_us


def from_environment(environment: Mapping[str, str]) -> SystemClock:
    """Return the process's clock.

    Raises:
        ValueError: the shift is no number of seconds within ten years.
    """
    text = environment.get(SHIFT_VARIABLE, "0")
    try:
        shift_s = float(text)
    except ValueError:
        shift_s = float("nan")
    if not abs(shift_s) <= SHIFT_S_MAX:
        raise ValueError(
            f"{SHIFT_VARIABLE}: {text!r} is not allowed; seconds from -{SHIFT_S_MAX} to"
            f" {SHIFT_S_MAX} are expected"
        )
    return SystemClock(round(shift_s * 1_000_000))


def utc(at_us: int) -> datetime:
    """Return the instant as an aware datetime, exact to the microsecond."""
    return _EPOCH + timedelta(microseconds=at_us)


def micros(at: datetime) -> int:
    """Return an aware datetime as microseconds since 1970.

    Raises:
        ValueError: `at` carries no time zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; write it with Z or an offset")
    return (at - _EPOCH) // timedelta(microseconds=1)


def quarter_hour_us(at_us: int) -> int:
    """Return the start of the quarter-hour that `at_us` lies in.

    Quarter-hours of every delivery area start at the same instants: all of them keep whole
    quarter-hours of offset to UTC.
    """
    return at_us - at_us % QUARTER_HOUR_US
