"""A projection to be killed, in a process that is forked from one that has imported the hub.

It writes one commit in a transaction, so that there are many moments to be killed in, and says a
word for each, and another one at the end.
"""

import asyncio
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from cloud.exchange.journal.reading import Follower
from cloud.exchange.read import projection
from cloud.exchange.read.projection import PROJECTED_TOPIC, Projection
from cloud.kernel.bus import Bus
from cloud.kernel.database import open_database
from tests.support.forked import Forked, start

MORE = b"more"
DONE = b"all of it is written"


class SaidBus(Bus):
    """Says when something more is in the read model."""

    def __init__(self, line: Connection) -> None:
        super().__init__()
        self._line = line

    def wake(self, topic: str) -> None:
        if topic == PROJECTED_TOPIC:
            self._line.send_bytes(MORE)
        super().wake(topic)


def started(folder: Path, last: int, url: str, fence: int) -> tuple[Forked, Connection]:
    """Return the process, and where its words are received."""
    ours, theirs = Pipe(duplex=False)
    with theirs:
        return start(_project, theirs, folder, last, url, fence), ours


def _project(line: Connection, folder: Path, last: int, url: str, fence: int) -> None:
    projection.FACTS_MAX = 1
    asyncio.run(_catch_up(line, folder, last, url, fence))
    line.send_bytes(DONE)


async def _catch_up(line: Connection, folder: Path, last: int, url: str, fence: int) -> None:
    database = await open_database(url)
    try:
        project = Projection(Follower(folder), lambda: last, database, SaidBus(line), fence)
        await project.open()
        await project.catch_up()
    finally:
        await database.close()
