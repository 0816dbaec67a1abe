"""``exchange-engine``: messages a CPU second of the venue with all rules on, and of its book.

The headline is the venue: calendar, halts, every pre-trade check for a hundred accounts, the book,
facts for the journal, answers. It is fed with commands in memory. What counts is the CPU time of
this process, the median of several runs, with the garbage collector as the hub keeps it; the wall
clock stands beside it. The stream is played once more at prices around nought, and over the
contracts of a day; over many contracts the venue must do what books alone do.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from statistics import median

from bench import engine_flows, order_stream
from bench.engine_flows import Fill, Played
from bench.options import Figures, Options
from cloud.exchange.matching import book
from cloud.kernel import pauses

_RUNS = 7
_RUNS_QUICK = 3
_SHIFT_TICKS = -8_500
_CONTRACTS = 96


def run(options: Options) -> Figures:
    """Return the figures; the hashes are the same on every machine."""
    stream, source = order_stream.messages()
    shifted = [message._replace(price=message.price + _SHIFT_TICKS) for message in stream]
    runs = _RUNS_QUICK if options.quick else _RUNS
    count = len(stream)
    alone = _Timed(engine_flows.books(stream), count, runs)
    venue = _Timed(engine_flows.venue(stream), count, runs)
    around_nought = _Timed(engine_flows.venue(shifted), count, 1)
    spread = _Timed(engine_flows.venue(stream, _CONTRACTS), count, 1)
    spread_alone = _Timed(engine_flows.books(stream, _CONTRACTS), count, 1)
    fills = venue.played.fills
    raised = [(maker, taker, price + _SHIFT_TICKS, steps) for maker, taker, price, steps in fills]
    return {
        "messages": count,
        "messages_per_cpu_s": venue.per_cpu_s,
        "messages_per_wall_s": venue.per_wall_s,
        "cpu_s": round(venue.cpu_s, 4),
        "runs": runs,
        "accounts": engine_flows.ACCOUNTS,
        "compiled": not book.__file__.endswith(".py"),
        "book_messages_per_cpu_s": alone.per_cpu_s,
        "around_nought_per_cpu_s": around_nought.per_cpu_s,
        "spread_per_cpu_s": spread.per_cpu_s,
        "spread_over_contracts": _CONTRACTS,
        "fills": len(fills),
        "trade_sha256": trade_sha256(fills),
        "book_sha256": venue.played.books[0].sha256(),
        "same_as_book_alone": fills == alone.played.fills,
        "same_around_nought": around_nought.played.fills == raised,
        "same_spread": spread.played.fills == spread_alone.played.fills,
        "stream_sha256": order_stream.sha256(stream),
        "stream": source,
    }


def trade_sha256(fills: Sequence[Fill]) -> str:
    """Return the digest of fills in the order in which they were executed."""
    digest = hashlib.sha256()
    for fill in fills:
        digest.update(b"%d,%d,%d,%d;" % fill)
    return digest.hexdigest()


class _Timed:
    """A stream played several times; the figures are the medians."""

    def __init__(self, play: Callable[[], Played], messages: int, runs: int) -> None:
        cpu_s: list[float] = []
        wall_s: list[float] = []
        self.played = Played([], [])
        for _ in range(runs):
            self.played = Played([], [])
            with pauses.short():  # as the hub keeps its collector
                began_wall_s, began_cpu_s = time.perf_counter(), time.process_time()
                self.played = play()
                cpu_s.append(time.process_time() - began_cpu_s)
                wall_s.append(time.perf_counter() - began_wall_s)
        self.cpu_s = median(cpu_s)
        self.per_cpu_s = round(messages / self.cpu_s)
        self.per_wall_s = round(messages / median(wall_s))
