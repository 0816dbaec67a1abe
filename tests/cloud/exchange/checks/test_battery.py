"""cloud.exchange.checks.battery and sites: nothing is sold empty or bought full."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.exchange.checks.battery import Battery, stored_mwh
from cloud.exchange.checks.sites import Sites
from cloud.exchange.venue.guard import Refusal
from cloud.market.contracts import Contract
from tests.support.exchange import NOON_US, contract
from wire.clock import QUARTER_HOUR_US

AT_US = NOON_US - 15 * 60_000_000
"""The quarter-hour before noon has just begun."""
HALF = Battery(
    site="werk",
    energy_kwh=100.0,
    charge_kw_max=100.0,
    discharge_kw_max=100.0,
    charge_efficiency=0.9,
    discharge_efficiency=0.8,
    floor_pct=10.0,
    ceiling_pct=90.0,
    soc_pct=50.0,
    soc_at_us=AT_US,
)
"""50 kWh stored: 40 above the floor, so that 32 kWh can be delivered."""


def quarter(index: int) -> Contract:
    return contract(NOON_US + index * QUARTER_HOUR_US)


def hour(index: int = 0) -> Contract:
    start_us = NOON_US + index * QUARTER_HOUR_US
    return replace(contract(start_us), end_us=start_us + 4 * QUARTER_HOUR_US, product="PT60M")


def sites(battery: Battery = HALF) -> Sites:
    found = Sites()
    found.seen(battery)
    return found


def code(refusal: Refusal | None) -> str:
    return "" if refusal is None else refusal.code


def test_as_much_is_sold_as_can_be_delivered_and_not_a_kilowatt_more() -> None:
    battery = sites(replace(HALF, floor_pct=30.0))  # 20 kWh above the floor deliver 16: 64 kW
    assert battery.refusal("werk", quarter(0), True, 64, AT_US) is None
    refusal = battery.refusal("werk", quarter(0), True, 65, AT_US)
    assert refusal is not None
    assert refusal.code == "SITE_EMPTY"
    assert "site werk would be at 29.688 kWh at the end of the quarter-hour of" in refusal.text
    assert "2026-11-21T12:00Z with all its open sales; 30.000 kWh is its floor" in refusal.text


def test_as_much_is_bought_as_fits_and_not_a_kilowatt_more() -> None:
    battery = sites(replace(HALF, ceiling_pct=59.0))  # 9 kWh of room take 10: 40 kW
    assert battery.refusal("werk", quarter(0), False, 40, AT_US) is None
    assert code(battery.refusal("werk", quarter(0), False, 41, AT_US)) == "SITE_FULL"


def test_a_full_battery_sells_and_an_empty_one_buys_not_the_inverse() -> None:
    full, empty = sites(replace(HALF, soc_pct=90.0)), sites(replace(HALF, soc_pct=10.0))
    assert full.refusal("werk", quarter(0), True, 50, AT_US) is None
    assert code(full.refusal("werk", quarter(0), False, 1, AT_US)) == "SITE_FULL"
    assert empty.refusal("werk", quarter(0), False, 50, AT_US) is None
    assert code(empty.refusal("werk", quarter(0), True, 1, AT_US)) == "SITE_EMPTY"


def test_a_sale_before_another_one_is_refused_for_the_quarter_hour_it_would_empty() -> None:
    battery = sites()
    battery.traded("werk", quarter(4), True, 100)
    refusal = battery.refusal("werk", quarter(0), True, 40, AT_US)
    assert code(refusal) == "SITE_EMPTY"
    assert refusal is not None
    assert "quarter-hour of 2026-11-21T13:00Z" in refusal.text


def test_what_is_only_on_offer_to_buy_does_not_fill_the_battery_for_a_sale() -> None:
    battery = sites(replace(HALF, soc_pct=10.0))
    battery.offered("werk", quarter(0), False, 100)
    assert code(battery.refusal("werk", quarter(1), True, 10, AT_US)) == "SITE_EMPTY"
    battery.offered("werk", quarter(0), False, -100)
    battery.traded("werk", quarter(0), False, 100)
    assert battery.refusal("werk", quarter(1), True, 10, AT_US) is None


def test_an_hour_takes_its_energy_quarter_by_quarter() -> None:
    assert sites().refusal("werk", hour(), True, 32, AT_US) is None
    refusal = sites().refusal("werk", hour(), True, 33, AT_US)
    assert refusal is not None
    assert "quarter-hour of 2026-11-21T12:45Z" in refusal.text


def test_the_power_of_the_site_counts_all_its_orders_and_promises() -> None:
    battery = sites()
    battery.promised("werk", {NOON_US: 30})
    battery.offered("werk", quarter(0), True, 40)
    assert battery.refusal("werk", quarter(0), True, 30, AT_US) is None
    refusal = battery.refusal("werk", hour(-2), True, 31, AT_US)
    assert refusal is not None
    assert refusal.text.startswith("site werk would come to owe 101 kW in the quarter-hour of 2026")
    assert code(refusal) == "SITE_LIMIT"


def test_promises_beside_the_exchange_move_energy_too_until_they_are_replaced() -> None:
    battery = sites()
    battery.promised("werk", {NOON_US - QUARTER_HOUR_US: 100, NOON_US: 28})
    assert code(battery.refusal("werk", quarter(1), True, 1, AT_US)) == "SITE_EMPTY"
    battery.promised("werk", {})
    assert battery.refusal("werk", quarter(1), True, 1, AT_US) is None


def test_of_the_running_quarter_hour_only_the_rest_counts() -> None:
    running = replace(HALF, soc_at_us=AT_US + 5 * 60_000_000)
    battery = sites(running)
    battery.traded("werk", quarter(-1), True, 96)  # 20 of its 30 kWh of the store are to come
    now_us = AT_US + 6 * 60_000_000
    assert battery.refusal("werk", quarter(0), True, 64, now_us) is None
    assert code(battery.refusal("werk", quarter(0), True, 65, now_us)) == "SITE_EMPTY"


def test_a_state_of_charge_from_before_the_quarter_hour_counts_what_has_run_since() -> None:
    battery = sites(replace(HALF, soc_at_us=NOON_US - 60_000_000, age_s_max=600))
    battery.traded("werk", quarter(-1), True, 96)  # one minute of it is to come: 2 kWh
    battery.traded("werk", quarter(0), True, 96)  # 30 kWh
    now_us = NOON_US + 120_000_000
    assert battery.refusal("werk", quarter(1), True, 25, now_us) is None
    assert code(battery.refusal("werk", quarter(1), True, 26, now_us)) == "SITE_EMPTY"


@pytest.mark.parametrize(
    ("battery", "expected", "said"),
    [
        (replace(HALF, soc_pct=None), "SITE_UNKNOWN", "its state of charge is not known"),
        (replace(HALF, soc_at_us=AT_US - 901_000_000), "SITE_STALE", "is 901 s old"),
        (replace(HALF, soc_pct=float("nan")), "SITE_STALE", "0 to 100 %"),
        (replace(HALF, soc_pct=101.0), "SITE_STALE", "0 to 100 %"),
        (None, "SITE_UNKNOWN", "nothing is known of its battery"),
    ],
)
def test_an_unknown_state_of_charge_blocks_new_risk_and_says_why(
    battery: Battery | None, expected: str, said: str
) -> None:
    found = Sites() if battery is None else sites(battery)
    for sold in (True, False):
        refusal = found.refusal("werk", quarter(0), sold, 1, AT_US)
        assert refusal is not None
        assert refusal.code == expected
        assert said in refusal.text


def test_without_a_state_of_charge_what_is_owed_may_still_be_made_smaller() -> None:
    battery = sites(replace(HALF, soc_pct=None))
    battery.traded("werk", quarter(0), True, 10)
    assert battery.refusal("werk", quarter(0), False, 10, AT_US) is None
    assert code(battery.refusal("werk", quarter(0), False, 11, AT_US)) == "SITE_UNKNOWN"
    assert code(battery.refusal("werk", quarter(0), True, 1, AT_US)) == "SITE_UNKNOWN"


def test_further_than_a_battery_is_followed_nothing_is_sold() -> None:
    assert sites().refusal("werk", quarter(478), True, 1, AT_US) is None
    assert code(sites().refusal("werk", quarter(479), True, 1, AT_US)) == "SITE_HORIZON"
    assert code(sites().refusal("werk", quarter(-2), True, 1, AT_US)) == "SITE_HORIZON"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"energy_kwh": 0.0}, "energy_kwh: 0.0 is not allowed"),
        ({"discharge_efficiency": 0.0}, "discharge_efficiency: 0.0 is not allowed; 0.01 to 1 is"),
        ({"ceiling_pct": 5.0}, "ceiling_pct: 5.0 is not allowed; 10 to 100 is"),
        ({"charge_kw_max": float("nan")}, "charge_kw_max: nan is not allowed"),
    ],
)
def test_a_battery_that_cannot_be_is_refused(wrong: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="site werk: ") as refused:
        replace(HALF, **wrong)
    assert said in str(refused.value)


@given(st.integers(-(10**6), 10**6), st.floats(0.5, 1.0), st.floats(0.5, 1.0))
def test_losses_never_make_energy(power_kw: int, charge: float, discharge: float) -> None:
    battery = replace(HALF, charge_efficiency=charge, discharge_efficiency=discharge)
    assert stored_mwh(power_kw, battery) <= -power_kw * 250_000


ORDERS = st.lists(
    st.tuples(
        st.integers(0, 11),
        st.sampled_from([1, 4]),
        st.booleans(),
        st.integers(1, 60),
        st.booleans(),
    ),
    max_size=25,
)


@given(ORDERS, st.integers(10, 90))
def test_what_is_accepted_can_be_delivered_whatever_of_it_trades(
    orders: list[tuple[int, int, bool, int, bool]], soc_pct: int
) -> None:
    """Each path is followed again in fractions; what is refused would have left its bounds."""
    known = replace(HALF, soc_pct=float(soc_pct), soc_at_us=NOON_US)
    battery = sites(known)
    net, open_sell, open_buy = [0] * 16, [0] * 16, [0] * 16
    for index, quarters, sold, power_kw, trades in orders:
        of = quarter(index) if quarters == 1 else hour(index)
        span = range(index, index + quarters)
        sells = [open_sell[i] + power_kw * (sold and i in span) for i in range(16)]
        buys = [open_buy[i] + power_kw * (not sold and i in span) for i in range(16)]
        low = path(soc_pct, [net[i] + sells[i] for i in range(16)])
        high = path(soc_pct, [net[i] - buys[i] for i in range(16)])
        strong = all(net[i] - buys[i] >= -100 and net[i] + sells[i] <= 100 for i in span)
        asked = low[index:] if sold else high[index:]
        holds = all(kwh >= 10 for kwh in asked) if sold else all(kwh <= 90 for kwh in asked)
        refusal = battery.refusal("werk", of, sold, power_kw, NOON_US)
        assert (refusal is None) == (holds and strong)
        if refusal is not None:
            continue
        if trades:
            battery.traded("werk", of, sold, power_kw)
            for i in span:
                net[i] += power_kw if sold else -power_kw
        else:
            battery.offered("werk", of, sold, power_kw)
            open_sell, open_buy = sells, buys


def path(soc_kwh: int, powers_kw: list[int]) -> list[Fraction]:
    stored, found = Fraction(soc_kwh), []
    for power_kw in powers_kw:
        factor = Fraction(10, 8) if power_kw > 0 else Fraction(9, 10)
        stored -= Fraction(power_kw, 4) * factor
        found.append(stored)
    return found
