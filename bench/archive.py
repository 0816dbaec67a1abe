"""``archive``: what a month of evidence costs to export, and a second of it to keep.

The rows are those of a plant with a product in force: every column filled, a third of them moving
every second. Writing goes the gateway's own way, a commit every five seconds; the month is made of
an hour so written and repeated, so that reading it does all the work that a real month would.
"""

import json
import math
import random
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.archive import nordic
from agent.archive.columns import COLUMNS, ROW
from agent.archive.config import ArchiveSettings
from agent.archive.export import Wanted, content
from agent.archive.reader import reading
from agent.archive.schema import FILE
from agent.gateway.archive.store import open_archive
from agent.link import Item
from bench.options import Figures, Options
from wire import block as blocks
from wire.block import Block, Quality, Reading, sample

BEGIN_US = 1_790_000_040_000_000
"""On a minute."""
SECOND_US = 1_000_000
COMMIT_S = 5
HOUR_S = 3_600
MONTH_H = 31 * 24
QUICK_H = 24
_TIMEOUT_S = 600


def run(options: Options) -> Figures:
    """Return the figures; with ``--quick`` a day instead of a month."""
    with TemporaryDirectory(prefix="phoenyra-bench-") as name:
        folder = Path(name)
        keeping = _keep(folder, random.Random(options.seed))
        hours = QUICK_H if options.quick else MONTH_H
        _repeat(folder / FILE, hours)
        exports: Figures = {}
        for what in ("archive", "nordic", "dutch"):
            done = subprocess.run(
                [sys.executable, "-m", "bench.archive", str(folder), what, str(hours)],
                check=True,
                capture_output=True,
                timeout=_TIMEOUT_S,
            )
            exports |= json.loads(done.stdout)
    return {"hours": hours, **keeping, **exports}


def _keep(folder: Path, chance: random.Random) -> Figures:
    """Write an hour as the gateway does."""
    rows = list(_rows(HOUR_S + 60, chance))
    before_s = time.process_time()
    with open_archive(folder / FILE, ArchiveSettings(), "bench") as store:
        for start in range(0, len(rows), COMMIT_S):
            part = rows[start : start + COMMIT_S]
            store.keep("bench", [Item(start + place, row) for place, row in enumerate(part)])
    spent_s = time.process_time() - before_s
    with sqlite3.connect(folder / FILE) as database:
        database.execute("DELETE FROM pieces WHERE t0_us >= ?", (BEGIN_US + HOUR_S * SECOND_US,))
        (size,) = database.execute("SELECT sum(length(payload)) FROM pieces").fetchone()
    return {
        "keep_ms_per_row": round(1e3 * spent_s / len(rows), 3),
        "bytes_per_row": round(size / HOUR_S, 1),
        "mb_per_day": round(size * 24 / 1e6, 2),
    }


def _rows(count: int, chance: random.Random) -> Iterator[Block]:
    walk = 0.0
    for second in range(count):
        walk = 0.98 * walk + chance.gauss(0.0, 0.004)
        values = _values(second, walk, chance)
        at_us = BEGIN_US + second * SECOND_US
        readings = [
            Reading(f"{ROW}.{name}", value, Quality.GOOD, at_us) for name, value in values.items()
        ]
        yield sample(ROW, "bench", second, at_us, readings)


def _values(second: int, walk: float, chance: random.Random) -> dict[str, float]:
    response_kw = -5_000 * walk
    moving = {
        "mono_ms": 1e6 + 1_000.0 * second + chance.randint(0, 3),
        "beat_ms": 20.0 + chance.randint(0, 30) / 10,
        "f_hz": 50 + walk,
        "f_applied_hz": 50 + walk,
        "df_react_hz": walk,
        "v_v": 231 + chance.gauss(0, 0.4),
        "v_pu": 1.0 + chance.gauss(0, 0.002),
        "p_meas_kw": response_kw + chance.gauss(0, 3),
        "p_site_kw": response_kw - 300 + chance.gauss(0, 10),
        "p_set_kw": response_kw,
        "p_resp_kw": response_kw,
        "soc_pct": 50 + 10 * math.sin(second / 4_000),
        "e_mwh": 0.5 + 0.1 * math.sin(second / 4_000),
        "endurance_min": 30 + 5 * math.sin(second / 4_000),
    }
    return {column.name: round(moving.get(column.name, 0.0), column.decimals) for column in COLUMNS}


def _repeat(path: Path, hours: int) -> None:
    """Make the month of the hour."""
    with sqlite3.connect(path) as database:
        found = database.execute("SELECT payload, n FROM pieces ORDER BY t0_us").fetchall()
        minutes = [(blocks.to_json(blocks.decode(payload)), n) for payload, n in found]
        for hour in range(1, hours):
            for place, (text, count) in enumerate(minutes):
                old_us = BEGIN_US + place * 60 * SECOND_US
                at_us = old_us + hour * HOUR_S * SECOND_US
                payload = zlib.compress(
                    text.replace(f'"t0":{old_us}', f'"t0":{at_us}').encode("ascii"), 1
                )
                database.execute(
                    "INSERT INTO pieces (kind, open, t0_us, t1_us, n, crc, payload)"
                    " VALUES (0, 0, ?, ?, ?, ?, ?)",
                    (at_us, at_us + 59 * SECOND_US, count, zlib.crc32(payload), payload),
                )


def _export(folder: Path, what: str, hours: int) -> Figures:
    """Export all of it, in a process of its own, so that the memory is the export's."""
    end_us = BEGIN_US + hours * HOUR_S * SECOND_US
    file = nordic.File(resource="bench", area="SE3")
    before_s, cpu_s = time.perf_counter(), time.process_time()
    size = 0
    with reading(folder / FILE) as reader, (folder / "out").open("w", newline="") as out:
        lines, timeline = content(reader, Wanted(what, BEGIN_US, end_us, file))
        for text in lines:
            size += out.write(text)
    if timeline.seconds != hours * HOUR_S or timeline.missing:
        raise AssertionError(f"{timeline.seconds} rows, {timeline.missing} missing")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    memory_kb = next(int(x.split()[1]) for x in status.splitlines() if x.startswith("VmHWM"))
    return {
        f"{what}_s": round(time.perf_counter() - before_s, 2),
        f"{what}_cpu_s": round(time.process_time() - cpu_s, 2),
        f"{what}_mb": round(size / 1e6, 1),
        f"{what}_memory_mb": round(memory_kb / 1024, 1),
    }


if __name__ == "__main__":
    print(json.dumps(_export(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
