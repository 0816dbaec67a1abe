"""``exchange-api``: orders into a real hub and the answers to them, the sync of the disk included.

A hub process with a data folder of its own, and clients in this process, on the same machine. At a
steady rate, a time runs from the moment at which the order was due: what waits is counted. Orders
come in pairs, a sale that rests and a purchase that takes it, so each second one makes a trade with
all that follows: positions, prices, feeds. Fan-out: from before the order is sent until the
subscriber of ``/ws/trades`` in another process has the trade.
"""

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.api_lines import ApiLine, HttpLine, Order, SocketLine
from bench.options import Figures, Options
from tests.support.system import System, running_system
from wire.clock import QUARTER_HOUR_US, SystemClock, quarter_hour_us, utc

RATE = 500
FAST_RATE = 2_000
"""Orders a second over one socket each way, for T3."""
CONNECTIONS = 8
"""Of HTTP, for each side."""
UNDER_WAY = 32
"""Orders of each side that wait for an answer when it is as fast as it goes."""
BULK = 500
SUBSCRIBERS = 200
READERS = 2
"""Processes that hold them, each with an account of its own."""
TRADES_PER_S = 20
MARKET = "PHO_AT_INTRADAY_15MIN"
_AHEAD = 40
"""Quarter-hours from now to the delivery that is traded."""


@dataclass(slots=True)
class Run:
    """Times of the answers in ms, and what was not taken."""

    took_ms: list[float] = field(default_factory=list)
    errors: int = 0
    seconds: float = 0.0


def run(options: Options) -> Figures:
    """Return the figures: answers at steady rates, the most a second, bulk entry, fan-out."""
    seconds = 2.0 if options.quick else 10.0
    with (
        TemporaryDirectory(prefix="phoenyra-bench-") as folder,
        running_system(Path(folder)) as system,
    ):
        names = ["seller", "buyer", *(f"reader-{n}" for n in range(READERS))]
        for name in names:
            system.post("/api/v1/accounts", id=name, name=name)
        keys = {name: system.trader_key(name) for name in names}
        return asyncio.run(_run(system, keys, seconds))


async def _run(system: System, keys: dict[str, str], seconds: float) -> Figures:
    figures: Figures = {"orders_per_s": RATE}
    errors = 0
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        http: list[Sequence[ApiLine]] = []
        socket: list[Sequence[ApiLine]] = []
        listening = []
        for side in ("seller", "buyer"):
            lines = [await HttpLine.open(system.hub_url, keys[side]) for _ in range(CONNECTIONS)]
            line = await SocketLine.open(system.hub_url, keys[side])
            stack.push_async_callback(line.close)
            for each in lines:
                stack.push_async_callback(each.close)
            listening.append(tasks.create_task(line.listen()))
            http.append(lines)
            socket.append([line])
        for name, lines_of, rate in (
            ("", http, RATE),
            ("socket_", socket, RATE),
            ("socket_2000_", socket, FAST_RATE),
        ):
            steady = await _steady(lines_of, rate, seconds)
            errors += steady.errors
            figures |= _percentiles(f"{name}ack", steady.took_ms)
        for name, lines_of in (("http", http), ("socket", socket)):
            cpu_s = _cpu_s(system)
            most = await _most(lines_of, seconds)
            cpu_s = _cpu_s(system) - cpu_s
            errors += most.errors
            figures[f"orders_per_s_max_{name}"] = round(len(most.took_ms) / most.seconds)
            figures[f"hub_cpu_ms_an_order_{name}"] = round(1e3 * cpu_s / len(most.took_ms), 3)
        bulk = await _bulk(system, keys["seller"], 10 if seconds < 5.0 else 40)
        errors += bulk.errors
        figures |= _percentiles("bulk_500", bulk.took_ms)
        late_ms, lost = await _fan_out(system, keys, http, seconds)
        for task in listening:
            task.cancel()
    figures |= {"subscribers": SUBSCRIBERS, **_percentiles("fanout", late_ms)}
    return figures | {
        "fanout_lost": lost,
        "errors": errors,
        "loadavg_end": round(os.getloadavg()[0], 2),
        "hub_rss_mb": _rss_mb(system),
    }


