"""agent.control.energy.config: nothing is managed unless asked for, and only as permitted."""

from typing import Any

import pytest
from pydantic import ValidationError

from agent.control.energy.config import EnergySettings
from agent.control.energy.rules import RULE_SETS


def made(*, accept_unconfirmed: bool = False, **product: Any) -> EnergySettings:
    return EnergySettings.model_validate(
        {"products": (product,), "accept_unconfirmed": accept_unconfirmed}
    )


def test_without_an_entry_a_product_is_not_managed() -> None:
    assert not EnergySettings().of("fcr_ce").managed


def test_an_entry_holds_for_its_product_only() -> None:
    energy = made(product="fcr_n", rule="nordic_v1_1")
    assert energy.of("fcr_n").of_nordic
    assert not energy.of("fcr_d_up").managed


@pytest.mark.parametrize(
    ("product", "told"),
    [
        ({"product": "fcr_ce", "rule": "of_yesterday"}, "rule: 'of_yesterday'"),
        ({"product": "fcr_ce", "rule": "nordic_v1_1"}, "is for fcr_n"),
        ({"product": "fcr_ce", "rule": "nl_tnl_v3_10", "over_fulfil": 1.1}, "over_fulfil"),
        ({"product": "fcr_ce", "rule": "nl_tnl_v3_10", "deadband_use": True}, "deadband_use"),
        ({"product": "fcr_ce", "schedule_tx": True}, "schedule_tx"),
        ({"product": "fcr_ce", "reserve_mode": True}, "reserve_mode"),
        ({"product": "fcr_ce", "rule": "nl_tnl_v3_10", "ramp_use": True}, "ramp_use"),
        ({"product": "fcr_ce", "rule": "nl_tnl_v3_10", "nem_share": 0.4}, "nem_share"),
        ({"product": "fcr_n", "rule": "nordic_v1_1", "nem_share": 0.51}, "nem_share"),
        ({"product": "fcr_ce", "rule": "de_2014"}, "accept_unconfirmed"),
        (
            {"product": "fcr_ce", "rule": "nl_tnl_v3_10", "recovery": {"lead_min": 5}},
            "recovery.lead_min",
        ),
        ({"product": "fcr_ce", "recovery": {"low_pct": 60, "target_pct": 50}}, "target_pct"),
        ({"product": "fcr_ce", "range_from_pct": 50, "range_to_pct": 50}, "range_from_pct"),
    ],
)
def test_a_freedom_that_the_rule_does_not_give_is_refused_by_its_key(
    product: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        made(**product)


def test_over_fulfilment_goes_as_far_as_its_rule_and_no_further() -> None:
    asked: dict[str, Any] = {"product": "fcr_ce", "rule": "de_2014", "accept_unconfirmed": True}
    assert made(over_fulfil=1.2, **asked).of("fcr_ce").over_fulfil == 1.2
    with pytest.raises(ValidationError, match="over_fulfil"):
        made(over_fulfil=1.21, **asked)


def test_a_product_is_named_once() -> None:
    entry = {"product": "fcr_n", "rule": "nordic_v1_1"}
    with pytest.raises(ValidationError, match="named twice"):
        EnergySettings.model_validate({"products": (entry, entry)})


def test_every_rule_set_says_where_it_is_from_and_of_when() -> None:
    assert all(
        rules.source and (rules.dated or rules.name == "off") for rules in RULE_SETS.values()
    )
