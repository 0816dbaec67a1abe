"""What the inlet asks about the stamps of what it stores."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from agent.gateway.rows import Doubt
from agent.link import Item


class Places(Protocol):
    """Made by `agent.gateway.timekeeper`."""

    placing: asyncio.Lock
    """Held while something placed is being stored, so that no truth comes in between."""

    def placed(self, items: Sequence[Item]) -> list[tuple[Doubt | None, list[Item]]]:
        """Return what control has stamped, put right as far as the truth is known, in order.

        What shares a doubt is together; None: there is none.
        """
        ...


class Trusting:
    """Takes every stamp for right."""

    def __init__(self) -> None:
        self.placing = asyncio.Lock()

    def placed(self, items: Sequence[Item]) -> list[tuple[Doubt | None, list[Item]]]:
        return [(None, list(items))]
