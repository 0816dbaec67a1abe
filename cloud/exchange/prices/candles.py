"""Candles of one minute put together to longer ones. Pure.

A candle is aligned to UTC and half-open; without a trade there is none, never one with the price
before it. Sums are exact, also after a trade became void.
"""

from collections.abc import Iterable
from typing import NamedTuple

from cloud.exchange.prices.rules import MINUTE_US
from cloud.exchange.prices.sums import Bucket, Sum, added

CANDLE_MINUTES = (1, 5, 15, 60)
"""How long candles may be."""


class Candle(NamedTuple):
    """Trades of ``[start_us, start_us + length)``, prices in ticks."""

    start_us: int
    open: int
    high: int
    low: int
    close: int
    sum: Sum
    amended: bool
    """One of its trades became void long after: its four prices may contain it, its sums do not."""

    @property
    def vwap_ticks(self) -> int | None:
        return self.sum.average


def candles(minutes: Iterable[tuple[int, Bucket]], length_min: int) -> list[Candle]:
    """Return candles of this many minutes from one-minute buckets in the order of time."""
    if length_min not in CANDLE_MINUTES:
        raise ValueError(f"length_min: {length_min} is not allowed; one of {CANDLE_MINUTES} is")
    length_us = length_min * MINUTE_US
    grown: list[Candle] = []
    for at_us, bucket in minutes:
        start_us = at_us - at_us % length_us
        new = Candle(
            start_us, bucket.open, bucket.high, bucket.low, bucket.close, bucket.sum, bucket.amended
        )
        if grown and grown[-1].start_us == start_us:
            grown[-1] = _joined(grown[-1], new)
        else:
            grown.append(new)
    return grown


def _joined(first: Candle, then: Candle) -> Candle:
    return Candle(
        first.start_us,
        first.open,
        max(first.high, then.high),
        min(first.low, then.low),
        then.close,
        added((first.sum, then.sum)),
        first.amended or then.amended,
    )
