"""The repository's own files, for the tests in tests/house/."""

import ast
import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("wire", "drivers", "agent", "cloud", "simulators")
_NOT_OURS = {"__pycache__", "build", "dist", "demo-data", "node_modules"}
_BINARY = {".png", ".ico", ".woff2", ".pyc", ".db"}


def files(*folders: str, suffixes: Iterable[str] = ()) -> list[Path]:
    """Return our files below the folders (all of the repository without any), relative to it."""
    wanted = set(suffixes)
    starts = [ROOT / folder for folder in folders] or [ROOT]
    found = {path for start in starts if start.exists() for path in _walk(start)}
    return sorted(p.relative_to(ROOT) for p in found if not wanted or p.suffix in wanted)


def texts(*folders: str, suffixes: Iterable[str] = ()) -> list[tuple[Path, str]]:
    """Return the text files below the folders with their content."""
    return [
        (path, (ROOT / path).read_text(encoding="utf-8"))
        for path in files(*folders, suffixes=suffixes)
        if path.suffix not in _BINARY
    ]


def python(*folders: str) -> list[tuple[Path, ast.Module]]:
    """Return our Python files below the folders, parsed."""
    with _nothing_collected():
        return [(path, _parsed(path)) for path in files(*folders, suffixes=[".py"])]


def check(breaches: Iterable[str]) -> None:
    """Fail with one line for each breach: file, line and the rule that it breaks."""
    lines = sorted(breaches)
    assert not lines, f"{len(lines)} against the rules of the house\n" + "\n".join(lines)


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield every imported module with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Trees are kept, every node of them: to look for garbage takes most of the time otherwise."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))


def _walk(start: Path) -> Iterator[Path]:
    if start.is_file():
        yield start
        return
    for path in start.iterdir():
        if path.is_dir():
            hidden = path.name.startswith(".") and path.name != ".ci"
            if not hidden and path.name not in _NOT_OURS and not path.name.endswith(".egg-info"):
                yield from _walk(path)
        elif path.is_file():
            yield path
