"""Energy-Charts, aWATTar and SMARD: what their answers say, and what no answer can do to us."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.market.areas import catalogue
from cloud.market.feeds import awattar, energy_charts, smard
from cloud.market.feeds.base import Wish
from cloud.market.feeds.errors import BadAnswer
from cloud.market.series.model import Batch, Kind, Quality
from tests.support.market_series import DAY_US, HOUR_US, QUARTER_US, local_us

AREAS = catalogue.load()
AT, DE = AREAS["AT"], AREAS["DE-LU"]
NOW_US = local_us(2026, 10, 24, 13, 5)
START_US, END_US = AT.day_us(date(2026, 10, 25))
WISH = Wish(kind=Kind.PRICE_DAY_AHEAD, area="AT", start_us=START_US, end_us=END_US)
S, MS = 1_000_000, 1_000


def charts(starts_us: list[int], values: list[float | None], unit: str = "EUR/MWh") -> bytes:
    return json.dumps(
        {
            "license_info": "CC BY 4.0",
            "unix_seconds": [at_us // S for at_us in starts_us],
            "price": values,
            "unit": unit,
            "deprecated": False,
        }
    ).encode()


def prices_of(body: bytes, wish: Wish = WISH) -> list[Batch]:
    return energy_charts.parse(body, wish, AT, NOW_US)


def test_a_day_of_a_hundred_quarter_hours_comes_whole_with_its_licence() -> None:
    starts = list(range(START_US, END_US, QUARTER_US))
    values = [float(n - 40) for n in range(100)]
    (batch,) = prices_of(charts(starts, [*values]))
    assert (batch.series.source, batch.series.detail) == ("energy-charts", "SDAC")
    assert (batch.series.resolution_s, batch.starts_us) == (900, tuple(starts))
    assert batch.values == tuple(values)
    assert (batch.licence, batch.known_us, batch.assumed) == ("CC BY 4.0", NOW_US, False)


def test_null_is_missing_and_what_was_not_asked_for_is_left_out() -> None:
    starts = list(range(START_US - HOUR_US, END_US + HOUR_US, QUARTER_US))
    values: list[float | None] = [1.0] * len(starts)
    values[10] = None
    (batch,) = prices_of(charts(starts, values))
    assert len(batch.values) == 99
    assert starts[10] not in batch.starts_us
    assert START_US <= batch.starts_us[0] <= batch.starts_us[-1] < END_US


def test_hours_before_and_quarter_hours_after_a_change_are_two_series() -> None:
    change_us = AT.day_us(date(2025, 10, 1))[0]
    starts = [
        *range(change_us - DAY_US, change_us, HOUR_US),
        *range(change_us, change_us + DAY_US, QUARTER_US),
    ]
    wish = WISH.within(change_us - DAY_US, change_us + DAY_US)
    found = prices_of(charts(starts, [5.0] * len(starts)), wish)
    assert [(b.series.resolution_s, len(b.values)) for b in found] == [(900, 96), (3_600, 24)]


def test_one_value_twice_is_one_and_two_values_for_one_interval_are_a_conflict() -> None:
    starts = [START_US, START_US, START_US + QUARTER_US, START_US + QUARTER_US]
    found = prices_of(charts(starts, [1.0, 1.0, 2.0, 3.0]))
    assert [(b.quality, b.values) for b in found] == [
        (Quality.GOOD, (1.0,)),
        (Quality.CONFLICT, (2.0,)),
        (Quality.CONFLICT, (3.0,)),
    ]


def test_history_became_known_by_the_timetable_and_says_so() -> None:
    wish = Wish(
        kind=Kind.PRICE_DAY_AHEAD,
        area="AT",
        start_us=local_us(2026, 1, 14),
        end_us=local_us(2026, 1, 16),
        history=True,
    )
    starts = list(range(wish.start_us, wish.end_us, HOUR_US))
    first, second = prices_of(charts(starts, [7.0] * 48), wish)
    assert (first.known_us, second.known_us) == (
        local_us(2026, 1, 13, 13),
        local_us(2026, 1, 14, 13),
    )
    assert first.assumed
    assert second.assumed


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"<html>sorry</html>",
        b"[1]",
        b"{",
        b'{"unit": "EUR/MWh"}',
        b'{"unit": "EUR/MWh", "unix_seconds": [1], "price": []}',
        b'{"unit": "EUR/MWh", "unix_seconds": [900], "price": [NaN]}',
        b'{"unit": "EUR/MWh", "unix_seconds": [900], "price": [1e400]}',
        b'{"unit": "EUR/MWh", "unix_seconds": ["900"], "price": [1]}',
        b'{"unit": "EUR/MWh", "unix_seconds": [900], "price": ["12,5"]}',
        b"[" * 100_000,
        charts([START_US], [85.0], "ct/kWh"),
        charts([START_US], [85.0], "GBP/MWh"),
        charts([START_US + S, START_US + 901 * S], [85.0, 86.0]),
        charts([START_US, START_US + 777 * S], [85.0, 86.0]),
        charts([900 * S, 2**53 * S // 10], [85.0, 86.0]),
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_answer_of_this_form_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer, match="energy-charts"):
        prices_of(body)


def test_awattar_hours_are_taken_as_long_as_they_say() -> None:
    rows = [
        {
            "start_timestamp": (START_US + n * HOUR_US) // MS,
            "end_timestamp": (START_US + (n + 1) * HOUR_US) // MS,
            "marketprice": price,
            "unit": "Eur/MWh",
        }
        for n, price in enumerate((85.5, 0, -12.34))
    ]
    (batch,) = awattar.parse(
        json.dumps({"object": "list", "data": rows}).encode(), WISH, AT, NOW_US
    )
    assert (batch.series.source, batch.series.resolution_s) == ("awattar", 3_600)
    assert batch.values == (85.5, 0.0, -12.34), "no price is too small, too large or too zero"
    quarter = rows[0] | {"end_timestamp": (START_US + QUARTER_US) // MS}
    (batch,) = awattar.parse(json.dumps({"data": [quarter]}).encode(), WISH, AT, NOW_US)
    assert batch.series.resolution_s == 900
    for wrong in (
        {"unit": "ct/kWh"},
        {"end_timestamp": rows[0]["start_timestamp"]},
        {"end_timestamp": 0},
        {"marketprice": "85"},
        {"start_timestamp": None},
    ):
        with pytest.raises(BadAnswer):
            awattar.parse(json.dumps({"data": [rows[0] | wrong]}).encode(), WISH, AT, NOW_US)


def test_smard_asks_only_for_the_weeks_it_needs_and_makes_powers_of_energies() -> None:
    weeks = [local_us(2026, 10, day) // MS for day in (5, 12, 19, 26)]
    wish = Wish(kind=Kind.LOAD_ACTUAL, area="DE-LU", start_us=START_US, end_us=END_US + DAY_US)
    assert smard.blocks(json.dumps({"timestamps": weeks}).encode(), wish) == weeks[2:]
    (one,) = smard.filters(wish)
    assert smard.index_path(one, DE) == "/app/chart_data/410/DE-LU/index_quarterhour.json"
    assert smard.block_path(one, DE, 7) == "/app/chart_data/410/DE-LU/410_DE-LU_quarterhour_7.json"
    pairs = [[START_US // MS, 12_500.25], [(START_US + QUARTER_US) // MS, None]]
    body = json.dumps({"meta_data": {}, "series": pairs}).encode()
    (batch,) = smard.parse([body], one, wish, DE, NOW_US)
    assert (batch.starts_us, batch.values) == ((START_US,), (50_001.0,))


def test_smard_has_prices_of_the_zone_and_none_of_a_control_area() -> None:
    assert smard.offers(Kind.PRICE_DAY_AHEAD, DE)
    assert not smard.offers(Kind.PRICE_DAY_AHEAD, AREAS["DE-AMPRION"])
    assert smard.offers(Kind.LOAD_ACTUAL, AREAS["DE-AMPRION"])
    assert not smard.offers(Kind.LOAD_ACTUAL, AT)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["data", "series", "price", "unix_seconds", "unit", "timestamps", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
load_filter = smard.FILTERS[Kind.LOAD_ACTUAL][0]
parsers: list[Callable[[bytes], object]] = [
    prices_of,
    lambda body: awattar.parse(body, WISH, AT, NOW_US),
    lambda body: smard.blocks(body, WISH),
    lambda body: smard.parse([body], load_filter, WISH, DE, NOW_US),
]


@given(json_values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_whatever_comes_is_read_or_refused_and_nothing_else(body: bytes) -> None:
    for parse in parsers:
        with suppress(BadAnswer):
            parse(body)
