"""A feed that says what a test has put into it, and remembers what it was asked."""

from collections.abc import AsyncIterator, Callable

from cloud.market.feeds.base import Wish
from cloud.market.series.model import Batch, Kind


class ScriptedFeed:
    """A `MarketFeed`; `answer` is called for each wish, and may raise."""

    name = "scripted"

    def __init__(self, answer: Callable[[Wish], list[Batch]]) -> None:
        self.answer = answer
        self.wishes: list[Wish] = []

    def offers(self, kind: Kind, area: str) -> bool:
        return True

    async def fetch(self, wish: Wish) -> AsyncIterator[Batch]:
        self.wishes.append(wish)
        for batch in self.answer(wish):
            yield batch
