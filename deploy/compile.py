"""Makes a copy of the programs whose exchange is compiled by mypyc: same source, same answers.

``python deploy/compile.py [FOLDER]``, ``build/compiled`` without a name. What is in FOLDER is run
from there, with the Python that it was made with: ``cd FOLDER && python -m cloud.main``. Optional;
it needs a C compiler, mypy and setuptools. Nothing is written outside of FOLDER.
"""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("wire", "drivers", "agent", "cloud", "simulators", "bench")
ROOMS = {
    "matching": ("order", "ladder", "dryrun", "effects", "meeting", "book"),
    "venue": ("answers", "changes", "commands", "desk", "entry", "flow", "guard", "stall", "venue"),
    "checks": ("counters", "guard", "post", "reasons", "seats", "windows"),
}
MODULES = tuple(f"cloud/exchange/{room}/{name}.py" for room in ROOMS for name in ROOMS[room])
"""What is compiled: the pure files that every message of the exchange goes through."""
INHERITED = {"cloud/exchange/venue/guard.py": ("Post",)}
"""Compiled classes that others may inherit from which are not compiled; the copy says so."""
_MARK = """from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from mypy_extensions import mypyc_attr

"""
_BAD_USAGE = 2
_OPTIONS = ("--explicit-package-bases", "--follow-imports=silent", "--ignore-missing-imports")


def main(arguments: list[str]) -> int:
    """Make the copy, compile in it, and return the exit code of the process."""
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        sys.stderr.write("usage: compile.py [FOLDER]\n")
        return _BAD_USAGE
    folder = (Path(arguments[0]) if arguments else ROOT / "build" / "compiled").absolute()
    missing = _missing()
    if missing:
        sys.stderr.write(f"compile: {missing} is needed and not there\n")
        return _BAD_USAGE
    copy(folder)
    compile_in(folder)
    sys.stdout.write(f"compile: {len(MODULES)} modules compiled; run from {folder}\n")
    return 0


def copy(folder: Path) -> None:
    """Put the sources into the folder, in the place of those of an earlier copy."""
    for package in PACKAGES:
        shutil.rmtree(folder / package, ignore_errors=True)
        ignored = shutil.ignore_patterns("__pycache__", "*.so", "node_modules")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    for library in folder.glob("*__mypyc*"):
        library.unlink()
    for name, classes in INHERITED.items():
        _mark(folder / name, classes)


def compile_in(folder: Path) -> None:
    """Compile `MODULES` beside their sources, as far as these have changed since the last time."""
    from mypyc.build import mypycify
    from setuptools import setup

    os.chdir(folder)  # mypyc names modules by where they lie
    extensions = mypycify([*_OPTIONS, *MODULES], opt_level="3", debug_level="0")
    command = ["--quiet", "build_ext", "--inplace"]
    setup(name="phoenyra-compiled", packages=[], ext_modules=extensions, script_args=command)


def _mark(path: Path, classes: tuple[str, ...]) -> None:
    """Have mypyc let classes that it does not compile inherit from these; they run a bit slower."""
    source = path.read_text()
    for name in classes:
        head = f"\nclass {name}:\n"
        assert source.count(head) == 1, f"{path} has a class {name} without a base"
        marked = f"\n{_MARK}@mypyc_attr(allow_interpreted_subclasses=True){head}"
        source = source.replace(head, marked)
    path.write_text(source)


def _missing() -> str | None:
    """Name what cannot be found of what is needed."""
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        return "a C compiler"
    needed = ("mypyc", "setuptools")
    return next((name for name in needed if find_spec(name) is None), None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
