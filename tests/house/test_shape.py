"""The shape of the source: short files and functions, a docstring first, sentences as test names.

There is no escape hatch: a file that asks for more lines holds two nouns.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.source import check, files, python, texts

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60
_OWN_SCRIPTS = (".js", ".css", ".html")


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_vendored(path: Path) -> bool:
    return "vendor" in path.parts


def test_no_file_has_more_than_300_lines() -> None:
    check(
        f"{path}:{FILE_LINES_MAX + 1}: {lines} lines, at most {FILE_LINES_MAX} are allowed"
        for path, text in texts(suffixes=[".py", *_OWN_SCRIPTS])
        if not is_vendored(path) and (lines := len(text.splitlines())) > FILE_LINES_MAX
    )


def test_no_function_has_more_than_60_lines() -> None:
    check(
        f"{path}:{node.lineno}: {node.name} has {lines} lines, at most {FUNCTION_LINES_MAX}"
        for path, tree in python()
        for node in functions(tree)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    )


def test_every_module_begins_with_a_docstring_whose_first_line_is_a_sentence() -> None:
    def fault(tree: ast.Module) -> str | None:
        docstring = ast.get_docstring(tree)
        if not docstring:
            return "the module has no docstring"
        first = docstring.partition("\n\n")[0]
        return None if first.rstrip().endswith((".", ":", "::", "?")) else "no sentence comes first"

    check(f"{path}:1: {said}" for path, tree in python() if (said := fault(tree)))


def test_every_test_is_named_by_a_sentence() -> None:
    check(
        f"{path}:{node.lineno}: {node.name} is no sentence; three words at least"
        for path, tree in python("tests")
        for node in functions(tree)
        if node.name.startswith("test_") and node.name.count("_") < 3
    )


def test_no_folder_of_tests_is_a_package_and_no_source_folder_is_without() -> None:
    packages = {path.parent for path in files(suffixes=[".py"]) if path.name == "__init__.py"}
    check(
        f"{path}/__init__.py:1: tests are no package" for path in packages if "tests" in path.parts
    )
    check(
        f"{path}:1: its folder has no __init__.py"
        for path in files("wire", "drivers", "agent", "cloud", "simulators", suffixes=[".py"])
        if path.parent not in packages and "migrations" not in path.parts
    )
