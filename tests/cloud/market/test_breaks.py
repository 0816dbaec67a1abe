"""cloud.market.breaks: when a market stands still, also on the days when the clock changes."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cloud.market import breaks, catalogue
from cloud.market.breaks import Break
from cloud.market.rows import BreakRow
from wire.clock import micros

VIENNA = ZoneInfo("Europe/Vienna")
SIDC = catalogue.known()["SIDC_AT_INTRADAY_15MIN"]
EVENING = Break(
    valid_from=date(2024, 6, 13),
    valid_until=date(2026, 11, 22),
    local=time(22),
    lead_s=1_200,
    lasts_s=2_400,
    reason="an auction",
)
NIGHT = Break(
    valid_from=date(2024, 1, 1), local=time(0, 10), lead_s=1_200, lasts_s=2_400, reason="midnight"
)


def _us(year: int, month: int, day: int, hour: int, minute: int = 0) -> int:
    return micros(datetime(year, month, day, hour, minute, tzinfo=VIENNA))


@pytest.mark.parametrize("day", [(2026, 10, 25), (2026, 3, 29), (2026, 7, 1)])
def test_a_break_follows_the_local_clock(day: tuple[int, int, int]) -> None:
    assert breaks.running([EVENING], VIENNA, _us(*day, 21, 39)) is None
    assert breaks.running([EVENING], VIENNA, _us(*day, 21, 40)) is EVENING
    assert breaks.running([EVENING], VIENNA, _us(*day, 22, 20) - 1) is EVENING
    assert breaks.running([EVENING], VIENNA, _us(*day, 22, 20)) is None


def test_a_break_that_begins_before_midnight_is_one() -> None:
    assert breaks.running([NIGHT], VIENNA, _us(2026, 5, 4, 23, 50)) is NIGHT
    assert breaks.running([NIGHT], VIENNA, _us(2026, 5, 5, 0, 29)) is NIGHT
    assert breaks.running([NIGHT], VIENNA, _us(2026, 5, 5, 0, 30)) is None


def test_a_break_is_dated() -> None:
    assert breaks.running([EVENING], VIENNA, _us(2024, 6, 12, 22)) is None
    assert breaks.running([EVENING], VIENNA, _us(2026, 11, 21, 22)) is EVENING
    assert breaks.running([EVENING], VIENNA, _us(2026, 11, 22, 22)) is None


@given(st.integers(_us(2024, 1, 1, 0), _us(2028, 1, 1, 0)))
def test_between_two_edges_nothing_changes(at_us: int) -> None:
    edge_us = breaks.next_us(SIDC.breaks, SIDC.zone, at_us)
    if edge_us is not None:
        now = breaks.running(SIDC.breaks, SIDC.zone, at_us)
        assert breaks.running(SIDC.breaks, SIDC.zone, edge_us - 1) is now
        assert breaks.running(SIDC.breaks, SIDC.zone, edge_us) is not now


def test_the_coupled_book_has_three_a_day_since_the_auctions_began() -> None:
    assert [one.local for one in SIDC.breaks] == [time(15), time(22), time(10)]
    assert {one.valid_from for one in SIDC.breaks} == {date(2024, 6, 13)}


@pytest.mark.parametrize(("key", "value"), [("local", "25:00"), ("lasts_s", 0), ("lead_s", -1)])
def test_a_wrong_row_names_the_key(key: str, value: object) -> None:
    row = {"valid_from": "2024-06-13", "local": "15:00", "lead_s": 0, "lasts_s": 60}
    told = {"reason": "r", "source": "s", "confidence": "c"}
    with pytest.raises(ValidationError, match=key):
        BreakRow.model_validate({**row, **told, key: value})
