"""``archive``: a day of beats kept whole, and what a month of it costs to export.

Everything is what runs in a box: ten times a second a plant with a product in force is decided
upon, the witness tells of it, its frames are read as the gateway reads them, and the archive
commits them every five seconds. Only time is counted instead of waited for, and the inverter is
the model of a rehearsal. The month is that day repeated, in the same pieces, rows and traces.
"""

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from agent import link
from agent.archive import nordic
from agent.archive import trace as traces
from agent.archive.config import ArchiveSettings
from agent.archive.export import Wanted, content
from agent.archive.reader import reading
from agent.archive.schema import FILE, Kind
from agent.control.decide import Memory, Orders, decide
from agent.control.evidence import Record
from agent.control.outbox import Outbox
from agent.control.plant import FrequencyMeter, PlantState, Run, UnitState
from agent.control.quantity import Quantity
from agent.control.response.curve import FCR_CE
from agent.control.witness import Archived, Witness
from agent.gateway.archive.store import open_archive
from agent.link import Item
from agent.prequalify.model import Behaviour, GridModel, Noise, UnitModel
from bench.decisions import full_rules
from bench.options import Figures, Options
from wire import block as blocks
from wire.schedule import FrequencyService, Schedule, Slot

BEGIN_US = 1_790_000_040_000_000
"""On a minute."""
SECOND_US = 1_000_000
HOUR_S = 3_600
BEATS_PER_S = 10
BEAT_S = 1 / BEATS_PER_S
COMMIT_S = 5
DAY_H, MONTH_H = 24, 31 * 24
CAPACITY_KW = 40.0
CAPACITY_KWH = 200.0
OUTBOX_BYTES = 6 * 1024**2
FORMATS = ("archive", "nordic")
_TIMEOUT_S = 1_800


def run(options: Options) -> Figures:
    """Return the figures; with ``--quick`` an hour is simulated, and a day exported of it."""
    hours, exported_h = (1, DAY_H) if options.quick else (DAY_H, MONTH_H)
    with TemporaryDirectory(prefix="phoenyra-bench-") as folder:
        figures = _apart(folder, "keep", hours, options.seed)
        _repeat(Path(folder) / FILE, hours, exported_h)
        exports: Figures = {"exported_hours": exported_h}
        for what in FORMATS:
            exports |= _apart(folder, what, exported_h, options.seed)
    for what in FORMATS:
        exports[f"month_export_{what}_s"] = None if options.quick else exports[f"export_{what}_s"]
    if options.quick:
        exports["notes"] = "a month is exported without --quick only"
    return {**figures, **exports}


