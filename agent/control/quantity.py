"""A number that knows how old and how good it is. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from operator import mul

from wire.block import Quality, Reading


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its age and quality."""

    value: float | None
    """The last good value, in the unit and sign of its point; None: there never was one."""
    age_s: float
    """How long ago that value was read."""
    quality: Quality = Quality.GOOD
    """Of the newest reading, good or not."""
    still_s: float = 0.0
    """For how long the value has been bit for bit the same."""
    samples: int = field(default=0, compare=False)
    """Good samples since the start, each counted once: three fresh ones are three more."""

    def usable(self, limit_s: float) -> bool:
        """Say whether the value may be decided upon: known, finite and not older than `limit_s`."""
        return self.value is not None and math.isfinite(self.value) and self.age_s <= limit_s

    def within(self, limit_s: float) -> float | None:
        """Return the value where it may be decided upon, else None."""
        return self.value if self.usable(limit_s) else None

    def times(self, factor: float) -> "Quantity":
        return replace(self, value=None if self.value is None else self.value * factor)

    def by(self, other: "Quantity") -> "Quantity":
        """Return the product, as old and as bad as the worse of the two."""
        return self._with(other, mul)

    def least(self, other: "Quantity | None") -> "Quantity":
        """Return the smaller value, as old and as bad as the worse of the two."""
        return self if other is None else self._with(other, min)

    def plus(self, other: "Quantity") -> "Quantity":
        """Return the sum, as old and as bad as the worse of the two."""
        return self._with(other, lambda one, two: one + two)

    def _with(self, other: "Quantity", one_of: Callable[[float, float], float]) -> "Quantity":
        known = self.value is not None and other.value is not None
        return Quantity(
            one_of(self.value or 0.0, other.value or 0.0) if known else None,
            max(self.age_s, other.age_s),
            max(self.quality, other.quality),
            min(self.still_s, other.still_s),
            min(self.samples, other.samples),
        )


UNKNOWN = Quantity(None, math.inf, Quality.LOST)


@dataclass(frozen=True, slots=True)
class Seen:
    """One point of one device as the gather phase keeps it; times are the event loop's."""

    newest: Reading
    seen_s: float
    """The newest reading's own time."""
    good_value: float | None = None
    good_s: float = -math.inf
    """The last good value's own time; one bad answer does not make the plant unknown."""
    changed_s: float = -math.inf
    """When the good value was last another one than before."""
    samples: int = field(default=0, compare=False)
    """How many good values there have been."""

    def followed_by(self, reading: Reading, at_s: float) -> "Seen":
        """Return what is known once `reading`, of the time `at_s`, has arrived.

        A reading that was there before is as old as it was, whatever the wall clock did since.
        """
        again = reading.at_us == self.newest.at_us
        if again:
            at_s = self.seen_s
        if reading.quality is not Quality.GOOD or reading.value is None:
            return Seen(reading, at_s, self.good_value, self.good_s, self.changed_s, self.samples)
        changed_s = at_s if reading.value != self.good_value else self.changed_s
        samples = self.samples if again and self.samples else self.samples + 1
        return Seen(reading, at_s, reading.value, at_s, changed_s, samples)

    def shown(self, *, fresh: bool) -> Reading:
        """Return the newest reading; what is not fresh is marked, and a bad one is nothing."""
        reading = self.newest
        if fresh:
            return reading
        if reading.quality is Quality.GOOD:
            return Reading(reading.point, reading.value, Quality.STALE, reading.at_us)
        return Reading(reading.point, None, Quality.LOST, reading.at_us)

    def quantity(self, now_s: float) -> Quantity:
        """Return what is known at `now_s`."""
        still_s = max(0.0, self.good_s - self.changed_s) if self.good_value is not None else 0.0
        age_s = now_s - self.good_s
        return Quantity(self.good_value, age_s, self.newest.quality, still_s, self.samples)


def quantity_of(seen: Seen | None, now_s: float) -> Quantity:
    """Return what is known of a point; a point that was never read is unknown."""
    return UNKNOWN if seen is None else seen.quantity(now_s)
