"""How far the peaks of an iceberg reach. Pure."""

from cloud.exchange.venue.guard import Refusal
from cloud.market.money import eur_mwh


def beyond(
    price_ticks: int, delta_ticks: int, peaks: int, ticks_min: int, ticks_max: int
) -> Refusal | None:
    """Say whether the last peak of an iceberg would be past the product's price limits."""
    last_ticks = price_ticks + delta_ticks * (peaks - 1)
    if not delta_ticks or ticks_min <= last_ticks <= ticks_max:
        return None
    low, high = eur_mwh(ticks_min), eur_mwh(ticks_max)
    return Refusal(
        "PRICE_DELTA",
        f"peak_price_delta: the last of {peaks} peaks would be at {eur_mwh(last_ticks)} EUR/MWh;"
        f" {low} to {high} is allowed",
    )
