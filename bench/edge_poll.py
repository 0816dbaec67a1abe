"""``edge-poll``: ten devices of a thousand registers each, at 1 Hz and at twice that.

The real control and gateway processes read ten simulated devices and, on its usual beat, one
inverter that is dispatched. What has reached the gateway's buffer is judged afterwards: every
value says when its device gave it. A sample is on time when it was stored for its period and was
given within that period. The second run polls and records twice as often.
"""

import asyncio
import json
import math
import sqlite3
import statistics
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.box import (
    START_S_MAX,
    answers,
    ask_for_response,
    cpu_s,
    free_ports,
    is_there,
    percentile,
    rss_mb,
    start,
)
from bench.options import Figures, Options
from bench.registers import REGISTERS, age_s
from simulators.processes import Child, Processes, running
from wire import block as blocks
from wire.block import Block, Quality
from wire.clock import SystemClock
from wire.sync import FrameClass

DEVICES = 10
SITE = "bench"
RATED_KW = 100.0
SECONDS = 60.0
QUICK_SECONDS = 4.0
WARM_UP_S = 4.0
QUICK_WARM_UP_S = 2.0
PERIODS_S = (1.0, 0.5)
LATE_S = 0.1
"""A beat: what a sample may be older than its period."""
_SETTINGS = """
site = "{site}"
data_dir = "{folder}/data"

[page]
port = {page_port}

[control]
discharge_kw_max = {rated_kw}
charge_kw_max = {rated_kw}
record_period_s = {period_s}

[[devices]]
id = "inverter"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
port = {inverter_port}
"""
_DEVICE = """
[[devices]]
id = "device-{number}"
kind = "modbus_tcp"
profile = "{profile}"
host = "127.0.0.1"
port = {port}
"""
_PROFILE = """
[profile]
id = "bench"
version = 1
source = "bench"

[link]
protocol = "modbus"
timeout_s = 0.5
max_registers = 125
slow_s = {period_s}

[watchdog]
kind = "none"
"""
_POINT = """
[[point]]
name = "{name}"
kind = "input"
address = {address}
type = "uint16"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one load did to the box."""

    period_s: float
    seconds: float
    on_time: int
    """Samples."""
    cpu_pct: float
    gateway_cpu_pct: float
    rss_mb: float
    rss_growth_mb: float
    gateway_rss_mb: float
    jitter_ms: Sequence[float]
    requests_per_poll: float
    timing: dict[str, Any]

    @property
    def offered(self) -> int:
        return round(self.seconds / self.period_s) * DEVICES * REGISTERS

    @property
    def on_time_pct(self) -> float:
        """Return the share on time; a sampling at the window's very edge is not counted twice."""
        return min(100.0, round(100 * self.on_time / self.offered, 3))

    @property
    def goodput(self) -> float:
        """Return samples on time a second."""
        return self.on_time / self.seconds


def run(options: Options) -> Figures:
    """Return the figures of polling."""
    normal, doubled = (asyncio.run(_load(period_s, options)) for period_s in PERIODS_S)
    best = max(normal.goodput, doubled.goodput)
    return {
        "offered_points_per_s": round(normal.offered / normal.seconds),
        "on_time_pct": normal.on_time_pct,
        "cpu_pct": normal.cpu_pct,
        "rss_mb": normal.rss_mb,
        "jitter_p99_ms": percentile(normal.jitter_ms, 99),
        "overload_goodput_pct": round(100 * doubled.goodput / best, 1),
        "requests_per_1000_registers": round(normal.requests_per_poll, 3),
        "gateway_cpu_pct": normal.gateway_cpu_pct,
        "gateway_rss_mb": normal.gateway_rss_mb,
        "rss_growth_mb": normal.rss_growth_mb,
        "beats": normal.timing["beats"],
        "beats_missed": normal.timing["missed"],
        "read_to_write_p99_ms": percentile(normal.timing["read_to_write_ms"], 99),
        "jitter_max_ms": percentile(normal.jitter_ms, 100),
        "overload_points_per_s": round(doubled.goodput),
        "overload_on_time_pct": doubled.on_time_pct,
        "overload_cpu_pct": doubled.cpu_pct,
        "overload_rss_mb": doubled.rss_mb,
        "overload_rss_growth_mb": doubled.rss_growth_mb,
        "overload_read_to_write_p99_ms": percentile(doubled.timing["read_to_write_ms"], 99),
        "overload_jitter_p99_ms": percentile(doubled.jitter_ms, 99),
        "notes": "CPU of control alone, with an inverter dispatched at 10 Hz; the gateway's beside",
    }


