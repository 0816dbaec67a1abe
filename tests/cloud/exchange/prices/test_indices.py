"""cloud.exchange.prices.indices: ID1, ID3, IDFull and any window are exact (T6)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.exchange.facts import Fact, Listed, Traded
from cloud.exchange.prices.board import day_bounds
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.indices import german_imbalance_index
from cloud.exchange.prices.rules import (
    DAY_AHEAD,
    INDICES,
    SINGLE_PRODUCTS,
    WHOLE_SESSION,
    IndexRule,
    Rules,
    Window,
)
from tests.support.prices import (
    HOUR_US,
    MINUTE_US,
    NOON_US,
    QUARTERS,
    VIENNA,
    listed,
    market_data,
    traded,
    voided,
)
from wire.clock import QUARTER_HOUR_US

LEADS_MIN = {"ID1": (60, 30), "ID3": (180, 30), "IDFull": (10_000, -10_000)}
QUARTER_ONLY = frozenset({"PT15M"})


@dataclass
class Trade:
    """The oracle's own record of a trade."""

    fact: Traded
    contract: Listed
    void: bool


def rounded(exact: Fraction) -> int:
    """Return the nearest whole number, ties away from zero, without the product's help."""
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def expected(
    trades: Sequence[Trade], start_us: int, from_us: int, to_us: int, products: frozenset[str]
) -> tuple[int | None, int]:
    """Return price and energy of a quarter-hour by rational arithmetic over a list of trades."""
    value = energy = 0  # whole numbers, in µs instead of hours: one division at the end is exact
    for trade in trades:
        fact, contract = trade.fact, trade.contract
        shared_us = min(start_us + QUARTER_HOUR_US, contract.end_us) - max(
            start_us, contract.start_us
        )
        if fact.self_trade or trade.void or contract.product not in products or shared_us <= 0:
            continue
        if from_us <= fact.at_us < to_us:
            part = fact.quantity_steps * contract.step_kw * 1_000 * shared_us
            energy += part
            value += part * fact.price_ticks
    return (rounded(Fraction(value, energy)) if energy else None), energy // 3_600_000_000


def day_of_trades(day: date, random: Random, numbers: Iterator[int]) -> list[Trade]:
    """Return trades of all contracts of a local day, in the order of their times."""
    start_us, end_us = day_bounds(day, VIENNA)
    contracts = [listed(next(numbers), at) for at in range(start_us, end_us, QUARTER_HOUR_US)]
    contracts += [listed(next(numbers), at, "PT60M") for at in range(start_us, end_us, HOUR_US)]
    trades = []
    for contract in contracts:
        for _ in range(random.randrange(5)):
            lead_us = random.choice((30, 60, 180, random.randrange(400))) * MINUTE_US
            at_us = contract.start_us - lead_us + random.choice((-1, 0, 0, 1, 777))
            price, steps = random.randint(-999_999, 999_999), random.randint(1, 500)
            own = random.random() < 0.1
            fact = traded(next(numbers), contract.contract, price, steps, at_us, self_trade=own)
            trades.append(Trade(fact, contract, void=random.random() < 0.15))
    return sorted(trades, key=lambda trade: (trade.fact.at_us, trade.fact.trade_id))


def follow(data: MarketData, trades: Sequence[Trade], contracts: Sequence[Listed]) -> None:
    """Tell the data of contracts, then of trades, then of those that became void."""
    facts: list[Fact] = [contract._replace(at_us=0) for contract in contracts]
    facts += [trade.fact for trade in trades]
    last_us = max((trade.fact.at_us for trade in trades), default=0)
    facts += [voided(trade.fact, at_us=last_us) for trade in trades if trade.void]
    data.take(facts)


