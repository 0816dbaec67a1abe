"""One value an interval out of all that an answer says of it. Pure.

Documents overlap and repeat each other. The newest document counts, then the highest revision.
Two different values of one rank are a conflict: both are kept as such, neither counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Rank = tuple[int, int]
"""Created, in µs, and revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The document that a value is from."""

    document: str
    created_us: int | None
    revision: int

    @property
    def rank(self) -> Rank:
        """Return what decides between two values; a document without a date is the oldest."""
        return (-1 if self.created_us is None else self.created_us, self.revision)


@dataclass(slots=True)
class Column:
    """What is said of one series."""

    values: dict[int, tuple[float, Origin]] = field(default_factory=dict)
    """By start of the interval in µs."""
    conflicts: dict[int, set[float]] = field(default_factory=dict)

    def add(self, starts_us: Sequence[int], values: Sequence[float], origin: Origin) -> None:
        """Take what one period of a document says."""
        kept = self.values
        for start_us, value in zip(starts_us, values, strict=True):
            before = kept.get(start_us)
            if before is None or before[1].rank < origin.rank:
                kept[start_us] = (value, origin)
                if self.conflicts:
                    self.conflicts.pop(start_us, None)
            elif before[1].rank == origin.rank and before[0] != value:
                self.conflicts.setdefault(start_us, {before[0]}).add(value)

    def runs(self) -> Iterator[tuple[Origin, list[int], list[float]]]:
        """Yield what counts, by document, each in order of time."""
        found: dict[Origin, tuple[list[int], list[float]]] = {}
        for start_us in sorted(self.values):
            if start_us in self.conflicts:
                continue
            value, origin = self.values[start_us]
            starts_us, values = found.setdefault(origin, ([], []))
            starts_us.append(start_us)
            values.append(value)
        for origin, (starts_us, values) in found.items():
            yield origin, starts_us, values

    def disputes(self) -> Iterator[tuple[Origin, list[int], list[float]]]:
        """Yield the values in conflict: first the least of each interval, then the next one."""
        ranked = {start_us: sorted(said) for start_us, said in sorted(self.conflicts.items())}
        for place in range(max(map(len, ranked.values()), default=0)):
            by_origin: dict[Origin, tuple[list[int], list[float]]] = {}
            for start_us, said in ranked.items():
                if place < len(said):
                    origin = self.values[start_us][1]
                    starts_us, values = by_origin.setdefault(origin, ([], []))
                    starts_us.append(start_us)
                    values.append(said[place])
            for origin, (starts_us, values) in by_origin.items():
                yield origin, starts_us, values
