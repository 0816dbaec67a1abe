"""``python -m bench [NAME | all] [--quick] [--busy] [--seed N]``: list or run the benchmarks.

Each prints a short table for people and, as its last line, one JSON object for programs.
Benchmarks report; tests do not time.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import cast

from bench.options import Figures, Options

BENCHMARKS = {
    "auction": ("bench.auction:run", "96 periods of 1,000 curves and 300 blocks to their prices"),
    "arbitration": ("bench.arbitration:run", "ten million sets of proposals against the rules"),
    "archive": ("bench.archive:run", "24 hours of beats kept to the second, a month exported"),
    "control-loop": ("bench.control_loop:run", "beat, read to write, memory of the real processes"),
    "crash": (
        "bench.crash:run",
        "kill -9 at a thousand random moments; --target gateway, hub, exchange, exchange-hub",
    ),
    "edge-poll": ("bench.edge_poll:run", "10,000 points a second read, and twice that"),
    "edge-store": ("bench.edge_store:run", "durable points a second, bytes a point"),
    "fleet": ("bench.fleet:run", "200 boxes on one hub for a minute: errors, latency, losses"),
    "ingest": ("bench.ingest:run", "points a second into the hub, on both databases; queries"),
    "sync": ("bench.sync:run", "a day's backlog goes out while live values stay fresh"),
    "exchange-api": ("bench.exchange_api:run", "orders and answers of a real hub, and the fan-out"),
    "exchange-prices": ("bench.exchange_prices:run", "facts a second to depth and averages"),
    "exchange-read": ("bench.exchange_read:run", "facts a second into the exchange's read model"),
    "exchange-start": ("bench.exchange_start:run", "a start with a million orders in the journal"),
    "exchange-journal": ("bench.exchange_journal:run", "messages a second on the disk, and back"),
    "exchange-feeds": ("bench.exchange_feeds:run", "from a trade to 200 subscribers, and answers"),
    "forecast": ("bench.forecast:run", "two years of day-ahead prices, each as of its gate"),
    "forecast-intraday": (
        "bench.forecast_intraday:run",
        "the next hours, in markets of known rules",
    ),
    "forecast-service": ("bench.forecast_service:run", "forecasts of a hub, computed and read"),
    "market-feed": ("bench.market_feed:run", "documents of the transparency platform to values"),
    "market-series": ("bench.market_series:run", "a year of six series kept, and read back"),
    "exchange-engine": ("bench.exchange_engine:run", "messages a CPU second of the matching"),
}
_BAD_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for and return the process's exit code."""
    parsed = _parser().parse_args(arguments)
    if parsed.name is None:
        for name, (_, what) in BENCHMARKS.items():
            print(f"{name:18}{what}")
        print(f"{'all':18}one after the other")
        return 0
    if parsed.name != "all" and parsed.name not in BENCHMARKS:
        allowed = ", ".join([*BENCHMARKS, "all"])
        print(f"bench: {parsed.name!r} is not allowed; one of {allowed} is", file=sys.stderr)
        return _BAD_USAGE
    options = Options(
        quick=parsed.quick,
        busy=parsed.busy,
        seed=parsed.seed,
        target=parsed.target,
        gateways=parsed.gateways,
        seconds=parsed.seconds,
        postgres=parsed.postgres,
        data=parsed.data,
        area=parsed.area,
        days=parsed.days,
        reference=parsed.reference,
        cache=parsed.cache,
    )
    for name in BENCHMARKS if parsed.name == "all" else [parsed.name]:
        _show(measure(name, options))
    return 0


def measure(name: str, options: Options) -> Figures:
    """Run one benchmark and return its figures with those of the machine before them."""
    loadavg = round(os.getloadavg()[0], 2)
    module, _, function = BENCHMARKS[name][0].partition(":")
    run = cast("Callable[[Options], Figures]", getattr(import_module(module), function))
    began_s = time.perf_counter()
    figures = run(options)
    return {
        "name": name,
        "loadavg": loadavg,
        "cpu_count": os.cpu_count(),
        "python": platform.python_version(),
        "seconds": round(time.perf_counter() - began_s, 3),
        **figures,
    }


def _show(figures: Figures) -> None:
    for key, value in figures.items():
        print(f"{key:26}{_text(value)}")
    print(json.dumps(figures, allow_nan=False), flush=True)


def _text(value: object) -> str:
    if value is None:
        return "not measured"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Run a benchmark, or list them.")
    parser.add_argument("name", nargs="?", help="a benchmark, or all; without one: the list")
    parser.add_argument("--quick", action="store_true", help="at most 20 s")
    parser.add_argument("--busy", action="store_true", help="occupy every core meanwhile")
    parser.add_argument("--seed", type=int, default=1, help="of what is random (default 1)")
    parser.add_argument(
        "--target",
        default="gateway",
        help="of crash: gateway (default), hub, exchange, exchange-hub",
    )
    parser.add_argument("--gateways", type=int, help="of fleet: how many boxes (default 200)")
    parser.add_argument("--seconds", type=float, help="of fleet: how long (default 60)")
    parser.add_argument("--postgres", action="store_true", help="of fleet: not on SQLite")
    parser.add_argument("--data", help="of forecast: price files, by commas (default: our own)")
    parser.add_argument("--area", help="of forecast: which price (default: the file's name)")
    parser.add_argument("--days", type=int, help="of forecast: days scored (default 728)")
    parser.add_argument("--reference", help="of forecast: a file of forecasts to compare with")
    parser.add_argument("--cache", help="of forecast: a folder from which a run goes on")
    return parser


if __name__ == "__main__":
    sys.exit(main())
