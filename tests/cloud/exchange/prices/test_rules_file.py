"""cloud.exchange.prices.rules_file: what is unconfirmed is a setting; a mistake is one line."""

import pytest

from cloud.exchange.prices.rules import DAY_AHEAD, INDICES, WHOLE_SESSION, Rules, Window
from cloud.exchange.prices.rules_file import BadRules, parse
from tests.support.prices import MINUTE_US, NOON_US, listed, market_data, traded


def test_an_empty_file_is_what_holds_without_one() -> None:
    assert parse("", "prices.toml") == Rules()


def test_a_file_changes_what_it_names_and_nothing_else() -> None:
    rules = parse(
        """
        mark_age_s = 60
        mark_spread_eur_mwh = 2.50
        ema_alpha = 0.1

        [index.ID1]
        from_lead_min = 60
        to_lead_min = 0
        volume_mwh_min = 0.5
        fallback = ["WIDE", "IDFull", "DAY_AHEAD"]

        [index.WIDE]
        from_lead_min = 90
        to_lead_min = 0
        products = ["PT15M"]
        """,
        "prices.toml",
    )
    assert (rules.mark_age_us_max, rules.mark_spread_ticks_max) == (60_000_000, 250)
    assert (rules.ema_alpha, rules.depth_levels) == (0.1, Rules().depth_levels)
    wide = Window(from_lead_min=90, to_lead_min=0)
    assert rules.indices["ID1"].fallback == (wide, WHOLE_SESSION, DAY_AHEAD)
    assert rules.indices["ID1"].volume_wh_min == 500_000
    assert rules.indices["ID3"] == INDICES["ID3"]
    data = market_data(rules)
    data.take([listed(1, NOON_US), listed(2, NOON_US, "PT60M")])
    data.take([traded(n, n, 100 * n, 20, NOON_US - 75 * MINUTE_US) for n in (1, 2)])
    assert data.board.index(1, "WIDE").price_ticks == 100
    assert data.board.index(1, "ID1").step == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ema_alpha = 0", "prices.toml: ema_alpha: 0 is not allowed; Input should be greater"),
        ("color = 1", "prices.toml: color: 1 is not allowed; Extra inputs"),
        ("[index.X]\nproducts = ['P1D']", "prices.toml: index.X.products.0: 'P1D' is not allowed"),
        (
            "[index.X]\nfrom_lead_min = 5\nto_lead_min = 5",
            "prices.toml: index.X.from_lead_min: 5 is not allowed; more than to_lead_min",
        ),
        (
            "[index.X]\nfallback = ['Y']",
            "prices.toml: index.X.fallback: 'Y' is not allowed; one of ID1, ID3, IDFull, X, DAY",
        ),
        ("ema_alpha", "prices.toml: Expected '=' after a key"),
    ],
)
def test_a_mistake_names_file_key_value_and_what_is_allowed(text: str, line: str) -> None:
    with pytest.raises(BadRules) as refused:
        parse(text, "prices.toml")
    assert str(refused.value).startswith(line)
