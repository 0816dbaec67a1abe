"""Whose key is it? Requests that come while one question runs share the next one.

Nothing is remembered: each is answered from a moment after it came, so a gateway that was revoked
before is never believed, whichever hub process revoked it.
"""

import asyncio
from dataclasses import dataclass

from cloud.fleet import keys
from cloud.fleet.model import Gateway, GatewayKey
from cloud.kernel.database import Database
from cloud.kernel.errors import Unavailable

KEYS_MAX = 200
"""Of one question."""

Found = tuple[Gateway, GatewayKey]


@dataclass(slots=True, eq=False)
class _Asked:
    key_id: str
    done: bool = False
    found: Found | None = None
    error: Unavailable | None = None


class Lookups:
    """Finds keys, one question at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: dict[_Asked, None] = {}
        self._turn = asyncio.Lock()

    async def find(self, key_id: str) -> Found | None:
        """Return whose key this is, and the key; None: there is none of this id.

        Raises:
            Unavailable: the database does not answer.
        """
        mine = _Asked(key_id)
        self._queue[mine] = None
        try:
            async with self._turn:
                if not mine.done:
                    await self._ask(mine)
        finally:
            del self._queue[mine]
        if mine.error is not None:
            raise Unavailable(str(mine.error)) from mine.error
        return mine.found

    async def _ask(self, mine: _Asked) -> None:
        others = [one for one in self._queue if not one.done and one is not mine]
        group = [mine, *others[: KEYS_MAX - 1]]
        try:
            async with self._database.reading() as connection:
                found = await keys.find_each(connection, {one.key_id for one in group})
        except Unavailable as error:
            for one in group:
                one.error, one.done = error, True
            return
        for one in group:
            one.found, one.done = found.get(one.key_id), True
