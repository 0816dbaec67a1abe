"""``control-loop``: the beat of the real control process against a real simulated inverter.

Control, gateway and inverter run as processes of their own, over loopback, as on a box. A frequency
product keeps the setpoint moving, so that nearly every beat writes. The latency runs from the
start of a reading to the inverter's acknowledgement of the setpoint that was decided on it.

An inverter has a processor of its own, which no other process of the box can keep busy. The
simulated one gets real-time scheduling above control's where the system grants it, and the figures
say whether it did (`device_fifo`): without it, its own waiting for a core counts as ours.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.control.realtime import PRIORITY
from bench.arbitration import arbitrate_us
from bench.box import (
    START_S_MAX,
    answers,
    ask_for_response,
    cores,
    free_ports,
    is_there,
    percentile,
    rss_mb,
    start,
)
from bench.decisions import RATED_KW, decide_full_us, decide_us
from bench.options import Figures, Options
from simulators.processes import Child, running

SECONDS = 60.0
QUICK_SECONDS = 10.0
SITE = "bench"
_BUSY = "while True: pass"
_SETTINGS = """
site = "{site}"
data_dir = "{folder}/data"

[hub]
url = "http://127.0.0.1:{hub_port}"
gateway = "bench"
key_id = "bench"
secret = "{secret}"

[page]
port = {page_port}

[control]
discharge_kw_max = {rated_kw}
charge_kw_max = {rated_kw}

[frequency]
arming = "off"                # the simulated inverter's own frequency is what there is


[[devices]]
id = "inverter"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
port = {device_port}
"""


def run(options: Options) -> Figures:
    """Return the figures of the control loop: milliseconds, microseconds, megabytes."""
    seconds = QUICK_SECONDS if options.quick else SECONDS
    with TemporaryDirectory(prefix="phoenyra-bench-") as name:
        folder = Path(name)
        of_processes = asyncio.run(_measure(folder, seconds, options))
        document = json.loads((folder / "timing.json").read_text())
    read_to_write_ms, wake_late_ms = document["read_to_write_ms"], document["wake_late_ms"]
    return {
        "beats": document["beats"],
        "missed": document["missed"],
        "read_to_write_p50_ms": percentile(read_to_write_ms, 50),
        "read_to_write_p99_ms": percentile(read_to_write_ms, 99),
        "read_to_write_max_ms": percentile(read_to_write_ms, 100),
        "writes": len(read_to_write_ms),
        "wake_late_p99_ms": percentile(wake_late_ms, 99),
        "fifo": document["fifo"],
        "busy_cores": cores() if options.busy else 0,
        "decide_us": decide_us(),
        "decide_full_us": decide_full_us(),
        "arbitrate_us": arbitrate_us(),
        **of_processes,
        "notes": "the gateway has a hub that does not answer, as in an outage",
    }


async def _measure(folder: Path, seconds: float, options: Options) -> Figures:
    """Run the loop for `seconds`; the timing file is there when this returns."""
    device_port, page_port, hub_port = free_ports(3)
    config = folder / "site.toml"
    config.write_text(
        _SETTINGS.format(
            site=SITE,
            folder=folder,
            hub_port=hub_port,
            page_port=page_port,
            device_port=device_port,
            rated_kw=RATED_KW,
            secret="5a" * 32,
        )
    )
    async with running(folder) as processes:
        inverter = await start(
            processes,
            "inverter",
            *("simulators.main", "device", "reference-inverter"),
            *("--port", str(device_port), "--seed", str(options.seed)),
        )
        await processes.until(lambda: answers(device_port), START_S_MAX, inverter)
        device_fifo = _with_own_processor(inverter)
        agent = ("--config", str(config))
        timing = ("--timing", str(folder / "timing.json"))
        control = await start(processes, "control", "agent.main", "control", *agent, *timing)
        socket_path = folder / "data" / "control.sock"
        await processes.until(lambda: is_there(socket_path), START_S_MAX, control)
        await ask_for_response(socket_path, SITE, RATED_KW, seconds)
        gateway = await start(processes, "gateway", "agent.main", "gateway", *agent)
        await processes.until(lambda: answers(page_port), START_S_MAX, gateway)
        for core in range(cores() if options.busy else 0):
            command = (sys.executable, "-c", _BUSY)
            await processes.start(f"busy-{core}", *command, environment=os.environ)
        await asyncio.sleep(seconds)
        processes.check()
        figures: Figures = {
            "control_rss_mb": rss_mb(control),
            "gateway_rss_mb": rss_mb(gateway),
            "device_fifo": device_fifo,
        }
        await processes.stop("control")
    return figures


def _with_own_processor(device: Child) -> bool:
    """Let the simulated device run whenever it has something to do; say whether that is so."""
    try:
        os.sched_setscheduler(device.process.pid, os.SCHED_FIFO, os.sched_param(PRIORITY + 1))
    except OSError:
        return False
    return True
