"""deploy/compile.py: the compiled exchange does what its source does."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.source import ROOT

COMPILE = [sys.executable, str(ROOT / "deploy" / "compile.py")]
TESTED = (
    "tests/cloud/exchange/matching",
    "tests/cloud/exchange/venue",
    "tests/cloud/exchange/checks",
    "tests/cloud/exchange/test_against_naive_book.py",
    "tests/cloud/exchange/test_against_naive_venue.py",
)
PATIENCE_S = 600

needs_compiler = pytest.mark.skipif(
    (shutil.which("cc") or shutil.which("gcc")) is None or find_spec("setuptools") is None,
    reason="a C compiler or setuptools is not installed",
)


@pytest.mark.slow
@pytest.mark.timeout(2 * PATIENCE_S)
@needs_compiler
def test_the_compiled_exchange_passes_the_tests_of_its_source(tmp_path: Path) -> None:
    folder = tmp_path / "compiled"
    subprocess.run([*COMPILE, str(folder)], check=True, timeout=PATIENCE_S)
    which = "from cloud.exchange.venue import entry; print(entry.__file__)"
    words = [sys.executable, "-c", which]
    said = subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True)
    assert said.stdout.startswith(str(folder))
    assert said.stdout.endswith(".so\n")

    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    tests = [sys.executable, "-m", "pytest", "-q", "--quick", *TESTED]
    subprocess.run(tests, cwd=folder, check=True, timeout=PATIENCE_S)


def test_too_many_arguments_are_answered_with_the_usage() -> None:
    said = subprocess.run([*COMPILE, "one", "two"], capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (2, "usage: compile.py [FOLDER]\n")