def _apart(folder: str, what: str, hours: int, seed: int) -> Figures:
    """Do one part in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "bench.archive", folder, what, str(hours), str(seed)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=_TIMEOUT_S)
    figures: Figures = json.loads(done.stdout)
    return figures


async def _keep(folder: Path, hours: int, seed: int) -> Figures:
    """Simulate the hours and keep them; count the seconds that the archive has of them."""
    rules, begun_s = full_rules(), time.process_time()
    outbox = Outbox(OUTBOX_BYTES)
    archived = Archived(
        settings=ArchiveSettings(),
        limits=rules.limits,
        period_s=BEAT_S,
        config="bench",
        nominal_v=230.0,
    )
    witness, plant, memory = Witness(outbox, "bench", archived), _Plant(seed), Memory()
    schedule, armed = _schedule(hours), 0
    with open_archive(folder / FILE, ArchiveSettings(), "bench") as store:
        for beat in range(hours * HOUR_S * BEATS_PER_S):
            now_us = BEGIN_US + round(beat * BEAT_S * SECOND_US)
            state = plant.at(beat)
            orders = Orders(now_us=now_us, schedule=schedule)
            decision, memory = decide(state, orders, rules, memory)
            plant.tell(decision.setpoint_kw, beat)
            armed += any(product.armed for product in decision.products)
            witness.beat(Record(at_us=now_us, plant=state, decision=decision), 0)
            if (beat + 1) % (COMMIT_S * BEATS_PER_S) == 0:
                store.keep("bench", await _received(outbox))
    seconds = hours * HOUR_S
    with reading(folder / FILE) as reader:
        rows = reader.rows(BEGIN_US, BEGIN_US + seconds * SECOND_US, ("f_hz",))
        found = {at_us for part in rows for at_us in part.at_us}
    with closing(sqlite3.connect(folder / FILE)) as database:
        (size,) = database.execute("SELECT sum(length(payload)) FROM pieces").fetchone()
    return {
        "simulated_hours": hours,
        "decisions": hours * HOUR_S * BEATS_PER_S,
        "armed_pct": round(100 * armed / (hours * HOUR_S * BEATS_PER_S), 2),
        "seconds_expected": seconds,
        "seconds_missing": seconds - len(found),
        "items_dropped": outbox.dropped,
        "cpu_s": round(time.process_time() - begun_s, 1),
        "bytes_per_day": round(size * DAY_H / hours),
        "rss_mb": _peak_mb(),
    }


async def _received(outbox: Outbox) -> list[Item]:
    """Return what control sends, as the gateway reads it from its socket, and release it."""
    frames = outbox.after(-1, len(outbox))
    reader = asyncio.StreamReader()
    reader.feed_data(b"".join(frame for _, frame in frames))
    items = [message for _ in frames if isinstance(message := await link.receive(reader), Item)]
    if frames:
        outbox.stored(frames[-1][0])
    return items


@dataclass(slots=True)
class _Plant:
    """A site of `bench.decisions.full_rules` that does what it is told; all of it moves."""

    seed: int
    unit: UnitModel = field(init=False)
    noise: Noise = field(init=False)
    grid: GridModel = field(init=False)
    told_kw: float = 0.0

    def __post_init__(self) -> None:
        self.noise = Noise(self.seed)
        self.grid = GridModel(Noise(self.seed + 6))
        self.unit = UnitModel(Behaviour(), 100.0, CAPACITY_KWH, 50.0, Noise(self.seed + 1))

    def tell(self, power_kw: float, beat: int) -> None:
        self.told_kw = power_kw
        self.unit.tell(power_kw, beat * BEAT_S)

    def at(self, beat: int) -> PlantState:
        """Return the plant at a beat, as healthy as one can be."""

        def now(value: float) -> Quantity:
            return Quantity(value, 0.02, samples=beat)

        def noisy(value: float, share: float) -> Quantity:
            return now(value * (1 + share * self.noise.next()))

        self.unit.pass_time((beat - 1) * BEAT_S, beat * BEAT_S)
        hz, power_kw = self.grid.next(BEAT_S), self.unit.measured_kw()
        load_kw = 60.0 + 5.0 * self.noise.next()
        unit = UnitState(
            unit="inverter",
            ready=True,
            power_kw=now(power_kw),
            soc_pct=now(round(self.unit.soc_pct, 2)),
            discharge_kw_max=now(95.0),
            charge_kw_max=now(95.0),
            cell_max_v=now(3.32),
            cell_min_v=now(3.28),
            temp_max_c=now(28.0),
            temp_min_c=now(22.0),
            run=Run.RUNNING,
            told_kw=now(self.told_kw),
            written_kw=self.told_kw,
            written_age_s=0.1,
            heartbeat_age_s=0.5,
        )
        return PlantState(
            at_s=beat * BEAT_S,
            units=(unit,),
            frequencies=tuple(
                FrequencyMeter(device=name, hz=now(shown), resolution_hz=0.001, period_s=0.1)
                for name, shown in (("meter", hz), ("inverter", round(hz + 0.001, 3)))
            ),
            voltages_v=tuple(noisy(volts, 0.002) for volts in (231.0, 230.0, 229.0)),
            site_kw=now(power_kw - load_kw),
            site_kvar=now(5.0),
            site_currents_a=(now(80.0), now(70.0), now(75.0)),
            pv_kw=now(0.0),
            load_kw=now(load_kw),
            import_kwh=now(1_000.0 + beat / 600),
            clock_error_s=0.0,
        )


def _schedule(hours: int) -> Schedule:
    """Return a slot for every quarter-hour, and the product all the time."""
    end_us, quarter_us = BEGIN_US + hours * HOUR_S * SECOND_US, 900 * SECOND_US
    starts = range(BEGIN_US, end_us, quarter_us)
    slots = (Slot(at, at + quarter_us, (10.0, -10.0)[n % 2]) for n, at in enumerate(starts))
    return Schedule(
        site="bench",
        version=1,
        issued_us=BEGIN_US,
        slots=tuple(slots),
        services=(FrequencyService("fcr_ce", BEGIN_US, end_us, CAPACITY_KW, FCR_CE),),
    )


def _repeat(path: Path, hours: int, wanted_h: int) -> None:
    """Make the month of what was simulated."""
    insert = "INSERT INTO pieces (kind, open, t0_us, t1_us, n, crc, payload)"
    insert += " VALUES (?, 0, ?, ?, ?, ?, ?)"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE pieces SET open = 0")  # none of them is the last one any more
        found = database.execute(
            "SELECT kind, t0_us, t1_us, n, payload FROM pieces WHERE kind IN (?, ?)",
            (Kind.ROWS, Kind.TRACE),
        ).fetchall()
        for kind, t0_us, t1_us, count, payload in found:
            moved = _moved(kind, t0_us, payload)
            for hour in range(hours, wanted_h, hours):
                later_us = hour * HOUR_S * SECOND_US
                data = moved(later_us)
                values = (kind, t0_us + later_us, t1_us + later_us, count, zlib.crc32(data), data)
                database.execute(insert, values)


def _moved(kind: int, t0_us: int, payload: bytes) -> Callable[[int], bytes]:
    """Return what encodes the piece again, so many microseconds later."""
    if kind == Kind.TRACE:
        trace = traces.decode(payload)
        return lambda later_us: traces.encode(replace(trace, at_us=trace.at_us + later_us))
    text = blocks.to_json(blocks.decode(payload))

    def moved(later_us: int) -> bytes:
        later = text.replace(f'"t0":{t0_us}', f'"t0":{t0_us + later_us}')
        return zlib.compress(later.encode("ascii"), 1)

    return moved


def _export(folder: Path, what: str, hours: int) -> Figures:
    """Export all of it."""
    end_us = BEGIN_US + hours * HOUR_S * SECOND_US
    file = nordic.File(resource="bench", area="SE3")
    before_s, size = time.perf_counter(), 0
    with reading(folder / FILE) as reader, (folder / "out").open("w", newline="") as out:
        lines, timeline = content(reader, Wanted(what, BEGIN_US, end_us, file))
        for text in lines:
            size += out.write(text)
    return {
        f"export_{what}_s": round(time.perf_counter() - before_s, 2),
        f"export_{what}_mb": round(size / 1e6, 1),
        f"export_{what}_rss_mb": _peak_mb(),
        f"export_{what}_missing": hours * HOUR_S - timeline.seconds,
    }


def _peak_mb() -> float:
    """Return the most memory that this process ever held."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    memory_kb = next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line)
    return round(memory_kb / 1024, 1)


def _part(folder: Path, what: str, hours: int, seed: int) -> Figures:
    if what == "keep":
        return asyncio.run(_keep(folder, hours, seed))
    return _export(folder, what, hours)


if __name__ == "__main__":
    print(json.dumps(_part(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
