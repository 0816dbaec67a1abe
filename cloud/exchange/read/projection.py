"""From the journal to the read model: orders, trades, positions and what happened, as rows.

The projection reads what is committed in the journal and writes it together with its own place in
one transaction, so each fact counts once, whatever is killed when. It lags behind the answers by
one database commit; whoever must see his own order waits for `caught_up`, and is told where that
takes too long.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.facts import Fact
from cloud.exchange.journal.errors import JournalUnusable
from cloud.exchange.journal.frame import Frame
from cloud.exchange.read import cursor, fetching, writing
from cloud.exchange.read.changes import Changes
from cloud.exchange.read.fetching import Names
from cloud.exchange.read.fold import fold
from cloud.exchange.read.ledger import Gap
from cloud.exchange.read.needs import needs
from cloud.kernel import audit
from cloud.kernel.bus import Bus
from cloud.kernel.database import Database
from cloud.kernel.errors import Unavailable
from cloud.kernel.keys import OPERATOR
from cloud.portfolio import service as portfolio

JOURNAL_TOPIC = "exchange.journal"
"""Woken after each commit to the journal."""
PROJECTED_TOPIC = "exchange.projected"
"""Woken when orders are in the read model."""
FRAMES_MAX = 64
"""Commits that are read at once."""
FACTS_MAX = 1_000
"""In one transaction, unless one commit alone has more; the database, and the loop, are free for
others between two."""
GATHER_S = 0.01
"""After a transaction: a burst of commits makes few of them; the disk is the journal's first."""
RETRY_S = 1.0
"""Between two attempts while the database does not answer."""
CAUGHT_UP_TIMEOUT_S = 2.0
_NAP_S = 60.0


class Behind(Unavailable):
    """The read model lacks something that was answered; a list of it would leave that out."""

    code = "LISTS_BEHIND"


class Source(Protocol):
    """The journal as a reader beside the writer sees it."""

    def read(self, after: int, until: int, frames_max: int) -> Sequence[Frame]:
        """Return the next commits behind fact `after`, none that ends behind `until`; blocks."""
        ...


