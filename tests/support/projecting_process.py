"""``python -m tests.support.projecting_process JOURNAL LAST URL FENCE``: a projection to be killed.

It writes one commit in a transaction, so that there are many moments to be killed in, and says a
line for each, and another one at the end.
"""

import asyncio
import sys
from pathlib import Path

from cloud.exchange.journal.reading import Follower
from cloud.exchange.read import projection
from cloud.exchange.read.projection import PROJECTED_TOPIC, Projection
from cloud.kernel.bus import Bus
from cloud.kernel.database import open_database

DONE = b"all of it is written\n"


class SaidBus(Bus):
    """Says aloud when something more is in the read model."""

    def wake(self, topic: str) -> None:
        if topic == PROJECTED_TOPIC:
            sys.stdout.buffer.write(b"more\n")
            sys.stdout.buffer.flush()
        super().wake(topic)


async def main(folder: Path, last: int, url: str, fence: int) -> None:
    database = await open_database(url)
    try:
        project = Projection(Follower(folder), lambda: last, database, SaidBus(), fence)
        await project.open()
        await project.catch_up()
    finally:
        await database.close()


if __name__ == "__main__":
    projection.FACTS_MAX = 1
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
    sys.stdout.buffer.write(DONE)
