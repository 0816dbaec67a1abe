"""Columns of numbers as columns of text, and times as a grid operator writes them. Pure."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone

SECOND_US = 1_000_000
MINUTE_S = 60
Numbers = Sequence[float | None]

CET = timezone(timedelta(hours=1), "CET")
"""Without summer time: an hour of a year must not come twice."""
ZONES = {"UTC": UTC, "CET": CET}


def fixed(values: Numbers, decimals: int, scale: float = 1.0) -> Sequence[str]:
    """Return each number with so many decimals, what is not known as an empty cell."""
    written = f"{{:.{decimals}f}}".format
    first = values[0]
    if first == values[-1] and len(set(values)) == 1:  # most of a plant stands still for a minute
        return ("" if first is None else _plain(written(first * scale)),) * len(values)
    return ["" if value is None else _plain(written(value * scale)) for value in values]


def _plain(text: str) -> str:
    """Return a zero without a sign."""
    return text[1:] if text[0] == "-" and not text.strip("-0.") else text


def stamps(at_us: Sequence[int], minute: Callable[[int], str], ends: Sequence[str]) -> list[str]:
    """Return instants on whole seconds: the text of the minute, then that of the second.

    Args:
        minute: writes an instant up to its minute.
        ends: of the 60 seconds.
    """
    found: list[str] = []
    known, prefix = -1, ""
    for at in at_us:
        of_minute, second = divmod(at // SECOND_US, MINUTE_S)
        if of_minute != known:
            known, prefix = of_minute, minute(at)
        found.append(prefix + ends[second])
    return found


def iso_minute(at_us: int) -> str:
    return f"{datetime.fromtimestamp(at_us // SECOND_US, UTC):%Y-%m-%dT%H:%M:}"


ISO_ENDS = tuple(f"{second:02d}Z" for second in range(MINUTE_S))


def instant_us(text: str) -> int:
    """Return the instant that a person wrote; without a zone it is UTC.

    Raises:
        ValueError: it is none, in one line.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        allowed = "a date or a time like 2026-01-31T12:00:00Z is expected"
        raise ValueError(f"{text[:40]!r} is not allowed; {allowed}") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    at_us = (found - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if at_us < 0:
        raise ValueError(f"{text[:40]!r} is not allowed; a time after 1970 is expected")
    return at_us
