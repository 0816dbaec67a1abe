"""The writer's tenure: he has the journal's lock, a row in the database, and the highest number.

The lock keeps a second writer of the same machine out at once, the row one of another machine
until it has run out. The number decides where both fail: the journal takes nothing that an older
writer commits, the read model nothing that he projects. So a database that is away for a while
stops nobody; only a newer number does.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cloud.exchange.journal.errors import Fenced
from cloud.exchange.journal.journal import Journal
from cloud.kernel import fences
from cloud.kernel.database import Database
from cloud.kernel.errors import Unavailable
from wire.clock import Clock

NAME = "exchange"
TENURE_US = 30 * 1_000_000
RENEWED_EACH_S = 10.0
_ASKED_EACH_S = 1.0

_logger = logging.getLogger(__name__)


async def begin(journal: Journal, database: Database, clock: Clock) -> None:
    """Return when this writer has the row; the journal, not recovered yet, has the number then."""
    holder = f"{socket.gethostname()}:{journal.folder.resolve()}"[-fences.HOLDER_MAX :]
    waits = False
    while True:
        async with database.transaction() as connection:
            number = await fences.take(
                connection, NAME, holder, clock.now_us(), TENURE_US, journal.fence
            )
        if number is not None:
            await asyncio.to_thread(journal.claim, number)
            return
        if not waits:
            _logger.warning("another hub runs the exchange; waiting until it is gone")
        waits = True
        await asyncio.sleep(_ASKED_EACH_S)


@asynccontextmanager
async def held(journal: Journal, database: Database, clock: Clock) -> AsyncIterator[None]:
    """Wait for the row and hold it while the block lasts, also while that recovers for long.

    Raises:
        Fenced: another writer has taken over; this process must end.
    """
    await begin(journal, database, clock)
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(keep(journal, database, clock), name="tenure")
            await asyncio.sleep(0)  # a task that has not begun lets nothing go
            try:
                yield
            finally:
                task.cancel()
    except ExceptionGroup as ended:
        if len(ended.exceptions) > 1:
            raise
        raise ended.exceptions[0] from None


async def keep(journal: Journal, database: Database, clock: Clock) -> None:
    """Renew the row until cancelled, then let it go.

    Raises:
        Fenced: another writer has taken over; this process must end.
    """
    try:
        while True:
            await asyncio.sleep(RENEWED_EACH_S)
            with suppress(Unavailable):  # the database has said so
                async with database.transaction() as connection:
                    if not await fences.renew(
                        connection, NAME, journal.fence, clock.now_us(), TENURE_US
                    ):
                        raise Fenced(f"{journal.folder}: another hub runs the exchange now")
    finally:
        with suppress(Unavailable):
            async with database.transaction() as connection:
                await fences.release(connection, NAME, journal.fence)
