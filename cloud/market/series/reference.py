"""Day-ahead prices of these days in memory, for who needs one at once: the exchange's fallback.

Of each area the one source that the operator has named, and no other: a missing price is None.
"""

from collections.abc import Mapping

from cloud.market.series.merge import Values

TICKS_PER_EUR = 100
_US = 1_000_000


class DayAheadPrices:
    """Replaced as a whole by whoever follows the series, never changed in between."""

    def __init__(self) -> None:
        self._by_area: dict[str, tuple[int, Mapping[int, float]]] = {}

    def replace(self, area: str, values: Values) -> None:
        """Take these prices for those of the area; the finer of two resolutions comes last."""
        self._by_area[area] = (values.series.resolution_s * _US, values.by_start())

    def __call__(self, area: str, start_us: int, end_us: int) -> int | None:
        """Return the mean price of a delivery in ticks of 0.01 EUR/MWh, None: not all is known.

        A delivery shorter than the auction's period has the price of that period.
        """
        found = self._by_area.get(area)
        if found is None or start_us >= end_us:
            return None
        step_us, prices = found
        first_us = start_us - start_us % step_us
        some = [prices.get(at_us) for at_us in range(first_us, end_us, step_us)]
        known = [price for price in some if price is not None]
        if len(known) < len(some):
            return None
        return round(sum(known) / len(known) * TICKS_PER_EUR)
