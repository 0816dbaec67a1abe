"""Real processes: control is killed at 500 kW and started again, and the meter shows no step.

The power is read at the inverter itself, by raw requests from a thread of its own.
"""

import asyncio
import statistics
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.agents import LoneBox, lone_box
from tests.support.gateway_peer import gateway, until_told
from tests.support.system import read_registers, wait_until

pytestmark = pytest.mark.slow

POWER_KW = 500.0
STEP_SHARE_MAX = 0.02
LOOK_S = 0.02
LOOK_S_MAX = 0.1
"""Ten times a second, at least."""
READ_INPUT = 4


@dataclass(slots=True)
class Watcher:
    """Looks at the power of an inverter; what it saw is `seen`: (monotonic s, kW)."""

    device_port: int
    seen: list[tuple[float, float]] = field(default_factory=list)
    trouble: Exception | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        try:
            while not self._over.wait(LOOK_S):
                words = read_registers(self.device_port, READ_INPUT, 0, 2)
                (raw,) = struct.unpack(">i", struct.pack(">2H", *words))
                self.seen.append((time.monotonic(), -raw / 1_000))
        except (OSError, AssertionError) as error:
            self.trouble = error

    def end(self) -> None:
        self._over.set()


@contextmanager
def watching(device_port: int) -> Iterator[Watcher]:
    watcher = Watcher(device_port)
    thread = threading.Thread(target=watcher.look)
    thread.start()
    try:
        yield watcher
    finally:
        watcher.end()
        thread.join()
    assert watcher.trouble is None


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LoneBox]:
    with lone_box(tmp_path) as box:
        settings = box.config.read_text().replace("_kw_max = 100", "_kw_max = 600")
        settings = settings.replace("[control]\n", "[control]\nramp_pct_per_s = 100\n")
        box.config.write_text(settings)
        box.system.start_device(
            "inverter", box.device_port, "--power-kw", "600", "--capacity-kwh", "2400"
        )
        yield box


async def test_i23_control_killed_in_the_middle_of_500_kw_and_restarted_is_no_step_at_the_meter(
    box: LoneBox,
) -> None:
    await asyncio.to_thread(box.start_control)
    async with gateway(box) as peer:
        await peer.ask_for(POWER_KW)
        await until_told(POWER_KW, box.device_port)
    with watching(box.device_port) as watcher:
        await asyncio.to_thread(
            wait_until,
            lambda: watcher.seen and abs(watcher.seen[-1][1] - POWER_KW) < 1.0,
            20.0,
            "the inverter gives 500 kW",
        )
        before = len(watcher.seen)
        box.system.kill("control")
        await asyncio.to_thread(box.start_control)
        async with gateway(box) as peer:
            await peer.status(lambda s: any(r.code == "OBSERVING" for r in s.reasons))
            await peer.ask_for(POWER_KW, version=2)
            await peer.status(lambda s: any(r.code == "SCHEDULE" for r in s.reasons))
        count = len(watcher.seen)
        await asyncio.to_thread(
            wait_until, lambda: len(watcher.seen) >= count + 100, 30.0, "it was looked at long"
        )
    seen = watcher.seen[before - 1 :]
    gaps_s = [after - before for (before, _), (after, _) in pairwise(seen)]
    assert statistics.median(gaps_s) <= LOOK_S_MAX
    assert max(abs(kw - POWER_KW) for _, kw in seen) <= STEP_SHARE_MAX * POWER_KW
