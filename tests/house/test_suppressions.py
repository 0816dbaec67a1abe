"""Every rule that is silenced says why, and there are never more of them than now."""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.support.source import ROOT, check, python, texts

NOQA_MAX = 1
TYPE_IGNORE_MAX = 1
"""Lower these when one goes; there is no raising them."""
_NOQA = re.compile(r"#\s*noqa\b(?P<codes>:\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*)?(?P<reason>.*)")
_TYPE = re.compile(r"#\s*type:\s*ignore(?P<codes>\[[a-z-]+(?:,\s*[a-z-]+)*\])?(?P<reason>.*)")
_BANNED = re.compile(r"#\s*(pragma:\s*no\s*cover|pylint:|mypy:\s*ignore|ruff:\s*noqa)")
_SKIPPING = {"skip", "skipif", "xfail", "importorskip"}
_SKIP_REASONS = ("not installed", "not allowed to this user")
"""The only reasons to skip: the system lacks a program, or keeps something from whoever runs the
tests (a mount). The closing lines name it, and ``PHOENYRA_REQUIRE_ALL=1`` makes it a failure."""
_REASON_LETTERS_MIN = 10


def comments(pattern: re.Pattern[str]) -> Iterator[tuple[Path, int, str]]:
    """Yield the comments of each file in which the pattern is found anywhere."""
    for path, text in texts(suffixes=[".py"]):
        if not pattern.search(text):
            continue
        with (ROOT / path).open("rb") as source:
            for token in tokenize.tokenize(source.readline):
                if token.type == tokenize.COMMENT:
                    yield path, token.start[0], token.string


def found(pattern: re.Pattern[str]) -> list[tuple[Path, int, re.Match[str]]]:
    return [
        (path, line, hit) for path, line, text in comments(pattern) if (hit := pattern.search(text))
    ]


def test_what_is_silenced_names_its_rule_and_its_reason() -> None:
    check(
        f"{path}:{line}: a rule and a reason are expected, like '# noqa: X123 - because …'"
        for pattern in (_NOQA, _TYPE)
        for path, line, hit in found(pattern)
        if not hit["codes"] or len(hit["reason"].strip(" -#:")) < _REASON_LETTERS_MIN
    )


def test_there_are_never_more_silenced_rules_than_now() -> None:
    for pattern, most in ((_NOQA, NOQA_MAX), (_TYPE, TYPE_IGNORE_MAX)):
        places = [f"{path}:{line}: {hit[0]}" for path, line, hit in found(pattern)]
        assert len(places) <= most, f"at most {most}\n" + "\n".join(places)
        assert len(places) == most, f"only {len(places)} are left: lower the limit from {most}"


def test_nothing_else_is_silenced() -> None:
    check(f"{path}:{line}: {hit[0]} is not allowed" for path, line, hit in found(_BANNED))


def test_a_test_is_skipped_only_for_what_the_system_lacks_or_forbids() -> None:
    def reasoned(tree: ast.Module) -> Iterator[ast.expr]:
        """Yield what is called with a text that gives the reason."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", None) in _SKIPPING:
                parts = [*node.args, *(keyword.value for keyword in node.keywords)]
                words = [n.value for p in parts for n in ast.walk(p) if isinstance(n, ast.Constant)]
                texts = [word for word in words if isinstance(word, str)]
                if any(reason in text for reason in _SKIP_REASONS for text in texts):
                    yield node.func

    check(
        f"{path}:{node.lineno}: {node.attr} is allowed only for one of {_SKIP_REASONS}"
        for path, tree in python("tests")
        for allowed in [set(reasoned(tree))]
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in _SKIPPING
        and isinstance(node.value, ast.Name | ast.Attribute)
        and ast.unparse(node.value) in {"pytest", "pytest.mark"}
        and not (node in allowed and node.attr in {"skip", "skipif"})
    )
