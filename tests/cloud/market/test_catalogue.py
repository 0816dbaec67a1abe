"""cloud.market.catalogue: markets are data, and wrong data is one line."""

from pathlib import Path

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
    ours = {f"PHO_AT_INTRADAY_{length}MIN": (1, 0) for length in (15, 30, 60)}
    austria = {f"EPEX_AT_INTRADAY_{length}MIN": (100, 300) for length in (15, 60)}
    germany = {f"EPEX_DE_INTRADAY_{length}MIN": (100, 300) for length in (15, 30, 60)}
    assert facts == ours | austria | germany
    assert next(iter(markets)) == "PHO_AT_INTRADAY_15MIN", "which pages begin with"


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
        (MARKET.replace("900", "600") + RULE, "market.0.resolution_s: 600 is not allowed"),
        (MARKET.replace("Vienna", "Wien") + RULE, "market.0.time_zone: 'Europe/Wien' is not"),
        (MARKET + RULE.replace("step_kw = 1", "step_kw = 0"), "market.0.rule.0.step_kw: 0 is not"),
        (MARKET + RULE + "colour = 1", "market.0.rule.0.colour: 1 is not allowed"),
        (MARKET + RULE + MARKET + RULE, "'PHO_AT_INTRADAY_15MIN' is used twice"),
        (MARKET + RULE.replace("9999.99", "9999.999"), "price_eur_mwh_m"),
        ("market =", "test: "),
        (
            MARKET + RULE.replace("86400", "60").replace("close_lead_s = 0", "close_lead_s = 60"),
            "test: market.0.rule.0: opens_ahead_s: more than close_lead_s is expected",
        ),
        (
            MARKET + RULE.replace("opens_ahead_s = 86400", ""),
            "one of opens and opens_ahead_s is expected",
        ),
        (
            MARKET + RULE.replace("opens_ahead_s = 86400", 'opens = {day = -1, local = "24:00"}'),
            "opens.local: '24:00' is not allowed; a local time as 15:00 is expected",
        ),
        (
            MARKET + RULE.replace("opens_ahead_s = 86400", 'opens = {day = 1, local = "9:00"}'),
            "opens.day: 1 is not allowed",
        ),
        (
            MARKET + RULE + "area_only_lead_s = 0\nclip_kw_min = 2000",
            "clip_kw_min: 2000: a multiple",
        ),
        (MARKET + RULE.replace("_max = 9999.99", "_max = -9999.99"), "price_eur_mwh_max: more"),
        (MARKET + RULE + RULE, "market.0: rule.valid_from: a day is given twice"),
        (
            MARKET.replace("Europe/Vienna", "Asia/Kolkata").replace("900", "3600") + RULE,
            "market.0: time_zone: PT60M needs whole periods from UTC",
        ),
        ('listed = ["x y"]', "listed.0: 'x y' is not allowed"),
    ],
)
def test_wrong_data_names_the_key_and_the_value(wrong: str, said: str) -> None:
    with pytest.raises(BadMarkets, match=r"^test: ") as refused:
        catalogue.parse(wrong, "test")
    assert said in str(refused.value)


def test_every_mistake_has_a_line_of_its_own() -> None:
    text = MARKET.replace("Vienna", "Wien") + RULE.replace("step_kw = 1", "step_kw = 0")
    with pytest.raises(BadMarkets) as refused:
        catalogue.parse(text, "test")
    assert [line.split(":")[1] for line in str(refused.value).splitlines()] == [
        " market.0.time_zone",
        " market.0.rule.0.step_kw",
    ]


def test_many_venues_are_shipped_with_the_source_of_each_row() -> None:
    known = catalogue.known()
    assert {m.area for m in known.values()} >= {"AT", "DE-LU", "CH", "FR", "BE", "NL", "DE-TENNET"}
    assert {m.product for m in known.values()} == {"PT15M", "PT30M", "PT60M"}
    assert {m.scope for m in known.values()} == {"local", "country", "cross_zonal"}


def test_an_own_file_adds_a_market_to_those_that_are_listed(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(MARKET.replace("PHO_AT", "VILLAGE_AT") + RULE)
    assert list(catalogue.load(own)) == [*catalogue.load(), "VILLAGE_AT_INTRADAY_15MIN"]


def test_an_own_file_lists_shipped_markets_and_may_stand_in_for_one(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    names = '["EPEX_DE_INTRADAY_60MIN", "PHO_AT_INTRADAY_15MIN"]'
    own.write_text(f"listed = {names}\n{MARKET}{RULE.replace('step_kw = 1', 'step_kw = 10')}")
    markets = catalogue.load(own)
    assert list(markets) == ["EPEX_DE_INTRADAY_60MIN", "PHO_AT_INTRADAY_15MIN"]
    assert markets["PHO_AT_INTRADAY_15MIN"].rules[0].step_kw == 10


def test_a_listed_market_that_nobody_knows_or_a_file_that_is_not_there_is_one_line(
    tmp_path: Path,
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('listed = ["TULIPS"]')
    with pytest.raises(BadMarkets, match=r"own.toml: listed: 'TULIPS' is not allowed; one of EPEX"):
        catalogue.load(own)
    with pytest.raises(BadMarkets, match=r"none.toml: cannot be read: "):
        catalogue.load(tmp_path / "none.toml")
