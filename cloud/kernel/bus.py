"""Wake-ups inside one hub process: a hint that there is news, never the news itself.

Rows are the truth. Whoever waits reads them first, remembers what `version` said before the
reading, and waits for the next version; a wake-up between the two is therefore never missed. A
wake-up from another process may be: that is what the time-out is for.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Topic:
    version: int = 0
    waiters: set[asyncio.Event] = field(default_factory=set)


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
        for news in found.waiters:
            news.set()

    async def wait(self, topic: str, seen: int, timeout_s: float) -> int:
        """Return the version of `topic` once it is beyond `seen`, or after `timeout_s`."""
        await self.wait_any({topic: seen}, timeout_s)
        return self._topic(topic).version

    async def wait_any(self, seen: Mapping[str, int], timeout_s: float) -> None:
        """Return once one of the topics is beyond its version in `seen`, or after `timeout_s`."""
        topics = [self._topic(name) for name in seen]
        if self.closed or any(self._topic(name).version != seen[name] for name in seen):
            return
        news = asyncio.Event()
        for topic in topics:
            topic.waiters.add(news)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await news.wait()
        finally:
            for topic in topics:
                topic.waiters.discard(news)

    def waiting(self, topic: str) -> int:
        """Return how many wait for `topic` right now."""
        return len(self._topic(topic).waiters)

    def _topic(self, topic: str) -> _Topic:
        return self._topics.setdefault(topic, _Topic())
