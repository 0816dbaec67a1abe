"""Instants as people read them in the API: ISO-8601 with Z. Pure."""

from datetime import datetime

from wire.clock import micros, utc


def iso(at_us: int) -> str:
    """Return ``2026-11-21T10:15:00.123456Z``; the fraction is left out when it is zero."""
    return utc(at_us).isoformat().replace("+00:00", "Z")


def iso_or_none(at_us: int | None) -> str | None:
    return None if at_us is None else iso(at_us)


def us_or(at: datetime | None, default_us: int) -> int:
    """Return the instant a caller named, in µs, or the default."""
    return default_us if at is None else micros(at)
