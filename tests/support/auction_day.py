"""A day's auction with three members, whose prices have a shape and whose blocks have all fates."""

from collections.abc import Mapping
from math import cos, tau
from typing import Any

from cloud.exchange.auction.calendar import Session
from tests.support.system import System

CODE = "PHO_AT_DAY_AHEAD_15MIN"


def order_a_day(system: System, keys: Mapping[str, str], session: Session) -> None:
    """Order as ``stadtwerk`` (curve and blocks), ``handel`` (buys) and ``maker`` (sells)."""
    periods = session.terms.periods
    bodies: dict[str, Any] = {
        "handel": {"curves": [_demand(period, periods) for period in range(periods)]},
        "maker": {"curves": [_supply(period) for period in range(periods)]},
        "stadtwerk": {"curves": [_own(period) for period in range(periods)], "blocks": _blocks()},
    }
    for account, body in bodies.items():
        with system.client(keys[account]) as client:
            path = f"/api/v1/auctions/{CODE}/{session.day}/orders"
            answer = client.put(path, json=body)
            assert answer.status_code == 200, answer.text


def _demand(period: int, periods: int) -> dict[str, Any]:
    """Two peaks a day, and little at night."""
    level = round(
        6_000 - 2_500 * cos(2 * tau * period / periods) - 1_000 * cos(tau * period / periods)
    )
    return {"period": period, "points": [[-500, -level], [40, -level], [180, -level // 4]]}


def _supply(period: int) -> dict[str, Any]:
    return {"period": period, "points": [[-20, 0], [30, 2_500], [90, 6_000], [160, 11_000]]}


def _own(period: int) -> dict[str, Any]:
    points = [[-500, -200], [35, -200], [45, 0], [85, 0], [95, 250]]
    return {"period": period, "style": "LINEAR", "points": points}


def _blocks() -> list[dict[str, Any]]:
    evening = range(70, 82)
    return [
        {"name": "evening", "price_eur_mwh": 20, "parts": [[period, 150] for period in evening]},
        {"name": "greedy", "price_eur_mwh": 900, "parts": [[period, 100] for period in evening]},
        {"name": "too big", "price_eur_mwh": 60, "parts": [[period, 9_000] for period in evening]},
        {
            "name": "night",
            "price_eur_mwh": 55,
            "parts": [[period, -120] for period in range(8, 20)],
            "min_ratio": 0.5,
        },
    ]
