"""``exchange-feeds``: from an order to everybody who follows, and from an order to its answer.

A hub with the real venue, writer and journal serves subscribers of ``/ws/trades`` in another
process. A time is measured from before the order is sent to the writer until the subscriber has
the trade, so the sync of the disk is in it; signing too, once a message.
"""

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.options import Figures, Options
from cloud.exchange.feeds import feeds
from cloud.kernel.context import Hub
from tests.support.feed_hub import Desk, subscriber, trading
from tests.support.hub import add_key, opened_hub

SUBSCRIBERS = 200
RATES = (10, 50)
"""Trades a second."""
ORDERS = 2_000
ORDERS_PER_S = 500


def run(options: Options) -> Figures:
    """Return the figures: milliseconds of fan-out by rate, and of an order's answer."""
    feeds.CLIENTS_PER_ACCOUNT_MAX = SUBSCRIBERS + 10
    with TemporaryDirectory(prefix="phoenyra-bench-") as folder:
        return asyncio.run(_run(Path(folder), 3 if options.quick else 10))


async def _run(folder: Path, seconds: int) -> Figures:
    figures: Figures = {"subscribers": SUBSCRIBERS}
    async with opened_hub(folder) as hub, trading(hub, folder) as (url, desk):
        first = 1
        for rate in RATES:
            late_ms, lost = await _fan_out(hub, url, desk, rate, seconds, first)
            first += rate * seconds
            figures |= {
                f"trades_{rate}_per_s_ms_p50": _at(late_ms, 0.5),
                f"trades_{rate}_per_s_ms_p95": _at(late_ms, 0.95),
                f"trades_{rate}_per_s_ms_p99": _at(late_ms, 0.99),
                f"trades_{rate}_per_s_lost": lost,
            }
        answers_ms = await _answers(hub, url)
        figures |= {
            "orders_per_s": ORDERS_PER_S,
            "answer_ms_p50": _at(answers_ms, 0.5),
            "answer_ms_p99": _at(answers_ms, 0.99),
        }
    return figures


async def _fan_out(
    hub: Hub, url: str, desk: Desk, rate: int, seconds: int, first: int
) -> tuple[list[float], int]:
    """Return how late each subscriber heard of each trade, in ms, and what nobody heard."""
    key = await add_key(hub, "readers")
    readers = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.feed_readers"),
        *(f"{url}/ws/trades?auto=true", key, str(SUBSCRIBERS)),
        stdin=PIPE,
        stdout=PIPE,
        limit=2**28,
    )
    assert readers.stdout is not None
    assert (await readers.stdout.readline()) == b"ready\n"
    sent = await _trade(desk, rate, seconds)
    await asyncio.sleep(1.0)
    came = await _told(readers)
    late_ms, lost = [], 0
    for number, at_ns in enumerate(sent):
        heard = came.get(str(first + number), [])
        lost += SUBSCRIBERS - len(heard)
        late_ms += [(ns - at_ns) / 1e6 for ns in heard]
    return late_ms, lost


async def _trade(desk: Desk, rate: int, seconds: int) -> list[int]:
    sent = []
    start_s = time.monotonic()
    for number in range(rate * seconds):
        await desk.writer.ask(desk.entry("seller", _body("SELL")))
        wait_s = start_s + number / rate - time.monotonic()
        await asyncio.sleep(max(0.0, wait_s))
        sent.append(time.monotonic_ns())
        await desk.writer.ask(desk.entry("buyer", _body("BUY")))
    return sent


async def _told(readers: Process) -> dict[str, list[int]]:
    out, _ = await readers.communicate(b"")
    found: dict[str, list[int]] = json.loads(out)
    return found


async def _answers(hub: Hub, url: str) -> list[float]:
    """Return how long answers over one socket took, in ms, at a steady rate."""
    sent: dict[str, float] = {}
    took_ms: list[float] = []
    async with (
        subscriber(hub, url, "/ws/orders?auto=false", await add_key(hub, "seller")) as socket,
        asyncio.TaskGroup() as tasks,
    ):

        async def send() -> None:
            start_s = time.monotonic()
            for number in range(ORDERS):
                wait_s = start_s + number / ORDERS_PER_S - time.monotonic()
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
                sent[f"n{number}"] = time.monotonic()
                await socket.enter(f"n{number}", "SELL", 9_000 + number % 100, 1)

        tasks.create_task(send())
        while len(took_ms) < ORDERS:
            answer = await socket.until("answer")
            took_ms.append((time.monotonic() - sent[answer["id"]]) * 1e3)
    return took_ms


def _body(side: str) -> dict[str, object]:
    return {"side": side, "price_ticks": 5_000, "steps": 1}


def _at(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
