"""A process that appends to a buffer and says so, until it is killed.

``python -m tests.support.buffer_writer FILE``: before each append a line ``try N``, after it
``stored N``; frame number i of group N carries the text ``N:i``.
"""

import asyncio
import sys
from pathlib import Path

from agent.gateway.buffer import open_buffer
from agent.gateway.rows import Cursor, Draft
from wire.clock import SystemClock
from wire.sync import FrameClass

BYTES_MAX = 64 * 1024**2
FRAMES_A_GROUP = 3


def drafts(group: int) -> list[Draft]:
    return [
        Draft(FrameClass.TELEMETRY, group, 1, f"{group}:{i}".encode())
        for i in range(FRAMES_A_GROUP)
    ]


async def write(path: Path) -> None:
    async with open_buffer(path, SystemClock(), BYTES_MAX) as buffer:
        group = (await buffer.state()).cursor.number
        while True:
            group += 1
            _say(f"try {group}")
            await buffer.append(drafts(group), Cursor("boot", group))
            _say(f"stored {group}")
            if group % 7 == 0:
                await buffer.release(FRAMES_A_GROUP * (group - 20) - 1)
                await buffer.settle()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1])))
