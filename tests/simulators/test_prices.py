"""`simulators.prices`: repeatable prices that look like a day, quotes that never cross."""

from hypothesis import given
from hypothesis import strategies as st

from simulators import prices
from simulators.prices import Quote, Side
from wire.clock import QUARTER_HOUR_US

DAY_US = 1_795_132_800_000_000
"""2026-11-20T00:00:00Z."""
HOUR_US = 3_600_000_000

starts = st.integers(0, 96 * 365).map(lambda n: DAY_US + n * QUARTER_HOUR_US)
instants = st.integers(DAY_US, DAY_US + 365 * 24 * HOUR_US)


def test_the_same_seed_quarter_hour_and_instant_have_the_same_price() -> None:
    assert prices.fair_eur_mwh(1, DAY_US, DAY_US) == prices.fair_eur_mwh(1, DAY_US, DAY_US)
    assert prices.fair_eur_mwh(1, DAY_US, DAY_US) != prices.fair_eur_mwh(2, DAY_US, DAY_US)


def test_the_evening_is_dearer_than_the_midday_sun() -> None:
    evening = prices.fair_eur_mwh(1, DAY_US + 18 * HOUR_US, DAY_US)
    midday = prices.fair_eur_mwh(1, DAY_US + 12 * HOUR_US, DAY_US)
    assert evening > midday + 50.0


@given(seed=st.integers(), start_us=starts, at_us=instants)
def test_prices_drift_slowly(seed: int, start_us: int, at_us: int) -> None:
    now = prices.fair_eur_mwh(seed, start_us, at_us)
    soon = prices.fair_eur_mwh(seed, start_us, at_us + 1_000_000)
    assert abs(soon - now) < 0.2
    assert 10.0 < now < 160.0


@given(seed=st.integers(), start_us=starts, at_us=instants, step_kw=st.sampled_from([1, 10, 100]))
def test_quotes_stand_on_both_sides_without_crossing_and_in_whole_steps(
    seed: int, start_us: int, at_us: int, step_kw: int
) -> None:
    quotes = prices.quotes(seed, start_us, at_us, step_kw)
    bids, asks = prices_of(quotes, Side.BUY), prices_of(quotes, Side.SELL)
    assert len(bids) == len(asks) == prices.LEVELS
    assert max(bids) < min(asks)
    assert all(quote.power_kw > 0 and quote.power_kw % step_kw == 0 for quote in quotes)
    assert all(round(price, 2) == price for price in bids + asks)


@given(seed=st.integers(), start_us=starts, at_us=instants, net_kw=st.integers(1, 599))
def test_a_maker_who_has_sold_quotes_higher_and_one_who_has_bought_lower(
    seed: int, start_us: int, at_us: int, net_kw: int
) -> None:
    def best_bid(net_kw: int) -> float:
        return max(
            prices_of(prices.quotes(seed, start_us, at_us, 1, net_kw=net_kw, maker=1), Side.BUY)
        )

    assert best_bid(-net_kw) <= best_bid(0) <= best_bid(net_kw)
    assert best_bid(-599) < best_bid(599)


@given(seed=st.integers(), start_us=starts, at_us=instants, step_kw=st.sampled_from([1, 100]))
def test_a_full_maker_only_empties_himself(
    seed: int, start_us: int, at_us: int, step_kw: int
) -> None:
    full_kw = max(prices.FULL_KW, prices.FULL_STEPS * step_kw)
    sold = prices.quotes(seed, start_us, at_us, step_kw, net_kw=full_kw)
    bought = prices.quotes(seed, start_us, at_us, step_kw, net_kw=-full_kw)
    assert {quote.side for quote in sold} == {Side.BUY}
    assert {quote.side for quote in bought} == {Side.SELL}


@given(
    seed=st.integers(),
    start_us=starts,
    power_kw=st.floats(1, 1e5),
    soc=st.floats(0, 100) | st.none(),
)
def test_a_site_wants_a_part_of_its_power_and_turns_round_when_empty_or_full(
    seed: int, start_us: int, power_kw: float, soc: float | None
) -> None:
    wanted_kw = prices.site_power_kw(seed, start_us, start_us, power_kw, soc)
    assert 0.2 * power_kw < abs(wanted_kw) < 0.7 * power_kw
    if soc is not None and soc < 30.0:
        assert wanted_kw < 0.0
    if soc is not None and soc > 80.0:
        assert wanted_kw > 0.0


@given(st.floats(-1e6, 1e6), st.integers(1, 1000))
def test_power_is_rounded_to_whole_steps_and_never_to_none(power_kw: float, step_kw: int) -> None:
    steps, rest = divmod(prices.in_steps(power_kw, step_kw), step_kw)
    assert rest == 0
    assert steps >= 1
    assert abs(steps * step_kw - abs(power_kw)) <= step_kw


def test_over_a_day_a_site_both_buys_and_sells() -> None:
    wanted = [
        prices.site_power_kw(1, DAY_US + n * QUARTER_HOUR_US, DAY_US, 100.0, 50.0)
        for n in range(96)
    ]
    assert 20 < sum(power_kw > 0 for power_kw in wanted) < 76


def prices_of(quotes: list[Quote], side: Side) -> list[float]:
    return [quote.price_eur_mwh for quote in quotes if quote.side is side]
