"""Pre-trade checks of the account ``werk``, asked in a few words."""

import json
from dataclasses import replace
from typing import Any

from cloud.exchange.checks.guard import Checks
from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.refusals import STATUS
from cloud.market.contracts import Contract
from tests.support.exchange import NOON_US, contract
from wire.clock import QUARTER_HOUR_US

AT_US = NOON_US - 3_600_000_000
BUY, SELL = Side.BUY, Side.SELL
WERK, OTHER = Owner(1, "werk"), Owner(2, "other")
NOON = contract()
HOUR = replace(NOON, end_us=NOON_US + 4 * QUARTER_HOUR_US, product="PT60M", market="PHO_60")


def checks(**own: Any) -> Checks:
    """Checks under which the account ``werk`` has these limits."""
    found = Checks()
    limit(found, **own)
    return found


def limit(found: Checks, **own: Any) -> None:
    content = json.dumps({"version": 1, "accounts": {"werk": own}})
    assert found.configured("limits", 1, content) is None


def throttle(found: Checks, **limits: dict[str, int]) -> None:
    content = json.dumps({"version": 1, "limits": limits})
    assert found.configured("throttle", 1, content) is None


def code(
    found: Checks,
    side: Side = SELL,
    power_kw: int = 10,
    price_ticks: int = 5_000,
    *,
    of: Contract = NOON,
    owner: Owner = WERK,
    reference_ticks: int | None = None,
    at_us: int = AT_US,
    new_orders: int = 1,
) -> str:
    refusal = found.post(owner, of).refusal(
        side, price_ticks, power_kw, reference_ticks, at_us, new_orders
    )
    if refusal is None:
        return ""
    assert refusal.code in STATUS
    assert "account" in refusal.text or "werk" in refusal.text or "allowed" in refusal.text
    return refusal.code