class Projection:
    """One task of the process that has the writer."""

    def __init__(
        self,
        source: Source,
        committed: Callable[[], int],
        database: Database,
        bus: Bus,
        fence: int,
    ) -> None:
        """`committed` returns the sequence of the last fact that is safe; `fence` is the writer's
        number."""
        self._source = source
        self._committed = committed
        self._database = database
        self._bus = bus
        self._fence = fence
        self._names = Names()
        self.sequence = 0
        """Of the last fact that is in the read model."""

    async def open(self) -> None:
        """Take the read model over, and find the place where the last run ended.

        Raises:
            Fenced: a newer writer has it.
            JournalUnusable: the read model is ahead of the journal, so this is not the one that
                it was made from.
        """
        async with self._database.transaction() as connection:
            sequence = await cursor.claim(connection, self._fence)
            if sequence > self._committed():
                raise JournalUnusable(
                    f"the journal ends with fact {self._committed()}, and the database has read"
                    f" fact {sequence}; they do not belong together"
                )
            if sequence == 0:
                await _clear(connection)
        self.sequence = sequence

    async def run(self) -> None:
        """Follow the journal until cancelled, or until the hub stops.

        Raises:
            Fenced: a newer writer has taken over; the process must end.
        """
        is_lost = False
        while not self._bus.closed:
            seen = self._bus.version(JOURNAL_TOPIC)
            try:
                if is_lost:
                    await self._find_place()
                is_lost = False
                await self.catch_up()
            except Unavailable:  # the database has said so; nobody knows what it still committed
                is_lost = True
                await asyncio.sleep(RETRY_S)
                continue
            await asyncio.sleep(GATHER_S)
            await self._bus.wait(JOURNAL_TOPIC, seen, _NAP_S)

    async def catch_up(self) -> None:
        """Write all that is committed; for `run`, and where nothing runs beside.

        Raises:
            Fenced: a newer writer has taken over.
        """
        while self.sequence < (until := self._committed()):
            read = self._source.read
            frames = await asyncio.to_thread(read, self.sequence, until, FRAMES_MAX)
            for stretch in _stretches(frames):
                await self._apply(stretch)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection that sees all that is committed now; raises `Behind`: not in time."""
        await self.caught_up()
        async with self._database.reading() as connection:
            yield connection

    async def caught_up(self) -> None:
        """Return when all that is committed now is in the read model.

        Raises:
            Behind: not within `CAUGHT_UP_TIMEOUT_S`, or the hub stops.
        """
        target = self._committed()
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + CAUGHT_UP_TIMEOUT_S
        seen = self._bus.version(PROJECTED_TOPIC)
        while self.sequence < target:
            left_s = deadline_s - loop.time()
            if left_s <= 0 or self._bus.closed:
                missing = target - self.sequence
                raise Behind(f"the lists lack the newest {missing} steps of the journal; ask again")
            seen = await self._bus.wait(PROJECTED_TOPIC, seen, left_s)

    async def _find_place(self) -> None:
        async with self._database.transaction() as connection:
            self.sequence = await cursor.claim(connection, self._fence)

    async def _apply(self, frames: Sequence[Frame]) -> None:
        first, last = frames[0].first, frames[-1].last
        if first != self.sequence + 1:
            raise JournalUnusable(
                f"fact {self.sequence + 1} is expected next, and {first} is there; database and"
                " journal do not belong together"
            )
        facts: list[Fact] = list(chain.from_iterable(frame.facts for frame in frames))
        async with self._database.transaction() as connection:
            await cursor.advance(connection, self._fence, self.sequence, last)
            try:
                ledger = await fetching.ledger(connection, needs(facts), self._names)
                changes = fold(ledger, first, facts)
            except Gap as error:
                raise JournalUnusable(
                    f"facts {first} to {last}: {error} is not in the read model; make it again"
                ) from error
            await writing.write(connection, changes)
            await portfolio.apply(connection, changes.entries)
            await _audit(connection, changes, last)
        self._names.remember(changes.contracts, changes.owners)
        self.sequence = last
        self._bus.wake(PROJECTED_TOPIC)
        if changes.entries:
            self._bus.wake(portfolio.CHANGED_TOPIC)


async def rebuild(database: Database, fence: int) -> None:
    """Throw the read model and all positions away; the next `open` begins with the first fact.

    Raises:
        Fenced: a newer writer has it.
    """
    async with database.transaction() as connection:
        sequence = await cursor.claim(connection, fence)
        await cursor.advance(connection, fence, sequence, 0)
        await _clear(connection)


async def _clear(connection: AsyncConnection) -> None:
    await writing.clear(connection)
    await portfolio.clear(connection)


async def _audit(connection: AsyncConnection, changes: Changes, last: int) -> None:
    """Append to the audit log what is not in it from an earlier making of the read model."""
    if not changes.audits:
        return
    done = await cursor.audited(connection)
    for row in changes.audits.values():
        if row.sequence <= done:
            continue
        entry = audit.Entry(
            at_us=row.at_us,
            key_id=row.who,
            account="" if row.by_party else OPERATOR.id,
            action=row.action,
            subject=row.subject,
            reason=row.reason,
            result="" if row.orders == 1 else f"{row.orders} orders",
        )
        await audit.record(connection, entry)
    if last > done:
        await cursor.save_audited(connection, last)


def _stretches(frames: Sequence[Frame]) -> Iterator[list[Frame]]:
    """Cut whole commits into transactions."""
    stretch: list[Frame] = []
    facts = 0
    for frame in frames:
        if stretch and facts + len(frame.facts) > FACTS_MAX:
            yield stretch
            stretch, facts = [], 0
        stretch.append(frame)
        facts += len(frame.facts)
    if stretch:
        yield stretch
