"""What benchmarks of the real processes share: starting them, and what the system knows of them."""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from agent import link
from agent.status import Status
from simulators.processes import Child, Processes
from wire.clock import SystemClock
from wire.schedule import FrequencyService, Schedule, Slot

START_S_MAX = 20.0
FCR_CE = ((-0.2, 1.0), (0.2, -1.0))
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


async def start(processes: Processes, name: str, module: str, *arguments: str) -> Child:
    """Start a module of ours as a process."""
    command = (sys.executable, "-m", module, *arguments)
    return await processes.start(name, *command, environment=os.environ)


async def answers(port: int) -> bool:
    """Say whether somebody listens at the port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def is_there(path: Path) -> bool:
    return await asyncio.to_thread(path.exists)


async def ask_for_response(
    socket_path: Path, site: str, capacity_kw: float, seconds: float
) -> None:
    """Hand control a schedule as the gateway would, before the gateway is there.

    A frequency product for `seconds` and ten minutes more: nearly every beat writes.
    """
    now_us = SystemClock().now_us()
    end_us = now_us + round((seconds + 600) * 1e6)
    schedule = Schedule(
        site=site,
        version=1,
        issued_us=now_us,
        slots=(Slot(now_us, end_us, 0.0),),
        services=(FrequencyService("fcr_ce", now_us, end_us, capacity_kw, FCR_CE),),
    )
    reader, writer = await asyncio.open_unix_connection(socket_path)
    writer.write(link.encode(schedule))
    while True:
        message = await link.receive(reader)
        if isinstance(message, Status) and message.schedule_version == schedule.version:
            break
    writer.close()


def free_ports(count: int) -> list[int]:
    """Return ports that nobody uses now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def cores() -> int:
    return len(os.sched_getaffinity(0))


def rss_mb(child: Child) -> float:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{child.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return round(int(line.split()[1]) / 1024, 1)


def cpu_s(child: Child) -> float:
    """Return the processor time a process has used, its own and the kernel's for it."""
    stat = Path(f"/proc/{child.process.pid}/stat").read_text()
    fields = stat.rpartition(")")[2].split()  # the name may hold spaces
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def percentile(samples: Sequence[float], percent: int) -> float | None:
    """Return the value below which `percent` of the samples lie; None: there are none."""
    if not samples:
        return None
    ordered = sorted(samples)
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 3)
