"""A test frequency that takes the measurement's place for the frequency products. Pure.

Who tests says, again and again, which frequency holds in the next seconds. After the last of its
points an injection is over by itself: a test whose program dies, or whose line breaks, ends within
`LEASE_US_MAX`. Protection, alert counters and the archive of the measured frequency do not see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from wire import fields
from wire.fields import BadMessage, Document

LEASE_US_MAX = 5_000_000
"""So far ahead a test frequency may be said; it is said again before."""
POINTS_MAX = 200
HZ_MIN = 45.0
HZ_MAX = 55.0
ID_LETTERS_MAX = 40


@dataclass(frozen=True, slots=True)
class Injection:
    """One piece of a test, in the box's own wall time; it replaces the piece before."""

    id: str
    """Of the test, for events and reports."""
    points: tuple[tuple[int, float], ...]
    """(µs UTC, Hz), strictly rising in time, linear between; none: the test is over."""

    def hz_at(self, now_us: int) -> float | None:
        """Return the frequency to answer; None: outside the piece, the measurement holds."""
        points = self.points
        if not points or now_us < points[0][0] or now_us > points[-1][0]:
            return None
        for (start_us, start_hz), (end_us, end_hz) in pairwise(points):
            if now_us <= end_us:
                return start_hz + (end_hz - start_hz) * (now_us - start_us) / (end_us - start_us)
        return points[-1][1]

    def too_far(self, now_us: int) -> bool:
        """Say whether the piece reaches farther ahead than anybody may say."""
        return bool(self.points) and self.points[-1][0] - now_us > LEASE_US_MAX


def to_document(injection: Injection) -> dict[str, object]:
    return {"id": injection.id, "points": [list(point) for point in injection.points]}


def from_document(document: Document, path: str = "injection") -> Injection:
    """Return the piece in `document`.

    Raises:
        BadMessage: a key is missing or wrong, or the points are not in order.
    """
    name = fields.text(document, "id", path)
    if len(name) > ID_LETTERS_MAX:
        raise BadMessage(f"{path}.id", name, f"at most {ID_LETTERS_MAX} letters are expected")
    rows = fields.rows(document, "points", path, ("at_us", "hz"), most=POINTS_MAX)
    points = tuple(
        (
            fields.instant(row, "at_us", f"{path}.points"),
            fields.number(row, "hz", f"{path}.points", low=HZ_MIN, high=HZ_MAX),
        )
        for row in rows
    )
    _check_order(points, path)
    return Injection(name, points)


def _check_order(points: Sequence[tuple[int, float]], path: str) -> None:
    for (before_us, _), (after_us, _) in pairwise(points):
        if after_us <= before_us:
            raise BadMessage(f"{path}.points", after_us, "a later instant is expected")
