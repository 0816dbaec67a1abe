"""What was known of a quantity at any instant, by quarter-hours. Pure.

The same rules as in the archive of the series: of what was known the newest statement counts (by
creation, then by revision); two of one rank that differ take each other away, and the one below
them stays. Of several series of one quantity the preferred one counts where it tells anything.
Many instants are asked of one history here, so it is laid out once, slot by slot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray

SLOT_US = 900_000_000
SLOT_S = 900
NEVER_US = np.iinfo(np.int64).max


class Spoken(NamedTuple):
    """One statement about one series."""

    starts_us: Sequence[int]
    """Of its intervals, ascending."""
    values: Sequence[float]
    known_us: int
    rank: tuple[int, int]
    """When its source made it, and its revision."""
    resolution_s: int
    """A multiple of 900; finer series are not read."""
    preference: int
    """Of its series: the greater counts before the smaller."""


class Read(NamedTuple):
    """Values of consecutive slots, NaN where none was known, and when each became known."""

    values: FloatArray
    known_us: IntArray
    """`NEVER_US` where there is no value."""


class History(Protocol):
    """What was known of a quantity, whenever."""

    def read(self, as_of_us: int, first: int, count: int) -> Read:
        """Return what was known at an instant of slots from number `first` on."""
        ...

    def at(self, as_of_us: int, first: int, count: int) -> FloatArray:
        """Return the values alone."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Vintages:
    """One row a slot and statement; of one slot the row that counts most is the last."""

    slots: IntArray
    """Number of the quarter-hour since 1970, ascending."""
    known_us: IntArray
    void_us: IntArray
    """From when on another statement of the same rank says something else."""
    values: FloatArray

    def read(self, as_of_us: int, first: int, count: int) -> Read:
        """Return what was known at an instant of slots from number `first` on."""
        begin, end = np.searchsorted(self.slots, (first, first + count))
        known_us = self.known_us[begin:end]
        counts = (known_us <= as_of_us) & (self.void_us[begin:end] > as_of_us)
        places = self.slots[begin:end][counts] - first
        values, when = np.full(count, np.nan), np.full(count, NEVER_US, dtype=np.int64)
        # Where a slot comes twice the last assignment stays: that is the row that counts most.
        values[places] = self.values[begin:end][counts]
        when[places] = known_us[counts]
        return Read(values, when)

    def at(self, as_of_us: int, first: int, count: int) -> FloatArray:
        """Return the values alone."""
        return self.read(as_of_us, first, count).values


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """A quantity of several parts: it is known where each of them is."""

    parts: Sequence[Vintages]

    def read(self, as_of_us: int, first: int, count: int) -> Read:
        each = [part.read(as_of_us, first, count) for part in self.parts]
        values = np.sum([one.values for one in each], axis=0)
        return Read(values, np.max([one.known_us for one in each], axis=0))

    def at(self, as_of_us: int, first: int, count: int) -> FloatArray:
        return self.read(as_of_us, first, count).values


NOTHING = Vintages(
    np.zeros(0, dtype=np.int64),
    np.zeros(0, dtype=np.int64),
    np.zeros(0, dtype=np.int64),
    np.zeros(0),
)


def vintages(spoken: Sequence[Spoken]) -> Vintages:
    """Lay statements out; those of a longer interval hold for each of its quarter-hours."""
    there = [one for one in spoken if one.resolution_s % SLOT_S == 0]
    if not there:
        return NOTHING
    counts = [len(one.starts_us) for one in there]
    repeats = np.repeat([one.resolution_s // SLOT_S for one in there], counts)
    starts = np.fromiter((us for one in there for us in one.starts_us), np.int64, sum(counts))
    told = np.fromiter((value for one in there for value in one.values), np.float64, sum(counts))
    each = np.array([(one.preference, *one.rank, one.known_us) for one in there], dtype=np.int64)
    # The n-th quarter-hour of each interval: a running number less that of the interval's first.
    behind = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    slots = np.repeat(starts // SLOT_US, repeats) + behind
    values = np.repeat(told, repeats)
    heads = np.repeat(np.repeat(each, counts, axis=0), repeats, axis=0)
    preference, created, revision, known = heads.T
    # Of what was said twice the first time stands last, as in the archive.
    order = np.lexsort((-known, revision, created, preference, slots))
    slots, values, heads = slots[order], values[order], heads[order]
    return Vintages(slots, heads[:, 3], _void(slots, values, heads), values)


def _void(slots: IntArray, values: FloatArray, heads: IntArray) -> IntArray:
    """Return from when on each row no longer counts: when another of its rank contradicts it."""
    void = np.full(len(slots), NEVER_US, dtype=np.int64)
    same = (slots[1:] == slots[:-1]) & (heads[1:, :3] == heads[:-1, :3]).all(axis=1)
    group = np.concatenate([[0], np.cumsum(~same)])
    for one in np.unique(group[1:][same & (values[1:] != values[:-1])]):
        rows = np.flatnonzero(group == one)
        for row in rows:
            others = rows[values[rows] != values[row]]
            if len(others):
                void[row] = heads[others, 3].min()
    return void
