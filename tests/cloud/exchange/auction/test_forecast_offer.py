"""The forecast's alternatives in the auction: offered as loops, and the best one is taken."""

from typing import Any

import numpy as np

from cloud.forecast.alternatives import alternatives
from cloud.forecast.arrays import FloatArray
from cloud.forecast.battery import Rules
from cloud.forecast.offer import Lot, blocks
from cloud.forecast.quantiles import bands
from cloud.kernel.context import Hub
from tests.cloud.exchange.auction.test_auction_hub import PATH, after_the_gate, positions
from tests.support.exchange import trading

RULES = Rules(energy_h=1.5, cycles_per_day=1, cost_eur_per_mwh=5.0)
LOT = Lot(power_kw=100, step_kw=1, periods=96)


def market(days: int) -> tuple[FloatArray, FloatArray]:
    """Return hourly prices, and forecasts of them that know neither the peak nor the dip well."""
    drawn = np.random.default_rng(7)
    hours, off = np.arange(24), drawn.integers(-2, 3, (2, days, 1))
    shape = 40 * np.exp(-((hours - 19 - off[0]) ** 2) / 4)
    shape = shape - 30 * np.exp(-((hours - 4 - off[1]) ** 2) / 4)
    usual = 30 * np.exp(-((hours - 19) ** 2) / 8) - 22 * np.exp(-((hours - 4) ** 2) / 8)
    level = drawn.normal(60, 5, (days, 1))
    return level + shape, level + usual


def depth(prices: FloatArray) -> list[dict[str, Any]]:
    """Return curves of somebody who trades much at about these prices of 24 hours."""
    return [
        {"period": period, "points": [[price - 1, -5_000], [price + 1, 5_000]]}
        for period, price in enumerate(np.repeat(prices.round(2), 4).round(2).tolist())
    ]


async def test_of_the_alternatives_of_a_forecast_the_auction_takes_the_best(hub: Hub) -> None:
    true, point = market(100)
    offered = alternatives(bands(true, point), 99, RULES)
    ordered = blocks(offered, point[99], RULES, LOT)
    loops = {str(block["loop"]) for block in ordered}
    assert len(ordered) == 2 * len(loops) > 10

    async with trading(hub) as desk:
        body: dict[str, Any] = {"site": "werk-sued", "blocks": ordered}
        answer = await desk.werk.put(f"{PATH}/orders", json=body)
        assert answer.status_code == 200, answer.text
        answer = await desk.handel.put(f"{PATH}/orders", json={"curves": depth(true[99])})
        assert answer.status_code == 200, answer.text
        await after_the_gate(hub)

        (award,) = (await desk.werk.get(f"{PATH}/awards")).json()["awards"]
        gains, taken = dict.fromkeys(loops, 0.0), set()
        for block, result in zip(ordered, award["blocks"], strict=True):
            gains[str(block["loop"])] += result["surplus_eur"]
            if result["fate"] == "ACCEPTED":
                taken.add(str(block["loop"]))
        (best,) = taken
        # The battery moves the prices by a few cents, and each surplus is rounded to one.
        assert gains[best] >= max(gains.values()) - 0.05
        assert gains[best] > 0
        wanted = {
            period: power
            for block in ordered
            if block["loop"] == best and isinstance(block["parts"], list)
            for period, power in block["parts"]
        }
        assert award["powers_kw"] == [wanted.get(period, 0) for period in range(96)]
        delivered_mwh = sum(power for power in wanted.values() if power > 0) / 4_000
        assert award["cash_eur"] >= RULES.cost_eur_per_mwh * delivered_mwh
        held = await positions(desk.werk)
        assert {one["net_kw"] for one in held} == set(wanted.values())
