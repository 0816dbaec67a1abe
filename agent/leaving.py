"""A process that ends in good order because it is to be started again."""

import asyncio

AGAIN = 75
"""The exit code of such an end: whoever supervises the process starts it again at once."""


class Left(Exception):
    """Ends the process's task group; the text says why."""


class Departure:
    """Asked for anywhere, and ends the task group that waits for it."""

    def __init__(self) -> None:
        self._reason = ""
        self._asked = asyncio.Event()

    def leave(self, reason: str) -> None:
        """End the process as soon as it comes to it; the first reason counts."""
        self._reason = self._reason or reason
        self._asked.set()

    async def wait(self) -> None:
        """Wait until somebody asks for the end.

        Raises:
            Left: somebody did.
        """
        await self._asked.wait()
        raise Left(self._reason)