async def _load(period_s: float, options: Options) -> Load:
    """Measure one load."""
    seconds = QUICK_SECONDS if options.quick else SECONDS
    warm_up_s = QUICK_WARM_UP_S if options.quick else WARM_UP_S
    with TemporaryDirectory(prefix="phoenyra-bench-") as name:
        folder = Path(name)
        async with running(folder) as processes:
            control, gateway = await _start(processes, folder, period_s, options)
            await asyncio.sleep(warm_up_s)
            clock = SystemClock()
            before_s, gateway_before_s = cpu_s(control), cpu_s(gateway)
            before_mb, from_us = rss_mb(control), clock.now_us()
            await asyncio.sleep(seconds)
            to_us = from_us + round(seconds * 1e6)
            used_s, gateway_used_s = cpu_s(control) - before_s, cpu_s(gateway) - gateway_before_s
            after_mb, gateway_mb = rss_mb(control), rss_mb(gateway)
            processes.check()
            await asyncio.sleep(2 * period_s)  # what was sampled is committed
            await processes.stop("control")
            await processes.stop("gateway")
            await processes.stop("devices")
        devices = json.loads((folder / "devices.json").read_text())
        polls = sum(len(device["polls_s"]) for device in devices)
        return Load(
            period_s=period_s,
            seconds=seconds,
            on_time=sum(_on_time(_stored(folder), from_us, to_us, period_s)),
            cpu_pct=round(100 * used_s / seconds, 1),
            gateway_cpu_pct=round(100 * gateway_used_s / seconds, 1),
            rss_mb=after_mb,
            rss_growth_mb=round(after_mb - before_mb, 1),
            gateway_rss_mb=gateway_mb,
            jitter_ms=[ms for device in devices for ms in _jitter_ms(device["polls_s"], period_s)],
            requests_per_poll=sum(device["requests"] for device in devices) / polls,
            timing=json.loads((folder / "timing.json").read_text()),
        )


async def _start(
    processes: Processes, folder: Path, period_s: float, options: Options
) -> tuple[Child, Child]:
    """Start devices, control and gateway; return the last two."""
    page_port, inverter_port, *ports = free_ports(2 + DEVICES)
    profile = folder / "device.toml"
    profile.write_text(device_profile(period_s))
    entries = (device_entry(number, profile, port) for number, port in enumerate(ports))
    settings = _SETTINGS.format(
        site=SITE,
        folder=folder,
        page_port=page_port,
        inverter_port=inverter_port,
        period_s=period_s,
        rated_kw=RATED_KW,
    )
    config = folder / "site.toml"
    config.write_text(settings + "".join(entries))
    served = (str(folder / "devices.json"), *map(str, ports))
    devices = await start(processes, "devices", "bench.registers", *served)
    inverter = await start(
        processes,
        "inverter",
        *("simulators.main", "device", "reference-inverter"),
        *("--port", str(inverter_port), "--seed", str(options.seed)),
    )
    await processes.until(lambda: answers(ports[-1]), START_S_MAX, devices)
    await processes.until(lambda: answers(inverter_port), START_S_MAX, inverter)
    agent = ("--config", str(config))
    timing = ("--timing", str(folder / "timing.json"))
    control = await start(processes, "control", "agent.main", "control", *agent, *timing)
    socket_path = folder / "data" / "control.sock"
    await processes.until(lambda: is_there(socket_path), START_S_MAX, control)
    await ask_for_response(socket_path, SITE, RATED_KW, SECONDS)
    gateway = await start(processes, "gateway", "agent.main", "gateway", *agent)
    await processes.until(lambda: answers(page_port), START_S_MAX, gateway)
    return control, gateway


def device_profile(period_s: float) -> str:
    """Return the profile of a device whose registers are all read every `period_s`."""
    points = (_POINT.format(name=_name(a), address=a) for a in range(REGISTERS))
    return _PROFILE.format(period_s=period_s) + "".join(points)


def device_entry(number: int, profile: Path, port: int) -> str:
    """Return the settings of one device."""
    return _DEVICE.format(number=number, profile=profile, port=port)


def _name(address: int) -> str:
    return f"rack{address // 100:02}.cell{address % 100:02}_voltage_v"


def _stored(folder: Path) -> Iterator[Block]:
    """Yield what the gateway has committed of the devices."""
    query = "SELECT payload FROM frames WHERE kind = ? ORDER BY seq"
    with closing(sqlite3.connect(folder / "data" / "buffer.db")) as database:
        for (payload,) in database.execute(query, (int(FrameClass.TELEMETRY),)):
            block = blocks.decode(payload)
            if block.device.startswith("device-"):
                yield block


def _on_time(stored: Iterator[Block], from_us: int, to_us: int, period_s: float) -> Iterator[int]:
    """Yield for each sampling of a device how many of its points were on time."""
    addresses = {_name(address): address for address in range(REGISTERS)}
    for block in stored:
        for sample, at_us in enumerate(block.at_us):
            if not from_us <= at_us < to_us:
                continue
            yield sum(
                quality[sample] is Quality.GOOD
                and age_s(addresses[point], round(value), at_us) <= period_s + LATE_S
                for point, values, quality in zip(
                    block.points, block.values, block.quality, strict=True
                )
                if (value := values[sample]) is not None
            )


def _jitter_ms(polls_s: Sequence[float], period_s: float) -> list[float]:
    """Return how far each poll began from the device's own grid, after the first two."""
    phases = [math.modf(time_s / period_s)[0] for time_s in polls_s[2:]]
    if not phases:
        return []
    centre = statistics.median(phases)
    around = [(phase - centre + 0.5) % 1.0 - 0.5 for phase in phases]
    middle = statistics.median(around)
    return [abs(offset - middle) * period_s * 1e3 for offset in around]
