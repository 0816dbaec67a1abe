"""Reports of backtests that lie in the hub's folder, each as its command made it.

``<data_dir>/backtests/NAME`` has what ``phoenyra-hub backtest --out`` writes. The pages run no
script and load nothing; their style sheet is inside them, which only they may have.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = "backtests"
SHOWN_MAX = 50
"""The newest by their last scored day."""
SEARCHED_MAX = 500
REPORT_BYTES_MAX = 5_000_000
FILE_BYTES_MAX = 50_000_000
FILES = {
    "report.html": "text/html; charset=utf-8",
    "report.de.html": "text/html; charset=utf-8",
    "report.json": "application/json",
    "forecasts.csv": "text/csv; charset=utf-8",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def listed(data_dir: Path) -> list[dict[str, object]]:
    """Return what the list of reports says of each; folders without a whole report are none."""
    rows = sorted(_rows(data_dir / FOLDER), key=lambda row: str(row["last_day"]), reverse=True)
    return rows[:SHOWN_MAX]


def content(data_dir: Path, name: str, file: str) -> bytes | None:
    """Return a file of a report; None where there is none of that name."""
    if not _NAME.fullmatch(name) or file not in FILES:
        return None
    path = data_dir / FOLDER / name / file
    try:
        return path.read_bytes() if path.stat().st_size <= FILE_BYTES_MAX else None
    except OSError:
        return None


def _rows(folder: Path) -> Iterator[dict[str, object]]:
    try:
        names = sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return
    for name in names[:SEARCHED_MAX]:
        row = _row(folder / name / "report.json", name)
        if row is not None:
            yield row


def _row(path: Path, name: str) -> dict[str, object] | None:
    try:
        if path.stat().st_size > REPORT_BYTES_MAX:
            return None
        found: dict[str, Any] = json.loads(path.read_bytes())
        ours, spread = found["errors"]["forecast"], found["quantiles"]
        return {
            "name": name,
            "area": str(found["area"]),
            "first_day": str(found["first_day"]),
            "last_day": str(found["last_day"]),
            "days": int(found["days_scored"]),
            "mae": _number(ours["mae"]),
            "rmae": _number(ours["rmae"]),
            "coverage80_pct": _number(spread["intervals"]["80"]["coverage_pct"])
            if spread["days"]
            else None,
            "passed": bool(found["leakage"]["passed"]),
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
