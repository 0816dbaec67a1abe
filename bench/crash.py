"""``crash``: kill -9 at random moments, a thousand times; nothing acknowledged may be missing."""

from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, cast

from bench.options import Figures, Options

KILLS = 1_000
QUICK_KILLS = 40
TARGETS = {
    "exchange": "bench.crash_exchange",
    "exchange-hub": "bench.crash_exchange_hub",
    "gateway": "bench.crash_gateway",
    "hub": "bench.crash_hub",
}
"""Modules with a function ``kills(folder, count, seed)`` that returns a `Result`."""


class Result(Protocol):
    """What a target counted."""

    kills: int
    acknowledged: int
    lost: int
    duplicates: int
    wrong: list[str]
    """Anything else that is not as it should be, in words."""


def run(options: Options) -> Figures:
    """Return the account of one target."""
    if options.target not in TARGETS:
        raise SystemExit(f"bench: --target {options.target} is not one of {', '.join(TARGETS)}")
    kills = import_module(TARGETS[options.target]).kills
    with TemporaryDirectory(prefix="phoenyra-bench-") as folder:
        count = QUICK_KILLS if options.quick else KILLS
        result = cast("Result", kills(Path(folder), count, options.seed))
    figures: Figures = {
        "target": options.target,
        "kills": result.kills,
        "acknowledged": result.acknowledged,
        "lost": result.lost,
        "duplicates": result.duplicates,
    }
    if result.wrong:
        figures["notes"] = "; ".join(result.wrong[:5])
    return figures
