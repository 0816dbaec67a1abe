"""What an OPC UA server said about one node, and whether it still says what changes. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One value with its status and its own time."""

    value: float | str | None
    """None unless the status is good."""
    trouble: str = ""
    """The status in the standard's words, ``BadNotConnected``; empty: good."""
    source_us: int | None = None
    """When the source had this value, by the server's word; None: it did not say."""


class Doubts:
    """Whether what the server tells agrees with what it answers.

    A subscription that a server has dropped without a word looks like a plant that stands still.
    So everything is also read now and then: an item that reads otherwise than it was told, twice
    in a row and without having been told anew, has been dropped.
    """

    def __init__(self, deadbands: Sequence[float]) -> None:
        self._deadbands = deadbands
        self._told: dict[int, Sample] = {}
        self._fresh: set[int] = set()
        self._doubted: set[int] = set()

    def tell(self, item: int, sample: Sample) -> None:
        """Note what the subscription told of one item."""
        self._told[item] = sample
        self._fresh.add(item)

    def dropped(self, answers: Iterable[tuple[int, Sample]]) -> frozenset[int]:
        """Return the items that reading proves to be told of no more."""
        doubted = {
            item
            for item, sample in answers
            if item in self._told and item not in self._fresh and self._differ(item, sample)
        }
        dropped = frozenset(doubted & self._doubted)
        self._doubted = doubted
        self._fresh.clear()
        return dropped

    def _differ(self, item: int, sample: Sample) -> bool:
        told = self._told[item]
        if isinstance(told.value, float) and isinstance(sample.value, float):
            return abs(told.value - sample.value) > self._deadbands[item]
        return (told.value, told.trouble) != (sample.value, sample.trouble)
