"""``market-series``: a year of quarter-hours of six series, kept and read back, on SQLite.

Each day of each series is a document of its own, as it is when day follows day; one day in ten is
corrected later. All of it is read, some times over; the quickest counts.
"""

import asyncio
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from bench.options import Figures, Options
from cloud.kernel.database import open_database
from cloud.market.areas import catalogue
from cloud.market.feeds.simulated import issues
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Kind, Series

_FIRST = date(2026, 1, 1)
_AREAS = ("AT", "DE-LU", "CH", "FR", "CZ", "HU")
_LATER_US = 2**52
_TARGET_S = 0.3


def run(options: Options) -> Figures:
    return asyncio.run(_run(30 if options.quick else 365))


async def _run(days: int) -> Figures:
    areas = catalogue.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "series.sqlite3"
        database = await open_database(f"sqlite+aiosqlite:///{path}")
        try:
            empty = path.stat().st_size
            archive = Archive(database, areas)
            series = [Series("bench", Kind.PRICE_DAY_AHEAD, area, 900, "SDAC") for area in _AREAS]
            batches = [batch for one in series for batch in _batches(one, days)]
            begun = time.perf_counter()
            kept = await archive.append(batches)
            keeping_s = time.perf_counter() - begun
            start_us = areas["AT"].day_us(_FIRST)[0]
            end_us = areas["AT"].day_us(_FIRST + timedelta(days=days))[1]
            reading_s = [
                await _read(archive, series, start_us, end_us, known_us)
                for known_us in (None, _LATER_US, None, _LATER_US, None)
            ]
        finally:
            await database.close()
        size = sum(found.stat().st_size for found in path.parent.iterdir()) - empty
    best_s = min(reading_s)
    print(f"kept {kept.new:,} values in {keeping_s:.1f} s")
    print(f"read {len(series)} series of {days} days in {best_s:.3f} s (target {_TARGET_S} s)")
    print(f"{size / kept.new:.1f} bytes a value on the disk")
    return {
        "days": days,
        "values": kept.new,
        "keeping_s": round(keeping_s, 2),
        "reading_s": round(best_s, 4),
        "bytes_value": round(size / kept.new, 2),
    }


def _batches(series: Series, days: int) -> list[Batch]:
    area = catalogue.load()[series.area]
    return [
        Batch(
            series=series,
            starts_us=issue.starts_us,
            values=issue.values,
            known_us=issue.known_us,
            received_us=issue.known_us,
            created_us=issue.known_us,
            revision=issue.revision,
            document=f"{issue.known_us}",
        )
        for number in range(days)
        for issue in issues(
            1,
            area,
            Kind.PRICE_DAY_AHEAD,
            "SDAC",
            _FIRST + timedelta(days=number),
            _LATER_US,
        )
    ]


async def _read(
    archive: Archive, series: list[Series], start_us: int, end_us: int, known_us: int | None
) -> float:
    begun = time.perf_counter()
    for one in series:
        await archive.as_of(one, start_us, end_us, known_us)
    return time.perf_counter() - begun
