"""Wake-ups inside one hub process: a hint that there is news, never the news itself.

Rows are the truth. Whoever waits reads them first, remembers what `version` said before the
reading, and waits for the next version; a wake-up between the two is therefore never missed. A
wake-up from another process may be: that is what the time-out is for.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Topic:
    version: int = 0
    waiting: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Bus:
    """Topics are named by our own code, so there are as many as sites and features."""

    def __init__(self) -> None:
        self._topics: dict[str, _Topic] = {}
        self.closed = False
        """True once the hub stops: nobody is kept waiting any more."""

    def close(self) -> None:
        """Wake everybody; whoever waits in a loop looks at `closed` and ends."""
        self.closed = True
        for topic in list(self._topics):
            self.wake(topic)

    def version(self, topic: str) -> int:
        """Return how often `topic` was woken so far."""
        return self._topic(topic).version

    def wake(self, topic: str) -> None:
        """Wake everybody who waits for `topic`."""
        found = self._topic(topic)
        found.version += 1
        found.news.set()
        found.news = asyncio.Event()

    async def wait(self, topic: str, seen: int, timeout_s: float) -> int:
        """Return the version of `topic` once it is beyond `seen`, or after `timeout_s`."""
        found = self._topic(topic)
        if found.version == seen and not self.closed:
            found.waiting += 1
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(timeout_s):
                        await found.news.wait()
            finally:
                found.waiting -= 1
        return found.version

    def waiting(self, topic: str) -> int:
        """Return how many wait for `topic` right now."""
        return self._topic(topic).waiting

    def _topic(self, topic: str) -> _Topic:
        return self._topics.setdefault(topic, _Topic())
