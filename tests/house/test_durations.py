"""A duration says its unit in its name: 240 000 ms were once compared with seconds: 66 hours."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.source import check, python

WORDS = {
    "age",
    "delay",
    "duration",
    "elapsed",
    "hold",
    "interval",
    "lag",
    "late",
    "latency",
    "lead",
    "lifetime",
    "pause",
    "period",
    "release",
    "retry",
    "settle",
    "since",
    "span",
    "still",
    "timeout",
    "until",
    "validity",
    "wait",
    "window",
}
"""What durations are called by."""
UNITS = {
    *("s", "ms", "us", "ns", "min", "minutes", "h", "hours", "days"),
    *("pct", "kw", "kwh", "hz", "v", "k", "c", "a", "pu", "share", "shares", "tolerance"),
    *("samples", "beats", "cycles", "count", "points", "slots", "steps", "bytes", "rows"),
}
"""One of these is in the name: a unit, or what is counted."""
NUMBERS = {"int", "float", "int | None", "float | None"}


def numbers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the names of numeric constants, fields, variables and parameters."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if ast.unparse(node.annotation) in NUMBERS:
                yield node.target.id, node.lineno
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            if type(node.value.value) in (int, float):
                yield from ((t.id, t.lineno) for t in node.targets if isinstance(t, ast.Name))
        elif isinstance(node, ast.arg) and node.annotation is not None:
            yield from [(node.arg, node.lineno)] * (ast.unparse(node.annotation) in NUMBERS)


def without_a_unit(path: Path, tree: ast.Module) -> Iterator[str]:
    for name, line in numbers(tree):
        words = set(name.lower().strip("_").split("_"))
        if words & WORDS and not words & UNITS:
            yield f"{path}:{line}: {name} is a duration that does not say its unit"


def test_every_duration_of_control_has_its_unit_in_its_name() -> None:
    check(found for path, tree in python("agent/control") for found in without_a_unit(path, tree))


def test_a_duration_without_a_unit_is_found_wherever_it_stands() -> None:
    source = (
        "DELAY = 240_000\nclass A:\n    hold: float\ndef wait(timeout: float | None) -> int: ..."
    )
    named = (
        "DELAY_MS = 240_000\nclass A:\n    hold_s: float\ndef wait(timeout_s: float) -> int: ..."
    )
    assert len(list(without_a_unit(Path("a.py"), ast.parse(source)))) == 3
    assert not list(without_a_unit(Path("a.py"), ast.parse(named)))
