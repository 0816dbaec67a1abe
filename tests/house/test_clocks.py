"""Who may ask what time it is: wire/clock.py the wall, the event loop the deadline, nobody else."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.source import PACKAGES, check, python

WALL = {
    "time.time": ["wire/clock.py"],
    "time.time_ns": ["wire/clock.py"],
    "time.localtime": [],
    "time.gmtime": [],
    "time.ctime": [],
    "time.strftime": [],
    "datetime.now": [],
    "datetime.utcnow": [],
    "datetime.today": [],
    "date.today": [],
}
"""Reads of the wall clock, and where they may stand."""
ELAPSED = {"time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns"}
"""How long something took. In the product the loop's time says so, and a test can replace that."""
SLEEP = "time.sleep"
WATCHED = {*WALL, *ELAPSED, SLEEP}
ELAPSED_MAY = ("simulators/demo.py", "simulators/processes.py")
SLEEP_MAY = ("tests/support/system.py", "simulators/processes.py", "bench/", "tests/browser/")
"""Where no event loop runs, and real processes are waited for."""


@cache
def calls(tree: ast.Module) -> list[tuple[str, int]]:
    """Return what is named of `WALL`, of `ELAPSED` and of sleep, with its line."""
    return [(name, line) for name, line in _names(tree) if name in WATCHED]


def _names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield each ``module.function`` and name, what is imported from time or datetime in full."""
    names = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in {"time", "datetime"}
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        if isinstance(node, ast.Name):
            yield names.get(node.id, node.id), node.lineno
        elif isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}", node.lineno
        elif isinstance(node.value, ast.Attribute):
            yield f"{node.value.attr}.{node.attr}", node.lineno


def may(path: Path, allowed: tuple[str, ...] | list[str]) -> bool:
    return any(str(path) == one or str(path).startswith(one) for one in allowed)


def test_only_the_clock_reads_the_wall_clock() -> None:
    check(
        f"{path}:{line}: {call} reads the wall clock; take a wire.clock.Clock"
        for path, tree in python()
        for call, line in calls(tree)
        if call in WALL and not may(path, WALL[call])
    )


def test_durations_inside_the_product_are_measured_on_the_loop() -> None:
    check(
        f"{path}:{line}: {call}: use the event loop's time()"
        for path, tree in python(*PACKAGES)
        for call, line in calls(tree)
        if call in ELAPSED and not may(path, ELAPSED_MAY)
    )


def test_nobody_sleeps_on_the_wall_clock_but_who_waits_for_processes() -> None:
    check(
        f"{path}:{line}: time.sleep: use virtual time or wait for the event itself"
        for path, tree in python()
        for call, line in calls(tree)
        if call == SLEEP and not may(path, SLEEP_MAY)
    )
