"""agent.control.energy.freedom: exact, unless a rule permits and a site asks for otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.energy.config import ProductEnergy
from agent.control.energy.freedom import EXACT, gains
from agent.control.energy.rules import RULE_SETS

OVER = ProductEnergy(product="fcr_ce", rule="de_2014", over_fulfil=1.2)
DEADBAND = ProductEnergy(product="fcr_ce", rule="de_2014", deadband_use=True)


@given(
    st.sampled_from(sorted(RULE_SETS)),
    st.none() | st.floats(-0.05, 1.05),
    st.floats(-0.5, 0.5),
    st.sampled_from([True, False, None]),
)
def test_every_rule_set_is_exact_until_somebody_asks_for_more(
    rule: str, soc: float | None, deviation_hz: float, alert: bool | None
) -> None:
    product = (RULE_SETS[rule].products or ("fcr_ce",))[0]
    plain = ProductEnergy(product=product, rule=rule)
    assert gains(plain, soc, deviation_hz, alert) == EXACT


@pytest.mark.parametrize(
    ("soc", "expected"), [(0.3, (1.0, 1.2)), (0.5, (1.0, 1.0)), (0.7, (1.2, 1.0))]
)
def test_over_fulfilment_gives_more_only_where_it_helps(
    soc: float, expected: tuple[float, float]
) -> None:
    assert gains(OVER, soc, -0.05, alert=False) == expected


@pytest.mark.parametrize(
    ("soc", "deviation_hz", "expected"),
    [
        (0.3, -0.009, (0.0, 1.0)),
        (0.3, -0.010, (1.0, 1.0)),
        (0.7, 0.005, (1.0, 0.0)),
        (0.5, 0.005, (1.0, 1.0)),
    ],
)
def test_in_the_deadband_only_what_helps_is_answered(
    soc: float, deviation_hz: float, expected: tuple[float, float]
) -> None:
    assert gains(DEADBAND, soc, deviation_hz, alert=False) == expected


@pytest.mark.parametrize("alert", [True, None])
@pytest.mark.parametrize("asked", [OVER, DEADBAND])
def test_i21_an_alert_or_an_unknown_state_takes_every_freedom_away(
    alert: bool | None, asked: ProductEnergy
) -> None:
    assert gains(asked, 0.1, 0.005, alert) == EXACT
