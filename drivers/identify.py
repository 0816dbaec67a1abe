"""Whether a device is of the kind that a profile describes."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from drivers.dispatch import Points
from drivers.point import VALUE_MAX, Coding, Point
from drivers.table import Table

MARKS_MAX = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one point of such a device says."""

    point: Point
    low: float
    high: float
    text: str
    """A pattern such as ``SMA*``; of a string, instead of the range."""

    def holds(self, value: float | str | None) -> bool:
        """Say whether a device that gave `value` can be of this kind."""
        if isinstance(value, str):
            return bool(self.text) and fnmatchcase(value.casefold(), self.text.casefold())
        return value is not None and not self.text and self.low <= value <= self.high


def recognised(marks: tuple[Mark, ...], given: Mapping[str, float | str | None]) -> bool:
    """Say whether all marks hold; False where there are none, because that says nothing.

    Args:
        marks: of a profile.
        given: what the device said, by point name.
    """
    return bool(marks) and all(mark.holds(given.get(mark.point.name)) for mark in marks)


def read_marks(table: Table, points: Points) -> tuple[Mark, ...]:
    """Return the rows ``[[identify]]``, none where there are none.

    Raises:
        ProfileError: a key is missing, unknown or wrong.
    """
    if not table.has("identify"):
        return ()
    return tuple(_mark(row, points) for row in table.tables("identify", MARKS_MAX))


def _mark(row: Table, points: Points) -> Mark:
    point = points.readable(row, "point")
    text, low, high = "", -VALUE_MAX, VALUE_MAX
    if point.coding is Coding.STRING:
        text = row.text("text")
    elif row.has("equals"):
        low = high = row.number("equals", -VALUE_MAX, VALUE_MAX)
    else:
        if not row.has("min") and not row.has("max"):
            row.text("equals")
        low = row.number("min", low, high, low)
        high = row.number("max", low, high, high)
    row.close()
    return Mark(point=point, low=low, high=high, text=text)
