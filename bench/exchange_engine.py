"""``exchange-engine``: messages a CPU second of the matching, and the hash of what it traded.

The book is fed with a parsed list in memory. What counts is the CPU time of this process, the
median of several runs, garbage collected before each; the wall clock stands beside it.
"""

import gc
import hashlib
import time
from collections.abc import Sequence
from statistics import median

from bench import order_stream
from bench.options import Figures, Options
from bench.order_stream import Message
from cloud.exchange import book
from cloud.exchange.book import Book, Fill, Side

_RUNS = 7
_RUNS_QUICK = 3

Call = tuple[bool, int, str, Side, int, int]
"""(is an order, id, account, side, price, quantity): a message as the book takes it."""


def run(options: Options) -> Figures:
    """Return the figures; the hash of the trades is the same on every machine."""
    stream, source = order_stream.messages()
    calls = [_call(message) for message in stream]
    cpu_s: list[float] = []
    wall_s: list[float] = []
    fills: list[Fill] = []
    for _ in range(_RUNS_QUICK if options.quick else _RUNS):
        gc.collect()
        began_wall_s, began_cpu_s = time.perf_counter(), time.process_time()
        fills = _replay(calls)
        cpu_s.append(time.process_time() - began_cpu_s)
        wall_s.append(time.perf_counter() - began_wall_s)
    return {
        "messages": len(stream),
        "cpu_s": round(median(cpu_s), 4),
        "messages_per_cpu_s": round(len(stream) / median(cpu_s)),
        "messages_per_wall_s": round(len(stream) / median(wall_s)),
        "runs": len(cpu_s),
        "compiled": not book.__file__.endswith(".py"),
        "fills": len(fills),
        "trade_sha256": _trade_sha256(fills),
        "stream_sha256": order_stream.sha256(stream),
        "stream": source,
    }


def _replay(calls: Sequence[Call]) -> list[Fill]:
    matching = Book()
    submit, cancel = matching.submit, matching.cancel
    traded: list[Fill] = []
    for is_order, order_id, account, side, price, quantity in calls:
        if is_order:
            fills = submit(order_id, account, side, price, quantity).fills
            if fills:
                traded += fills
        else:
            cancel(order_id)
    return traded


def _call(message: Message) -> Call:
    """Return the message with an account a side, so that nobody meets himself."""
    side = Side.BUY if message.side == 1 else Side.SELL
    return (
        message.kind == "A",
        message.order_id,
        side.name,
        side,
        message.price,
        message.quantity,
    )


def _trade_sha256(fills: Sequence[Fill]) -> str:
    digest = hashlib.sha256()
    for fill in fills:
        digest.update(b"%d,%d,%d,%d;" % fill)
    return digest.hexdigest()
