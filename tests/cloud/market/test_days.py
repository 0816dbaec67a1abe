"""cloud.market.contracts: days of 23, 24 and 25 hours, gates, phases and blocks."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.market import catalogue
from cloud.market.contracts import BLOCK, Contract, Market, Phase
from wire import clock

KNOWN = catalogue.known()
SPRING, SUMMER, AUTUMN = date(2026, 3, 29), date(2026, 7, 1), date(2026, 10, 25)
QUARTERS = KNOWN["EPEX_AT_INTRADAY_15MIN"]
HOURS = KNOWN["EPEX_AT_INTRADAY_60MIN"]
HALVES = KNOWN["EPEX_DE_INTRADAY_30MIN"]
AREA = KNOWN["EPEX_DE_TENNET_INTRADAY_15MIN"]


def at(text: str) -> int:
    return clock.micros(datetime.fromisoformat(text))


def contract(market: Market, start: str) -> Contract:
    found = market.contract(at(start))
    assert found is not None
    return found


INSTANTS = st.integers(at("2024-01-01T00:00Z"), at("2030-01-01T00:00Z"))


@pytest.mark.parametrize(
    ("market", "day", "periods"),
    [
        (QUARTERS, SPRING, 92),
        (QUARTERS, SUMMER, 96),
        (QUARTERS, AUTUMN, 100),
        (HALVES, SPRING, 46),
        (HALVES, SUMMER, 48),
        (HALVES, AUTUMN, 50),
        (HOURS, SPRING, 23),
        (HOURS, SUMMER, 24),
        (HOURS, AUTUMN, 25),
    ],
)
def test_a_day_has_as_many_periods_as_the_clock_of_its_area_gives_it(
    market: Market, day: date, periods: int
) -> None:
    contracts = market.contracts_of(day)
    assert len(contracts) == periods
    assert {c.day for c in contracts} == {day.toordinal()}
    assert [c.start_us for c in contracts[1:]] == [c.end_us for c in contracts[:-1]]


@pytest.mark.parametrize(
    ("year", "short", "long", "periods"),
    [
        (2025, date(2025, 3, 30), date(2025, 10, 26), 35_040),
        (2026, date(2026, 3, 29), date(2026, 10, 25), 35_040),
        (2027, date(2027, 3, 28), date(2027, 10, 31), 35_040),
        (2028, date(2028, 3, 26), date(2028, 10, 29), 35_136),
    ],
)
def test_the_years_of_the_fact_page_have_their_change_over_days_and_their_periods(
    year: int, short: date, long: date, periods: int
) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    spans = {day: QUARTERS.day_us(day) for day in days if day.year == year}
    counts = {day: (end - start) // 900_000_000 for day, (start, end) in spans.items()}
    assert {day: n for day, n in counts.items() if n != 96} == {short: 92, long: 100}
    assert sum(counts.values()) == periods


def test_the_autumn_hour_is_there_twice_and_told_apart_for_display_alone() -> None:
    contracts = QUARTERS.contracts_of(AUTUMN)
    labels = [QUARTERS.label(c.start_us) for c in contracts]
    assert labels[7:18] == [
        *("01:45", "02:00A", "02:15A", "02:30A", "02:45A"),
        *("02:00B", "02:15B", "02:30B", "02:45B", "03:00", "03:15"),
    ]
    assert len({c.start_us for c in contracts}) == 100


def test_the_spring_hour_is_not_there() -> None:
    labels = [QUARTERS.label(c.start_us) for c in QUARTERS.contracts_of(SPRING)]
    assert labels[7:9] == ["01:45", "03:00"]


@pytest.mark.parametrize(
    ("market", "start", "opens", "closes"),
    [
        (QUARTERS, "2026-07-01T10:00Z", "2026-06-30T14:00Z", "2026-07-01T09:55Z"),
        (QUARTERS, "2026-06-30T22:00Z", "2026-06-30T14:00Z", "2026-06-30T21:55Z"),
        (HOURS, "2026-12-01T10:00Z", "2026-11-30T14:00Z", "2026-12-01T09:55Z"),
        # on the day before, the clock still shows the other time
        (QUARTERS, "2026-03-29T10:00Z", "2026-03-28T15:00Z", "2026-03-29T09:55Z"),
        (QUARTERS, "2026-10-25T10:00Z", "2026-10-24T14:00Z", "2026-10-25T09:55Z"),
        # the row of 2015
        (QUARTERS, "2016-07-01T10:00Z", "2016-06-30T14:00Z", "2016-07-01T09:30Z"),
    ],
)
def test_gates_open_at_a_local_time_of_the_day_before_and_close_as_the_row_of_the_day_says(
    market: Market, start: str, opens: str, closes: str
) -> None:
    found = contract(market, start)
    assert (found.opens_us, found.closes_us) == (at(opens), at(closes))


def test_a_coupled_contract_closes_an_hour_before() -> None:
    found = contract(KNOWN["SIDC_AT_INTRADAY_15MIN"], "2026-07-01T10:00Z")
    assert found.closes_us == at("2026-07-01T09:00Z")


def test_each_phase_begins_with_its_own_first_microsecond() -> None:
    found = contract(QUARTERS, "2026-07-01T10:00Z")
    edges = [found.opens_us, found.closes_us, found.start_us, found.end_us]
    after = [Phase.OPEN, Phase.CLOSED, Phase.DELIVERING, Phase.DELIVERED]
    before = [Phase.PLANNED, *after[:-1]]
    assert [found.phase(edge) for edge in edges] == after
    assert [found.phase(edge - 1) for edge in edges] == before


def test_a_control_area_trades_alone_in_the_last_half_hour() -> None:
    found = contract(AREA, "2026-07-01T10:00Z")
    assert found.area == "DE-TENNET"
    assert found.phase(at("2026-07-01T09:29:59.999999Z")) is Phase.PLANNED
    assert found.phase(at("2026-07-01T09:30Z")) is Phase.AREA_ONLY
    assert found.phase(at("2026-07-01T09:55Z")) is Phase.CLOSED
    text = AREA_ONLY_LATER.replace("AT", "DE-AMPRION")
    (longer,) = catalogue.parse(text, "test").values()
    found = contract(longer, "2026-07-01T10:00Z")
    assert found.phase(at("2026-07-01T09:29:59.999999Z")) is Phase.OPEN
    assert found.phase(at("2026-07-01T09:30Z")) is Phase.AREA_ONLY


AREA_ONLY_LATER = """
[[market]]
code = "X"
area = "AT"
time_zone = "Europe/Berlin"
resolution_s = 900
[[market.rule]]
valid_from = 2020-01-01
opens = { day = -1, local = "16:00" }
area_only_lead_s = 1800
close_lead_s = 300
step_kw = 100
quantity_kw_max = 1000
price_eur_mwh_min = 0
price_eur_mwh_max = 9999.9
tick_eur_mwh = 0.1
protection_eur_mwh = 50
collar_eur_mwh = 200
source = "ours"
confidence = "none"
"""


def test_a_block_is_a_contract_with_parts_that_trades_while_all_of_them_do() -> None:
    block = QUARTERS.block(at("2026-07-01T10:00Z"), at("2026-07-01T11:00Z"))
    assert block is not None
    assert (block.product, len(block.parts)) == (BLOCK, 4)
    assert block.opens_us == block.parts[-1].opens_us
    assert block.closes_us == block.parts[0].closes_us
    assert block.wh_per_step == 100_000
    assert block.day == block.parts[0].day


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-07-01T10:00Z", "2026-07-01T10:15Z"),  # one contract alone
        ("2026-07-01T10:00Z", "2026-07-01T10:00Z"),
        ("2026-07-01T11:00Z", "2026-07-01T10:00Z"),
        ("2026-07-01T10:05Z", "2026-07-01T11:00Z"),  # off the grid
        ("2026-07-01T10:00Z", "2026-07-01T10:40Z"),
        ("2026-07-01T21:45Z", "2026-07-01T22:15Z"),  # over midnight
        ("2014-07-01T10:00Z", "2014-07-01T11:00Z"),  # before the first rule
    ],
)
def test_what_is_no_range_of_two_or_more_contracts_of_one_day_is_no_block(
    start: str, end: str
) -> None:
    assert QUARTERS.block(at(start), at(end)) is None


@pytest.mark.parametrize(("day", "parts"), [(SPRING, 92), (SUMMER, 96), (AUTUMN, 100)])
def test_base_is_the_whole_day(day: date, parts: int) -> None:
    base = QUARTERS.base(day)
    assert base is not None
    assert len(base.parts) == parts


def test_peak_is_hours_nine_to_twenty_of_a_working_day() -> None:
    peak = HOURS.peak(SUMMER)
    assert peak is not None
    assert (HOURS.label(peak.start_us), HOURS.label(peak.end_us)) == ("08:00", "20:00")
    assert len(peak.parts) == 12
    assert HOURS.peak(AUTUMN) is None


def test_a_contract_or_a_block_is_found_by_its_start_and_end() -> None:
    start_us = at("2026-07-01T10:00Z")
    market = QUARTERS.code
    single = catalogue.find(KNOWN, market, start_us, start_us + 900_000_000)
    block = catalogue.find(KNOWN, market, start_us, start_us + 1_800_000_000)
    assert single == QUARTERS.contract(start_us)
    assert block is not None
    assert len(block.parts) == 2
    assert catalogue.find(KNOWN, market, start_us, start_us + 1) is None
    assert catalogue.find(KNOWN, "XX", start_us, start_us + 900_000_000) is None


@given(st.sampled_from(sorted(KNOWN)), INSTANTS)
def test_every_instant_lies_in_one_contract_of_its_local_day(code: str, at_us: int) -> None:
    market = KNOWN[code]
    day = market.day_of(at_us)
    first_us, next_us = market.day_us(day)
    assert first_us <= at_us < next_us
    around = [c for c in market.contracts_of(day) if c.start_us <= at_us < c.end_us]
    assert len(around) == 1
    assert around[0] == market.contract(around[0].start_us)
    assert around[0].opens_us < around[0].closes_us <= around[0].start_us


@given(st.sampled_from(sorted(KNOWN)), INSTANTS)
def test_what_is_open_is_what_of_the_days_around_has_its_gate_open(code: str, at_us: int) -> None:
    market = KNOWN[code]
    days = [market.day_of(at_us) + timedelta(days=n) for n in range(4)]
    expected = [
        c for day in days for c in market.contracts_of(day) if c.opens_us <= at_us < c.closes_us
    ]
    assert market.open_contracts(at_us) == expected
