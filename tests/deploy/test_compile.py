"""deploy/compile.py: the compiled exchange does what its source does."""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.source import ROOT

TRADE_SHA256 = "5e114403d93c6a35167ef341c6eb1cc061cbd5e6b22c36c15f3ad019a6765b71"
BOOK_SHA256 = "075d89d1b1cc0bf3bab7cfa219ec174a5bd8d44d23f24a397a81df6e061bb3b6"
COMPILE = [sys.executable, str(ROOT / "deploy" / "compile.py")]
TESTED = ("tests/cloud/exchange/matching", "tests/cloud/exchange/test_against_naive_book.py")

needs_compiler = pytest.mark.skipif(
    (shutil.which("cc") or shutil.which("gcc")) is None or find_spec("setuptools") is None,
    reason="a C compiler or setuptools is not installed",
)


@pytest.mark.slow
@pytest.mark.timeout(400)
@needs_compiler
def test_the_compiled_exchange_trades_like_its_source_and_passes_its_tests(tmp_path: Path) -> None:
    folder = tmp_path / "compiled"
    subprocess.run([*COMPILE, str(folder)], check=True, timeout=110)
    bench = [sys.executable, "-m", "bench", "exchange-engine", "--quick"]
    said = subprocess.run(bench, cwd=folder, check=True, timeout=100, capture_output=True)
    figures = json.loads(said.stdout.splitlines()[-1])
    assert figures["compiled"]
    assert figures["trade_sha256"] == TRADE_SHA256
    assert figures["book_sha256"] == BOOK_SHA256

    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    tests = [sys.executable, "-m", "pytest", "-q", "--quick", *TESTED]
    subprocess.run(tests, cwd=folder, check=True, timeout=100)


def test_too_many_arguments_are_answered_with_the_usage() -> None:
    said = subprocess.run([*COMPILE, "one", "two"], capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (2, "usage: compile.py [FOLDER]\n")
