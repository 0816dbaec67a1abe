"""Answers of a service of weather forecasts, as it writes them: the hour of UTC as the value."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

UNITS = {"shortwave": "W/m²", "wind": "m/s", "temperature": "°C"}


def told(query: Mapping[str, str], scale: float = 1.0) -> bytes:
    """Return the answer to a question's parameters."""
    first = date.fromisoformat(query["start_date"])
    days = (date.fromisoformat(query["end_date"]) - first).days + 1
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    times = [int((begin + timedelta(hours=n)).timestamp()) for n in range(24 * days)]
    names = query["hourly"].split(",")
    return json.dumps(
        {
            "latitude": float(query["latitude"]),
            "utc_offset_seconds": 0,
            "hourly_units": {
                "time": "unixtime",
                **{name: UNITS[name.partition("_")[0]] for name in names},
            },
            "hourly": {
                "time": times,
                **{name: [scale * (n % 24) for n in range(24 * days)] for name in names},
            },
        },
        ensure_ascii=False,
    ).encode()
