"""What is said to a broker in one manner of telling; the connection is somebody else's. Pure."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from agent.publish.plant import Plant
from drivers.mqtt.party import Arrival, Message


class Teller(Protocol):
    """One manner of telling. It counts as told whatever it has yielded."""

    @property
    def refused(self) -> int:
        """Return how many commands were not obeyed so far."""
        ...

    def will(self, now_us: int) -> Message:
        """Begin a connection, and return what the broker is to say at its end."""
        ...

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """Return topic filters and their QoS."""
        ...

    def everything(self, plant: Plant, now_us: int) -> Iterator[Message]:
        """Yield the first words of a connection, or all of it again."""
        ...

    def news(self, plant: Plant, now_us: int) -> Iterator[Message]:
        """Yield what has changed since it was told."""
        ...

    def hear(self, arrival: Arrival) -> bool:
        """Take one message in; say whether everything is to be told again."""
        ...
