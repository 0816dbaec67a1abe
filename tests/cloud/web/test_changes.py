"""cloud.web.changes: what is sent is enough for the page to have what the hub has."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloud.web import changes

_rows = st.dictionaries(st.sampled_from("abc"), st.integers(0, 3))
_states = st.fixed_dictionaries(
    {},
    optional={
        "contracts": _rows,
        "sites": _rows,
        "orders": st.lists(st.integers(0, 3), max_size=3),
    },
)


def test_rows_that_did_not_change_are_not_sent() -> None:
    before = {"contracts": {"a": 1, "b": 2}, "orders": [1]}
    after = {"contracts": {"a": 1, "b": 3}, "orders": [1]}
    assert changes.between(before, after) == {"contracts": {"b": 3}}


def test_a_row_that_is_gone_is_sent_as_null() -> None:
    before = {"contracts": {"a": 1, "b": 2}}
    assert changes.between(before, {"contracts": {"b": 2}}) == {"contracts": {"a": None}}


def test_a_section_without_rows_is_sent_whole() -> None:
    assert changes.between({"orders": [1, 2]}, {"orders": [2]}) == {"orders": [2]}


@given(_states, _states)
def test_merging_the_changes_gives_the_new_state(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    newer = {**before, **after}
    assert changes.merged(before, changes.between(before, newer)) == newer


@given(_states)
def test_nothing_is_sent_when_nothing_changed(state: dict[str, Any]) -> None:
    assert changes.between(state, dict(state)) == {}
