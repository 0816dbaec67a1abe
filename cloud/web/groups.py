"""Which parts of a page have to be read again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Groups:
    """Sections that are read together, each group with what wakes it and how old it may get."""

    topics: Mapping[str, frozenset[str]]
    """Of each group; one without topics is read by age only."""
    age_s_max: Mapping[str, float]
    _read_s: dict[str, float] = field(default_factory=dict)

    @property
    def all_topics(self) -> tuple[str, ...]:
        return tuple(sorted(frozenset().union(*self.topics.values())))

    def due(self, woken: set[str], now_s: float) -> set[str]:
        """Return the groups to read now, and count them as read.

        Args:
            now_s: the event loop's time.
        """
        found = {group for group in self.topics if self._is_due(group, woken, now_s)}
        self._read_s.update((group, now_s) for group in found)
        return found

    def _is_due(self, group: str, woken: set[str], now_s: float) -> bool:
        if group not in self._read_s or not woken.isdisjoint(self.topics[group]):
            return True
        return now_s - self._read_s[group] >= self.age_s_max[group]
