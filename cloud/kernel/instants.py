"""Instants as people read them in the API: ISO-8601 with Z. Pure."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from wire.clock import micros, utc

_YEARS = range(2000, 2200)


def _written_out(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value
    raise ValueError("an instant as 2026-11-21T10:15:00Z is expected")


def _in_our_time(at: datetime) -> datetime:
    if at.year not in _YEARS:
        raise ValueError(f"years {_YEARS[0]} to {_YEARS[-1]} are allowed")
    return at


Instant = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_our_time)]
"""What a caller names: ISO-8601 with a zone, never a number, of a year that all can bear."""


def iso(at_us: int) -> str:
    """Return ``2026-11-21T10:15:00.123456Z``; the fraction is left out when it is zero."""
    return utc(at_us).isoformat().replace("+00:00", "Z")


def iso_or_none(at_us: int | None) -> str | None:
    return None if at_us is None else iso(at_us)


def us_or(at: datetime | None, default_us: int) -> int:
    """Return the instant a caller named, in µs, or the default."""
    return default_us if at is None else micros(at)
