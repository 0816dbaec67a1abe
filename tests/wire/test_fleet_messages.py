"""Messages about the fleet: whatever arrives is understood or refused in one line."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import fleet_messages, messages, strategies
from wire import enrolment, fields, sync
from wire.command import State
from wire.fields import BadMessage, compact


@pytest.mark.parametrize("name", fleet_messages.DOCUMENTS)
@given(data=st.data())
def test_a_damaged_message_is_understood_or_refused_in_one_line(
    name: str, data: st.DataObject
) -> None:
    parse, _, write = fleet_messages.DOCUMENTS[name]
    text = data.draw(strategies.damaged(write()))
    try:
        parse(fields.parse(text))
    except BadMessage as error:
        messages.check_refusal(error)


def test_a_command_of_a_newer_kind_is_told_by_its_id_and_hides_no_other() -> None:
    document = sync.downlink_to_document(fleet_messages.DOWNLINK)
    rows: Any = document["commands"]
    rows[0] |= {"kind": "dance", "id": "cmd-new"}
    found = sync.downlink_from_document(document)
    assert [command.id for command in found.commands] == [row["id"] for row in rows[1:]]
    ((identity, why),) = found.unreadable
    assert identity == "cmd-new"
    assert "dance" in why


def test_states_that_follow_running_are_final() -> None:
    assert [state for state in State if not state.final] == ["issued", "received", "running"]


@given(
    st.text(enrolment.CODE_CHARACTERS, min_size=16, max_size=16), st.sampled_from(["", "-", " "])
)
def test_a_code_is_understood_however_it_was_typed(code: str, between: str) -> None:
    typed = between.join(enrolment.shown_code(code).lower().split("-"))
    assert enrolment.normal_code(typed.replace("0", "o").replace("1", "l")) == code


def test_a_code_that_is_none_is_not_repeated() -> None:
    with pytest.raises(BadMessage) as refused:
        enrolment.normal_code("SECRET")
    assert "SECRET" not in str(refused.value)


def test_no_secret_is_in_what_is_printed_of_a_message() -> None:
    shown = f"{fleet_messages.CREDENTIALS!r} {fleet_messages.ENROLMENT!r}"
    assert "ab" * 32 not in shown
    assert fleet_messages.ENROLMENT.code not in shown
    assert "ab" * 32 in compact(enrolment.credentials_to_document(fleet_messages.CREDENTIALS))
