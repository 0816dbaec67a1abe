"""agent.archive.trace: written and read back alike, whatever was in it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.archive.trace import Trace, decode, encode
from agent.status import Reason
from tests.support.archives import trace
from wire.fields import BadMessage
from wire.schedule import POWER_KW_MAX

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
powers = st.floats(-POWER_KW_MAX, POWER_KW_MAX)


def test_a_trace_comes_back_as_it_was_told() -> None:
    told = trace(
        1.5,
        Reason("I20", "reserve headroom FCR 1.25 x 200 kW", 400.0, "fcr_ce", 1, 500.0),
        Reason("I1", "limit", 412.0, "bms", 0, None),
    )
    assert decode(encode(told)) == told


@given(words, words, st.lists(st.tuples(words, powers), max_size=60))
def test_no_word_of_a_reason_keeps_a_trace_from_being_kept(
    mode: str, config: str, asked: list[tuple[str, float]]
) -> None:
    told = Trace(
        at_us=5,
        mode=mode.strip() or "x",
        command_kw=math.nan,
        base_kw=math.inf,
        response_kw=-math.inf,
        lower_kw=0.0,
        upper_kw=0.0,
        reasons=tuple(Reason("I1", text, power_kw, "bms", 0) for text, power_kw in asked),
        config=config,
    )
    found = decode(encode(told))
    assert (found.command_kw, found.base_kw, found.response_kw) == (
        0.0,
        POWER_KW_MAX,
        -POWER_KW_MAX,
    )
    assert len(found.reasons) == min(len(asked), 50)


@pytest.mark.parametrize("payload", [b"", b"x", b"\x78\x9c", encode(trace(1))[:-7]])
def test_a_damaged_trace_is_refused(payload: bytes) -> None:
    with pytest.raises(BadMessage):
        decode(payload)