async def _steady(sides: Sequence[Sequence[ApiLine]], rate: int, seconds: float) -> Run:
    """Enter orders at a rate, whatever the answers take."""
    done = Run()
    start_s = time.monotonic() + 0.1

    async def one(number: int) -> None:
        due_s = start_s + number / rate
        lines = sides[number % 2]
        taken = await lines[number // 2 % len(lines)].enter(_order(number))
        done.took_ms.append((time.monotonic() - due_s) * 1e3)
        done.errors += not taken

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            wait_s = start_s + number / rate - time.monotonic()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            tasks.create_task(one(number))
    return done


async def _most(sides: Sequence[Sequence[ApiLine]], seconds: float) -> Run:
    """Enter orders as fast as they are answered."""
    done = Run()
    start_s = time.monotonic()

    async def worker(side: int, place: int) -> None:
        lines = sides[side]
        number = side
        while time.monotonic() < start_s + seconds:
            began_s = time.monotonic()
            done.errors += not await lines[place % len(lines)].enter(_order(number))
            done.took_ms.append((time.monotonic() - began_s) * 1e3)
            number += 2

    async with asyncio.TaskGroup() as tasks:
        for place in range(UNDER_WAY):
            for side in range(len(sides)):
                tasks.create_task(worker(side, place))
    done.seconds = time.monotonic() - start_s
    return done


async def _bulk(system: System, key: str, times: int) -> Run:
    """Enter `BULK` orders in one request, and take them back, again and again."""
    done = Run()
    line = await HttpLine.open(system.hub_url, key)
    try:
        for _ in range(times):
            orders = [_plain(number) for number in range(0, 2 * BULK, 2)]
            began_s = time.monotonic()
            status, answer = await line.post("/api/v1/orders/basket", {"orders": orders})
            done.took_ms.append((time.monotonic() - began_s) * 1e3)
            done.errors += status != 200 or json.loads(answer)["accepted"] != BULK
            with system.client(key) as client:
                await asyncio.to_thread(client.delete, "/api/v1/orders")
    finally:
        await line.close()
    return done


async def _fan_out(
    system: System, keys: dict[str, str], sides: Sequence[Sequence[ApiLine]], seconds: float
) -> tuple[list[float], int]:
    """Return how late each subscriber heard of each trade in ms, and what nobody heard."""
    url = system.hub_url.replace("http", "ws", 1) + "/ws/trades?auto=true"
    readers = [
        await _reader(url, keys[f"reader-{n}"], SUBSCRIBERS // READERS) for n in range(READERS)
    ]
    sent = []
    start_s = time.monotonic()
    for number in range(int(TRADES_PER_S * seconds)):
        await sides[0][0].enter(_order(0))
        await asyncio.sleep(max(0.0, start_s + number / TRADES_PER_S - time.monotonic()))
        sent.append(time.monotonic_ns())
        await sides[1][0].enter(_order(1))
    await asyncio.sleep(1.0)
    late_ms: list[float] = []
    lost = 0
    for reader in readers:
        out, _ = await reader.communicate(b"")
        came: dict[str, list[int]] = json.loads(out)
        heard = [came[seq] for seq in sorted(came, key=int)]
        heard += [[]] * (len(sent) - len(heard))
        for at_ns, each in zip(sent, heard, strict=True):
            lost += SUBSCRIBERS // READERS - len(each)
            late_ms += [(ns - at_ns) / 1e6 for ns in each]
    return late_ms, lost


async def _reader(url: str, key: str, count: int) -> Process:
    reader = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.feed_readers", url, key, str(count)),
        stdin=PIPE,
        stdout=PIPE,
        limit=2**28,
    )
    assert reader.stdout is not None
    assert (await reader.stdout.readline()) == b"ready\n"
    return reader


def _order(number: int) -> Order:
    """Return an order as the first API takes it: even numbers rest, odd ones take."""
    buys = number % 2
    return {
        **_where(),
        "side": "BUY" if buys else "SELL",
        "quantity_mwh": 0.0025,
        "limit_price_eur_mwh": 60.0 if buys else 50.0 + number % 100 * 0.01,
        "order_type": "LIMIT",
        "time_in_force": "IOC" if buys else "GFD",
    }


def _plain(number: int) -> Order:
    return {
        **_where(),
        "side": "SELL",
        "power_kw": 10,
        "limit_price_eur_mwh": 500.0 + number % 100 * 0.01,
    }


def _where() -> dict[str, object]:
    start_us = quarter_hour_us(SystemClock().now_us()) + _AHEAD * QUARTER_HOUR_US
    return {"market": MARKET, "delivery_start": utc(start_us).isoformat()}


def _percentiles(name: str, values: list[float]) -> Figures:
    ordered = sorted(values)

    def at(share: float) -> float | None:
        place = min(len(ordered) - 1, int(share * len(ordered)))
        return round(ordered[place], 2) if ordered else None

    return {f"{name}_p{100 * share:.0f}_ms": at(share) for share in (0.5, 0.95, 0.99)}


def _cpu_s(system: System) -> float:
    """Return what the hub has computed so far: a figure that other programs hardly disturb."""
    pid = system.processes["hub"].pid
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(system: System) -> float:
    pid = system.processes["hub"].pid
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)
