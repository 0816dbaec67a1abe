"""From when on the simulated platform has what, by the clock of its zone. Pure.

Forecasts and prices are there from their hour on, measured values bit by bit as time goes.
Source: market data, §3.6, as far as it is known; else ours.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from wire.clock import micros, utc

MEASURED_LATE_US = 30 * 60_000_000
"""What was measured is told half an hour later."""
_EXAA, _SDAC = "2", "1"
_ROWS: dict[str, tuple[int, time]] = {
    f"A44{_EXAA}": (-1, time(10, 20)),
    f"A44{_SDAC}": (-1, time(12, 57)),
    "A44": (-1, time(15, 20)),
    "A65A01": (-1, time(10, 0)),
    "A69": (-1, time(18, 0)),
    "A85": (1, time(1, 0)),
}
"""Days from delivery, and the local time; what is not here was always there."""
_MEASURED = ("A65A16", "A75", "A11")


def there_us(name: str, start_us: int, zone: ZoneInfo) -> int | None:
    """Return since when a document has a delivery day; None: always.

    Args:
        name: document, process and sequence: A44 and 1, A65 and A01, …
        start_us: midnight of the day.
    """
    row = _ROWS.get(name)
    if row is None:
        return None
    day: date = utc(start_us).astimezone(zone).date() + timedelta(days=row[0])
    return micros(datetime.combine(day, row[1], zone))


def told_until_us(name: str, now_us: int) -> int | None:
    """Return up to when values are told, None: whole days at once."""
    return now_us - MEASURED_LATE_US if name in _MEASURED else None
