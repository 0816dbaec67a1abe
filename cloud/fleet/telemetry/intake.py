"""Uploads that come while a transaction runs share the next one, and its wait for the disk.

Each is acknowledged only after that commit. If a shared transaction fails, nothing of it stays,
and each of its uploads is tried again alone: only the one that cannot be stored fails.
"""

import asyncio
from dataclasses import dataclass, field

from cloud.fleet.telemetry.storing import Ingested, Order, store
from cloud.kernel.database import Database
from cloud.kernel.errors import Unavailable

UPLOADS_MAX = 64
BYTES_MAX = 4 * 1024**2
"""Of one transaction; one larger upload goes alone."""


@dataclass(slots=True, eq=False)
class _Waiting:
    order: Order
    alone: bool = False
    """Was in a transaction that failed."""
    result: Ingested | None = None
    error: Unavailable | None = None
    done: bool = False
    """There is a result, or an error."""
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = sum(len(frame.payload) for frame in self.order.upload.frames)


class Intake:
    """Stores uploads, one transaction at a time.

    Whoever comes first takes all that wait with it; so no task of its own is needed, and with a
    caller who goes away only its own upload does.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: dict[_Waiting, None] = {}
        self._turn = asyncio.Lock()

    async def store(self, order: Order) -> Ingested:
        """Store what is new in the upload; when this returns, it is committed.

        Raises:
            Unavailable: the database does not answer; nothing of it is stored.
        """
        mine = _Waiting(order)
        self._queue[mine] = None
        try:
            async with self._turn:
                while not mine.done:
                    await self._together([mine] if mine.alone else self._group(mine))
        finally:
            del self._queue[mine]
        if mine.error is not None:
            raise Unavailable(str(mine.error)) from mine.error
        assert mine.result is not None, "either stored or failed"
        return mine.result

    def _group(self, mine: _Waiting) -> list[_Waiting]:
        """Return this upload and those that wait with it, of each gateway one at most."""
        group, gateways, size = [mine], {mine.order.gateway.id}, mine.size
        for one in self._queue:
            gateway = one.order.gateway.id
            if one.done or one.alone or gateway in gateways or size + one.size > BYTES_MAX:
                continue
            group.append(one)
            gateways.add(gateway)
            size += one.size
            if len(group) == UPLOADS_MAX:
                break
        return group

    async def _together(self, group: list[_Waiting]) -> None:
        """Store these in one transaction, or see to it that each is tried alone."""
        try:
            async with self._database.transaction() as connection:
                results = await store(connection, [one.order for one in group])
        except Unavailable as error:
            for one in group:
                one.error, one.done = error, True
        except Exception:
            if len(group) == 1:
                raise
            for one in group:
                one.alone = True
        else:
            for one, result in zip(group, results, strict=True):
                one.result, one.done = result, True
