"""wire/fields.py: bad input gives one short line with key, value and what is allowed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import messages, strategies
from wire import fields
from wire.fields import BadMessage


@given(strategies.json_values.map(strategies.written) | st.text() | st.binary())
def test_parse_returns_an_object_or_raises_bad_message(text: str | bytes) -> None:
    try:
        document = fields.parse(text)
    except BadMessage as error:
        messages.check_refusal(error)
    else:
        assert isinstance(document, dict)


@pytest.mark.parametrize(
    "text", ["NaN", '{"a": NaN}', '{"a": -Infinity}', "[]", "{", "9" * 5_000, b"\xff\xfe\xfd"]
)
def test_what_is_no_json_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(BadMessage, match="object is expected"):
        fields.parse(text)


def test_a_value_of_any_size_is_shown_in_a_few_characters() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    for value in ("x" * 10**6, b"x" * 10**6, [0] * 10**6, {"a": deep}, deep, 10**5_000, 1e300):
        assert len(str(BadMessage("path", value, "less"))) < 100


@pytest.mark.parametrize("value", [None, True, "1", 1.0, -1, 11, [], 2**63])
def test_only_a_whole_number_in_range_is_an_integer(value: object) -> None:
    with pytest.raises(BadMessage, match=r"^box\.n: .* is not allowed; a whole number of 0 to 10"):
        fields.integer({"n": value}, "n", "box", high=10)
    assert fields.integer({"n": 10}, "n", "box", high=10) == 10


@pytest.mark.parametrize("value", [None, True, "1", float("nan"), float("inf"), 1.5, 10**400])
def test_only_a_finite_number_in_range_is_a_number(value: object) -> None:
    with pytest.raises(BadMessage, match="a number of -1 to 1 is expected"):
        fields.number({"n": value}, "n", "box", low=-1.0, high=1.0)
    assert fields.number({"n": 1}, "n", "box", low=-1.0, high=1.0) == 1.0


@pytest.mark.parametrize("value", [None, 5, "", "x" * 501, "a\0", "\ud800", "a\udfff"])
def test_only_a_text_that_every_database_takes_is_a_text(value: object) -> None:
    with pytest.raises(BadMessage, match="text of 1 to 500 characters"):
        fields.text({"t": value}, "t", "box")


def test_an_empty_text_passes_where_it_may() -> None:
    assert fields.text({"t": ""}, "t", "box", empty=True) == ""


@given(st.text(st.characters(), max_size=700), st.integers(1, 500))
def test_what_is_cut_passes_as_a_text_of_one_line(text: str, most: int) -> None:
    line = fields.cut(text, most)
    assert fields.text({"t": line}, "t", "box", empty=True) == line
    assert len(line.splitlines()) <= 1


def test_what_is_short_and_one_line_is_not_changed_by_cut() -> None:
    assert fields.cut("Gerät antwortet nicht (±5 %)") == "Gerät antwortet nicht (±5 %)"
    assert fields.cut(" two\n lines\t") == "two lines"


@given(strategies.json_values)
def test_compact_text_is_ascii_and_parses_back(value: object) -> None:
    try:
        text = fields.compact({"a": value})
    except ValueError:
        return  # NaN and infinity are not written
    assert text.isascii()
    assert json.loads(text) == {"a": value}


def test_the_last_instant_is_a_datetime() -> None:
    assert fields.instant({"t": fields.INSTANT_US_MAX}, "t", "box") == fields.INSTANT_US_MAX
    with pytest.raises(BadMessage):
        fields.instant({"t": fields.INSTANT_US_MAX + 1}, "t", "box")
