"""agent.insight: what people on site are shown of a decision goes over the link, whatever it is."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import insight, latches
from agent.control.decision import Memory
from agent.control.picture import insight as shown_of
from agent.insight import Insight
from tests.support import strategies
from tests.support.fleet_messages import INSIGHT
from tests.support.messages import check_refusal
from tests.support.plants import HEALTHY, decided
from wire import fields
from wire.fields import BadMessage

NUMBERS = st.floats()
NOW_US = 1_790_000_000_000_000


def carried(shown: Insight) -> Insight:
    document = json.loads(json.dumps(insight.to_document(shown), allow_nan=False))
    return insight.from_document(document, "status.insight")


def test_a_real_decision_is_shown_with_its_parts_and_its_units() -> None:
    decision, _ = decided(HEALTHY, None, Memory(), NOW_US)
    shown = carried(shown_of(decision))
    assert (shown.base_kw, shown.management_kw) == (decision.base_kw, decision.management_kw)
    assert (shown.lower_kw, shown.upper_kw) == (decision.lower_kw, decision.upper_kw)
    assert [unit.unit for unit in shown.units] == [unit.unit for unit in decision.units]


@given(NUMBERS, NUMBERS, st.none() | NUMBERS)
def test_no_number_keeps_a_picture_from_being_told(
    base_kw: float, lower_kw: float, deviation_hz: float | None
) -> None:
    product = replace(INSIGHT.products[0], deviation_hz=deviation_hz, capacity_kw=base_kw)
    unit = replace(INSIGHT.units[0], lower_kw=lower_kw, power_kw=deviation_hz)
    shown = replace(INSIGHT, base_kw=base_kw, lower_kw=lower_kw, products=(product,), units=(unit,))
    told = carried(shown)
    assert math.isfinite(told.base_kw)
    if deviation_hz is not None and abs(deviation_hz) < 1e6:
        assert told.products[0].deviation_hz == deviation_hz


@given(strategies.damaged(insight.to_document(INSIGHT)))
def test_a_damaged_document_is_refused_in_one_line_or_read(text: str) -> None:
    try:
        document = fields.parse(text)
        insight.from_document(document, "status.insight")
    except BadMessage as error:
        check_refusal(error)


def test_when_a_latch_was_first_seen_is_read_back_and_an_older_file_knows_none() -> None:
    rows = [["I17", "", "input.stop", 1_790_000_000_000_000]]
    assert latches.since({"since": rows}) == {("I17", "", "input.stop"): rows[0][3]}
    assert latches.since({}) == {}
    with pytest.raises(BadMessage):
        latches.since({"since": [["I17", "", "", "yesterday"]]})
