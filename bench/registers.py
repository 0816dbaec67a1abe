"""The devices of ``edge-poll``: fast Modbus servers in one process, that know when they were asked.

Every register tells the time: hundredths of a second of the wall clock, shifted by its own
address, modulo 65536. So whoever finds a value knows when the device gave it.

``python -m bench.registers FILE PORT...`` serves until SIGTERM and writes to FILE, for each port,
when the first register was asked for (monotonic seconds) and how many requests came in all.
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from drivers.point import Kind
from simulators.modbus_server import serve
from wire.clock import SystemClock

REGISTERS = 1_000
TICK_US = 10_000
SPREAD = 7_919
"""From one register to the next, so that neighbours do not look alike."""
_WORD = 1 << 16


def value_at(address: int, at_us: int) -> int:
    """Return what a register holds at an instant."""
    return (at_us // TICK_US + address * SPREAD) % _WORD


def age_s(address: int, value: int, now_us: int) -> float:
    """Return how long before `now_us` a register gave `value`; wraps after eleven minutes."""
    ticks = (value_at(address, now_us) - value) % _WORD
    return (ticks if ticks < _WORD // 2 else ticks - _WORD) * TICK_US / 1e6


class ClockRegisters:
    """One device."""

    def __init__(self) -> None:
        self.polls_s: list[float] = []
        self.requests = 0

    def read(self, kind: Kind, start: int, count: int) -> Sequence[int]:
        """See `simulators.modbus_server.Registers`."""
        self.requests += 1
        if start == 0:
            self.polls_s.append(time.monotonic())
        now_us = SystemClock().now_us()
        first = now_us // TICK_US
        addresses = range(start, start + count)
        return [(first + address * SPREAD) % _WORD for address in addresses]

    def write(self, kind: Kind, start: int, values: Sequence[int]) -> None:
        """Take everything and keep nothing."""


async def _serve(ports: Sequence[int]) -> list[dict[str, object]]:
    devices = [ClockRegisters() for _ in ports]
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with AsyncExitStack() as stack:
        for port, device in zip(ports, devices, strict=True):
            await stack.enter_async_context(serve(device, port=port))
        await ended.wait()
    return [{"polls_s": device.polls_s, "requests": device.requests} for device in devices]


if __name__ == "__main__":
    served = asyncio.run(_serve([int(port) for port in sys.argv[2:]]))
    Path(sys.argv[1]).write_text(json.dumps(served), encoding="ascii")
