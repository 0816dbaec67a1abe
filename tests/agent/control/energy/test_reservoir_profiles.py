"""The Nordic tests of limited reservoirs, on a reservoir that empties: NEM and AEM as expected."""

import pytest

from tests.support.reservoirs import Told, contract_of, nordic

Step = tuple[float, float, bool, bool]
"""Hz, minutes, and at its end: NEM on, AEM on."""
FCR_N: tuple[Step, ...] = (
    (50.00, 2.0, False, False),
    (50.09, 28.0, True, False),
    (50.11, 6.0, False, False),
    (50.09, 2.5, True, False),
    (50.11, 7.5, False, True),
    (50.09, 10.0, True, True),
    (49.91, 60.0, True, False),
    (49.89, 5.0, False, False),
    (49.91, 2.5, True, False),
    (49.89, 10.0, False, True),
    (49.91, 10.0, True, True),
)
FCR_N_PACE = 1.5
"""A step lasts until its purpose is met: with two hours of energy half as long again."""
FCR_D_UP: tuple[Step, ...] = (
    (49.91, 0.5, False, False),
    (49.50, 10.0, False, False),
    (49.91, 2.5, True, False),
    (49.50, 15.0, False, True),
)
FCR_D_DOWN = tuple((100.0 - hz, minutes, nem, aem) for hz, minutes, nem, aem in FCR_D_UP)
RELEASE_H_MAX = {"fcr_n": 5.0, "fcr_d_up": 2.0, "fcr_d_down": 2.0}
"""FCR-D has to be restored within 120 minutes; FCR-N: from AEM to its own threshold, at 0.34 C."""
OVERSHOOT = 0.2 * 150 / 3_600 * 3
"""Of the range of FCR-D: what the mean of 300 seconds still moves after NEM is off."""


@pytest.mark.parametrize(
    ("product", "span_kwh", "soc", "profile", "calm_hz"),
    [
        ("fcr_n", 2_000.0, 0.56, FCR_N, 50.0),
        ("fcr_d_up", 1_000 / 3, 1.0, FCR_D_UP, 49.91),
        ("fcr_d_down", 1_000 / 3, 0.0, FCR_D_DOWN, 50.09),
    ],
)
def test_management_comes_and_goes_as_the_profile_expects(
    product: str, span_kwh: float, soc: float, profile: tuple[Step, ...], calm_hz: float
) -> None:
    told = Told(contract_of(nordic(product)), span_kwh=span_kwh, soc=soc)
    pace = FCR_N_PACE if product == "fcr_n" else 1.0
    ends = [_lived(told, hz, round(minutes * pace * 60)) for hz, minutes, _, _ in profile]
    assert ends == [(nem, aem) for _, _, nem, aem in profile]
    assert 0.0 < told.soc < 1.0
    released_s = 0
    while _lived(told, calm_hz, 60) != (False, False):
        released_s += 60
        assert released_s <= RELEASE_H_MAX[product] * 3_600
    assert -OVERSHOOT <= told.soc <= 1.0 + OVERSHOOT


def _lived(told: Told, hz: float, seconds: int) -> tuple[bool, bool]:
    """Deliver for so long; return whether NEM and AEM are on at the end."""
    told.hz = hz
    answer = None
    for _ in range(seconds):
        answer = told.now()
        told.soc -= told.total_kw(answer) / 3_600 / told.span_kwh
    assert answer is not None
    return answer.nem != 0, answer.aem
