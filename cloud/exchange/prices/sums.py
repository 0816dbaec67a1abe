"""Sums over trades, a bucket a minute: exact integers, one division at the very end. Pure.

Power in kW times price in ticks is summed, and power; energy follows from how long the contract
delivers, or from the part of it that overlaps another. No trade is kept: a trade that becomes
void is taken out of the sums of its minute again, which is exact.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from cloud.exchange.prices.rules import MINUTE_US


def divided(total: int, by: int) -> int:
    """Return the quotient rounded to a whole number, ties away from zero; `by` is above 0."""
    quotient, rest = divmod(abs(total), by)
    quotient += 2 * rest >= by
    return quotient if total >= 0 else -quotient


class Sum(NamedTuple):
    """Trades of a window: price times weight, weight, and how many they were."""

    value: int
    weight: int
    trades: int

    @property
    def average(self) -> int | None:
        """Return the weighted average in ticks, ties away from zero; None without trades."""
        return divided(self.value, self.weight) if self.weight else None

    def times(self, factor: int) -> "Sum":
        return Sum(self.value * factor, self.weight * factor, self.trades)


NOTHING = Sum(0, 0, 0)


def added(sums: Iterable[Sum]) -> Sum:
    """Return the sum of sums of the same weight."""
    value = weight = trades = 0
    for one in sums:
        value += one.value
        weight += one.weight
        trades += one.trades
    return Sum(value, weight, trades)


class Bucket:
    """The trades of one minute."""

    __slots__ = ("amended", "close", "high", "low", "open", "trades", "value", "weight")

    def __init__(self, price_ticks: int) -> None:
        self.value = 0
        self.weight = 0
        self.trades = 0
        self.open = self.high = self.low = self.close = price_ticks
        self.amended = False
        """A trade of it became void and the others are no longer known one by one: its sums are
        exact, its four prices may still contain the one that is void."""

    def add(self, price_ticks: int, weight: int) -> None:
        self.value += price_ticks * weight
        self.weight += weight
        self.trades += 1
        self.close = price_ticks
        if price_ticks > self.high:
            self.high = price_ticks
        elif price_ticks < self.low:
            self.low = price_ticks

    def take_out(self, price_ticks: int, weight: int, others: Sequence[int] | None) -> None:
        """Reverse a trade; `others` are the prices of those that stay, None if not known."""
        self.value -= price_ticks * weight
        self.weight -= weight
        self.trades -= 1
        assert self.weight >= 0 <= self.trades, "more became void than was traded"
        if others is None:
            self.amended = True
        elif others:
            self.open, self.close = others[0], others[-1]
            self.high, self.low = max(others), min(others)

    @property
    def sum(self) -> Sum:
        return Sum(self.value, self.weight, self.trades)


class Minutes:
    """Buckets in the order of time. Only minutes with trades take room.

    At `minutes_max` the oldest bucket leaves, and its sums stay in `before`, so that the sum of
    the whole session stays exact; a window that begins earlier than the oldest bucket does not.
    """

    __slots__ = ("_buckets", "_starts", "before", "minutes_max")

    def __init__(self, minutes_max: int) -> None:
        self.minutes_max = minutes_max
        self.before = NOTHING
        self._starts: list[int] = []
        self._buckets: list[Bucket] = []

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[tuple[int, Bucket]]:
        return zip(self._starts, self._buckets, strict=True)

    def add(self, at_us: int, price_ticks: int, weight: int) -> None:
        """Count a trade; times never fall."""
        start_us = at_us - at_us % MINUTE_US
        if not self._starts or start_us > self._starts[-1]:
            if len(self._starts) >= self.minutes_max:
                self._drop()
            self._starts.append(start_us)
            self._buckets.append(Bucket(price_ticks))
        self._buckets[-1].add(price_ticks, weight)

    def take_out(
        self, at_us: int, price_ticks: int, weight: int, others: Sequence[int] | None
    ) -> bool:
        """Reverse a trade of this instant; a minute that is left without trades is gone.

        False: its minute is no longer kept.
        """
        start_us = at_us - at_us % MINUTE_US
        place = bisect_left(self._starts, start_us)
        if place == len(self._starts) or self._starts[place] != start_us:
            if self._starts and start_us < self._starts[0] and self.before.trades:
                value, total, trades = self.before
                self.before = Sum(value - price_ticks * weight, total - weight, trades - 1)
            return False
        bucket = self._buckets[place]
        bucket.take_out(price_ticks, weight, others)
        if not bucket.trades:
            del self._starts[place], self._buckets[place]
        return True

    def bucket(self, start_us: int) -> Bucket | None:
        place = bisect_left(self._starts, start_us)
        found = place < len(self._starts) and self._starts[place] == start_us
        return self._buckets[place] if found else None

    def between(self, start_us: int | None, end_us: int | None) -> list[tuple[int, Bucket]]:
        """Return the buckets of ``[start_us, end_us)``, both whole minutes; None is no bound."""
        first = 0 if start_us is None else bisect_left(self._starts, start_us)
        last = len(self._starts) if end_us is None else bisect_left(self._starts, end_us)
        return list(zip(self._starts[first:last], self._buckets[first:last], strict=True))

    def sum(self, start_us: int | None = None, end_us: int | None = None) -> Sum:
        """Return the sums of ``[start_us, end_us)``, both whole minutes; None is no bound."""
        inside = added(bucket.sum for _, bucket in self.between(start_us, end_us))
        return added((self.before, inside)) if start_us is None else inside

    def forget_until(self, start_us: int) -> None:
        """Forget minutes before this one, and their sums with them."""
        place = bisect_left(self._starts, start_us)
        del self._starts[:place], self._buckets[:place]
        self.before = NOTHING

    def _drop(self) -> None:
        self.before = added((self.before, self._buckets[0].sum))
        del self._starts[0], self._buckets[0]

    def dump(self) -> list[object]:
        """Return all of it as plain lists, for a snapshot."""
        return [
            list(self.before),
            [
                [at, b.value, b.weight, b.trades, b.open, b.high, b.low, b.close, int(b.amended)]
                for at, b in self
            ],
        ]

    def load(self, dumped: Sequence[Any]) -> None:
        """Take back what `dump` gave."""
        before, rows = dumped
        self.before = Sum(*before)
        self._starts = [row[0] for row in rows]
        self._buckets = [_bucket(row) for row in rows]


def _bucket(row: Sequence[int]) -> Bucket:
    bucket = Bucket(0)
    _, bucket.value, bucket.weight, bucket.trades = row[:4]
    bucket.open, bucket.high, bucket.low, bucket.close = row[4:8]
    bucket.amended = bool(row[8])
    return bucket
