"""cloud.forecast.offer: plans as blocks of a submission to an auction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cloud.exchange.auction.orders import Block as Ordered
from cloud.exchange.auction.orders import Submission, Terms, mistakes
from cloud.forecast.arrays import FloatArray
from cloud.forecast.battery import Rules, plan, plans
from cloud.forecast.offer import Block, Lot, blocks, in_steps

RULES = Rules(cycles_per_day=1, cost_eur_per_mwh=5.0)
PRICES = 50 - 20 * np.cos(np.arange(24) * np.pi / 12)


def parts(block: Block) -> list[tuple[int, int]]:
    found = block["parts"]
    assert isinstance(found, list)
    return found


def asked_eur(loop: list[Block], step_h: float) -> float:
    """Return what a loop must bring at least."""
    return sum(
        float(str(b["price_eur_mwh"])) * kw * step_h / 1e3 for b in loop for _, kw in parts(b)
    )


def test_a_plan_is_a_purchase_and_a_sale_that_belong_together() -> None:
    lot = Lot(power_kw=1_000, step_kw=100, periods=96)
    buy, sell = blocks(plan(PRICES, RULES)[None], PRICES, RULES, lot)
    assert (buy["loop"], buy["group"]) == (sell["loop"], sell["group"])
    bought, sold = parts(buy), parts(sell)
    assert {kw for _, kw in bought} == {-1_000, -100}
    assert sum(kw for _, kw in bought) == -4 * 2_100  # 0.128 MW are one step of 0.1
    assert {kw for _, kw in sold} <= {1_000, 900, 800, 700}
    assert max(period for period, _ in bought) < min(period for period, _ in sold)
    delivered_mwh = sum(kw for _, kw in sold) / 4_000
    cost_eur = RULES.cost_eur_per_mwh * delivered_mwh
    assert cost_eur <= asked_eur([buy, sell], 0.25) <= cost_eur + 0.01 * delivered_mwh


def test_what_comes_to_the_same_is_offered_once_and_nothing_never() -> None:
    several = np.array([plan(PRICES, RULES), plan(PRICES, RULES) + 1e-9, np.zeros(24)])
    assert len(blocks(several, PRICES, RULES, Lot(power_kw=100, step_kw=1, periods=24))) == 2
    assert blocks(several, PRICES, RULES, Lot(power_kw=100, step_kw=1_000, periods=24)) == []
    assert blocks(several[:0], PRICES, RULES, Lot(power_kw=100, step_kw=1, periods=24)) == []


def test_periods_that_are_no_multiple_are_refused() -> None:
    with pytest.raises(ValueError, match="92 periods for 24 slots; a multiple is allowed"):
        blocks(np.zeros((1, 24)), PRICES, RULES, Lot(power_kw=100, step_kw=1, periods=92))


@settings(max_examples=40)
@given(
    arrays(np.float64, (2, 24), elements=st.floats(0.01, 300)),
    st.sampled_from([1, 7, 100]),
    st.sampled_from([24, 96]),
)
def test_in_steps_a_battery_can_still_follow_it(
    prices: FloatArray, step_kw: int, periods: int
) -> None:
    lot = Lot(power_kw=1_000, step_kw=step_kw, periods=periods)
    for one in plans(prices, RULES):
        wide = np.repeat(one, periods // 24)
        powers = np.array(in_steps(wide, RULES, lot))
        assert (powers % step_kw == 0).all()
        assert (np.abs(powers) <= np.abs(wide) * 1_000 + 1e-3).all()
        inside = np.where(powers < 0, -powers * 0.94, -powers / 0.94) * 24 / periods
        content_kwh = np.cumsum(inside)
        assert content_kwh.min() >= -1e-2
        assert content_kwh.max() <= 2_000 + 1e-2


@settings(max_examples=20)
@given(arrays(np.float64, (5, 24), elements=st.floats(-50, 300)))
def test_every_submission_is_well_formed(prices: FloatArray) -> None:
    found = blocks(plans(prices, RULES), prices[0], RULES, Lot(100, 1, 96))
    terms = Terms(periods=96, price_ticks_min=-50_000, price_ticks_max=400_000, steps_max=1_000)
    ordered = tuple(
        Ordered(
            name=str(block["name"]),
            price_ticks=round(float(str(block["price_eur_mwh"])) * 100),
            parts=tuple(parts(block)),
            group=str(block["group"]),
            loop=str(block["loop"]),
        )
        for block in found
    )
    assert mistakes(Submission(account="a", site="", blocks=ordered), terms) == []