def check_day(day: date, random: Random) -> int:
    """Compare all indices of each quarter-hour of a day; return how many quarter-hours it has."""
    numbers = iter(range(1, 10**6))
    trades = day_of_trades(day, random, numbers)
    data = market_data(Rules(kept_after_delivery_us=30 * HOUR_US))
    contracts = {trade.contract.contract: trade.contract for trade in trades}
    start_us, end_us = day_bounds(day, VIENNA)
    for at_us in range(start_us, end_us, QUARTER_HOUR_US):
        known = (c for c in contracts.values() if c.start_us == at_us and c.product == "PT15M")
        contract = next(known, None) or listed(next(numbers), at_us)
        contracts[contract.contract] = contract
    follow(data, trades, list(contracts.values()))
    quarters = [c for c in contracts.values() if c.product == "PT15M"]
    by_hour: dict[int, list[Trade]] = defaultdict(list)
    for trade in trades:
        by_hour[trade.contract.start_us // HOUR_US].append(trade)
    for quarter in quarters:
        near = by_hour[quarter.start_us // HOUR_US]
        for name, (from_min, to_min) in LEADS_MIN.items():
            start = quarter.start_us - from_min * MINUTE_US
            end = quarter.start_us - to_min * MINUTE_US
            price, energy = expected(near, quarter.start_us, start, end, SINGLE_PRODUCTS)
            found = data.board.index(quarter.contract, name)
            assert (found.price_ticks, found.volume_wh) == (price, energy), (name, quarter)
        price, energy = expected(near, quarter.start_us, 0, 2**62, QUARTER_ONLY)
        found = data.board.vwap(quarter.contract, None, None, QUARTER_ONLY)
        assert (found.price_ticks, found.volume_wh) == (price, energy)
        shown = data.board.sessions[quarter.contract].statistics()
        assert (shown.vwap, shown.volume_wh) == (price, energy)
    assert len(data.board.by_delivery(QUARTERS, day)) == len(quarters)
    return len(quarters)


@pytest.mark.parametrize(
    ("day", "count"), [(date(2026, 3, 29), 92), (date(2026, 7, 1), 96), (date(2026, 10, 25), 100)]
)
def test_the_indices_of_short_long_and_plain_days_are_exact(day: date, count: int) -> None:
    assert check_day(day, Random(day.toordinal())) == count


@pytest.mark.slow
def test_the_indices_of_each_quarter_hour_of_a_year_are_exact() -> None:
    random = Random(2026)
    days = (date(2026, 1, 1) + timedelta(days=n) for n in range(365))
    assert sum(check_day(day, random) for day in days) == 35_040


def test_the_window_of_2015_takes_hourly_and_quarter_hourly_trades_of_three_hours() -> None:
    """For delivery 20:00 to 20:15 the trades stamped 17:00 to 20:00 (EPEX, 11 September 2015)."""
    rule = IndexRule(window=Window(from_lead_min=180, to_lead_min=0), products=SINGLE_PRODUCTS)
    at_us = NOON_US + 8 * HOUR_US
    data = market_data()
    data.take([listed(1, at_us), listed(2, at_us, "PT60M")])
    data.take(
        [
            traded(1, 1, 9_999, 1, at_us - 3 * HOUR_US - 1),
            traded(2, 1, 1_000, 10, at_us - 3 * HOUR_US),
            traded(3, 2, 2_000, 10, at_us - 1),
            traded(4, 1, 9_999, 1, at_us),
        ]
    )
    found = data.board.index(1, rule)
    assert (found.price_ticks, found.trades, found.volume_wh) == (1_500, 2, 2 * 250_000)
    assert (found.window_start_us, found.window_end_us) == (at_us - 3 * HOUR_US, at_us)


def test_an_hourly_delivery_counts_each_quarter_hour_with_its_own_energy() -> None:
    data = market_data()
    data.take([listed(1, NOON_US, "PT60M"), listed(2, NOON_US), listed(3, NOON_US + HOUR_US)])
    at_us = NOON_US - HOUR_US
    data.take([traded(1, 1, 1_000, 1, at_us), traded(2, 2, 2_000, 4, at_us)])
    data.take([traded(3, 3, -999_999, 9, at_us)])
    found = data.board.vwap(1, None, None, SINGLE_PRODUCTS)
    assert (found.price_ticks, found.volume_wh, found.trades) == (1_500, 200_000, 2)


def test_a_block_counts_where_it_is_asked_for_and_markets_apart_do_not() -> None:
    data = market_data()
    block = listed(2, NOON_US, "BLOCK", parts=(1, 3), end_us=NOON_US + 2 * QUARTER_HOUR_US)
    other_area = listed(4, NOON_US, area="DE")
    data.take([listed(1, NOON_US), block, listed(3, NOON_US + QUARTER_HOUR_US), other_area])
    data.take([traded(n, n, 100 * n, 10, NOON_US - HOUR_US) for n in (1, 2, 4)])
    everything = SINGLE_PRODUCTS | {"BLOCK"}
    assert data.board.vwap(1, None, None, SINGLE_PRODUCTS).price_ticks == 100
    assert data.board.vwap(1, None, None, everything).price_ticks == 150
    assert data.board.vwap(3, None, None, everything).price_ticks == 200


def test_too_little_volume_falls_back_to_a_wider_window_and_then_to_the_auction() -> None:
    rule = IndexRule(
        window=INDICES["ID1"].window,
        products=SINGLE_PRODUCTS,
        volume_wh_min=50_000,
        fallback=(INDICES["ID3"].window, WHOLE_SESSION, DAY_AHEAD),
    )
    data = market_data(day_ahead=lambda area, start_us, end_us: 4_242)
    data.take([listed(1, NOON_US), listed(2, NOON_US + HOUR_US)])
    found = data.board.index(1, rule)
    assert (found.price_ticks, found.step, found.source) == (4_242, 3, "DAY_AHEAD")
    data.take([traded(1, 1, 300, 1, NOON_US - 5 * HOUR_US)])
    data.take([traded(2, 1, 100, 2, NOON_US - 2 * HOUR_US)])
    found = data.board.index(1, rule)
    assert (found.price_ticks, found.step, found.source) == (100, 1, "TRADES")
    data.take([voided(traded(2, 1, 100, 2, NOON_US - 2 * HOUR_US))])
    assert data.board.index(1, rule).step == 3
    data.take([traded(3, 1, 200, 2, NOON_US - 45 * MINUTE_US)])
    assert (data.board.index(1, rule).price_ticks, data.board.index(1, rule).step) == (200, 0)


def test_no_volume_is_null_and_neither_zero_nor_the_value_before() -> None:
    data = market_data()
    data.take([listed(1, NOON_US)])
    found = data.board.index(1, "ID3")
    assert (found.price_ticks, found.volume_wh, found.step, found.source) == (None, 0, None, None)
    trade = traded(1, 1, 0, 5, NOON_US - HOUR_US)
    data.take([trade])
    assert data.board.index(1, "ID3").price_ticks == 0
    data.take([voided(trade)])
    assert data.board.index(1, "ID3").price_ticks is None


def test_a_window_that_begins_within_a_minute_or_ends_before_it_begins_is_refused() -> None:
    data = market_data()
    data.take([listed(1, NOON_US), traded(1, 1, 1, 1, NOON_US - 1)])
    with pytest.raises(ValueError, match="whole minutes"):
        data.board.vwap(1, NOON_US - 1, NOON_US, SINGLE_PRODUCTS)
    with pytest.raises(ValueError, match="more than to_lead_min"):
        Window(from_lead_min=30, to_lead_min=30)


@given(
    st.lists(st.tuples(st.integers(-999_999, 999_999), st.integers(1, 400_000)), max_size=8),
    st.lists(st.tuples(st.integers(-999_999, 999_999), st.integers(1, 400_000)), max_size=8),
)
def test_the_balancing_index_is_made_of_the_last_500_mw_and_of_nothing_less(
    quarters: list[tuple[int, int]], hours: list[tuple[int, int]]
) -> None:
    megawatts = [price for price, kw in quarters + hours for _ in range(kw // 100_000)]
    whole = [(price, kw // 100_000 * 100_000) for price, kw in quarters + hours]
    split = len(quarters)
    found = german_imbalance_index(whole[:split], whole[split:])
    if len(megawatts) < 5:
        assert found is None
    else:
        assert found == rounded(Fraction(sum(megawatts[:5]), 5))
