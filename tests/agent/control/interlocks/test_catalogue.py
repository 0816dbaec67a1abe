"""agent.control.interlocks.catalogue: twenty-five, in the guide as in the code, each with tests."""

import re

from agent.control.interlocks.catalogue import CATALOGUE, table
from agent.web.words import words
from tests.house.test_shape import functions
from tests.support.source import ROOT, python

GUIDE = ROOT / "docs" / "guide" / "control.md"
BEGIN, END = "<!-- interlocks: generated -->\n", "<!-- end of interlocks -->"
NAMED_OTHERWISE = {
    "I5": r"standby|starting|runs",
    "I11": r"read_?back|acknowledges",
    "I12": r"does_not_act|follow",
    "I13": r"written_again|time_out",
    "I14": r"run_out|fall_back",
    "I15": r"kill|fell_back|reversion",
    "I16": r"second_controller|second_client|another_controller|somebody_else",
    "I19": r"ramp",
    "I23": r"take_over|taken_over|takes_over|inherit",
    "I24": r"self_test|not_proved|unproved",
    "I25": r"shar|dropped|units",
}
"""Interlocks whose tests are named by what they do."""
TESTS_MIN = 2
"""For what sets it off, and for what ends it."""


def _tests_of_control() -> set[str]:
    return {
        node.name
        for path, tree in python("tests/agent/control", "tests/e2e", "tests/drivers/modbus")
        for node in functions(tree)
        if node.name.startswith("test_")
    }


def test_the_catalogue_has_i1_to_i25_in_order_and_says_everything_of_each() -> None:
    assert [one.code for one in CATALOGUE] == [f"I{number}" for number in range(1, 26)]
    assert all(one.name and one.trigger and one.action and one.release for one in CATALOGUE)
    assert len({one.name for one in CATALOGUE}) == 25


def test_what_waits_for_a_reset_is_what_the_code_can_latch() -> None:
    assert {one.code for one in CATALOGUE if one.latched} == {"I11", "I16", "I17", "I18"}


def test_every_interlock_has_tests_that_name_it() -> None:
    names = _tests_of_control()
    for one in CATALOGUE:
        number = f"(^|_){one.code.lower()}_"
        wanted = re.compile("|".join(filter(None, (number, NAMED_OTHERWISE.get(one.code)))))
        found = [name for name in names if wanted.search(name)]
        assert len(found) >= TESTS_MIN, f"{one.code} {one.name}: {found}"


def test_the_table_of_the_guide_is_the_one_of_the_code() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    _, _, after = text.partition(BEGIN)
    said, _, _ = after.partition(END)
    assert said == table(), f"between {BEGIN.strip()} and {END} this is expected:\n{table()}"


def test_every_interlock_that_cuts_has_a_text_in_both_languages() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "agent" / "control").rglob("*.py")
    )
    for one in CATALOGUE:
        if f'"{one.code}"' in source.replace(f'code="{one.code}"', ""):
            for language in ("de", "en"):
                assert f"reason.{one.code}" in words(language), one.code
