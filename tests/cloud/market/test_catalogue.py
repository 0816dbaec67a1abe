"""cloud.market.catalogue: markets are data, and wrong data is one line."""

import pytest

from cloud.market import catalogue
from cloud.market.catalogue import BadMarkets

MARKET = """
[[market]]
code = "PHO_AT_INTRADAY_15MIN"
area = "AT"
time_zone = "Europe/Vienna"
resolution_s = 900
"""
RULE = """
[[market.rule]]
valid_from = 2020-01-01
opens_ahead_s = 86400
close_lead_s = 0
step_kw = 1
quantity_kw_max = 1000
price_eur_mwh_min = -9999.99
price_eur_mwh_max = 9999.99
protection_eur_mwh = 50.0
source = "ours"
confidence = "project rule"
"""


def test_the_shipped_markets_are_ours_in_kilowatts_and_the_venue_in_a_tenth_of_a_megawatt() -> None:
    markets = catalogue.load()
    facts = {
        code: (market.rules[0].step_kw, market.rules[0].close_lead_s)
        for code, market in markets.items()
    }
    assert facts == {"PHO_AT_INTRADAY_15MIN": (1, 0), "EPEX_AT_INTRADAY_15MIN": (100, 300)}


def test_prices_are_read_exactly() -> None:
    (market,) = catalogue.parse(MARKET + RULE, "test").values()
    assert market.rules[0].price_ticks_min == -999_999
    assert market.rules[0].price_ticks_max == 999_999


def test_rules_are_newest_first_whatever_their_order_in_the_file() -> None:
    newer = RULE.replace("2020-01-01", "2027-01-01").replace("step_kw = 1", "step_kw = 10")
    (market,) = catalogue.parse(MARKET + RULE + newer, "test").values()
    assert [rule.step_kw for rule in market.rules] == [10, 1]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (MARKET, "market.0.rule"),
        (MARKET.replace("900", "3600") + RULE, "market.0.resolution_s: 3600 is not allowed"),
        (MARKET.replace("Vienna", "Wien") + RULE, "market.0.time_zone: 'Europe/Wien' is not"),
        (MARKET + RULE.replace("step_kw = 1", "step_kw = 0"), "market.0.rule.0.step_kw: 0 is not"),
        (MARKET + RULE + "colour = 1", "market.0.rule.0.colour: 1 is not allowed"),
        (MARKET + RULE + MARKET + RULE, "'PHO_AT_INTRADAY_15MIN' is used twice"),
        (MARKET + RULE.replace("9999.99", "9999.999"), "price_eur_mwh_m"),
        ("market =", "test: "),
    ],
)
def test_wrong_data_names_the_key_and_the_value(wrong: str, said: str) -> None:
    with pytest.raises(BadMarkets, match=r"^test: ") as refused:
        catalogue.parse(wrong, "test")
    assert said in str(refused.value)
