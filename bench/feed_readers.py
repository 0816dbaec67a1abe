"""A process of its own that holds many subscribers of a feed and notes when each message came.

``python -m bench.feed_readers URL API_KEY COUNT``: says ``ready`` when all are subscribed, reads
until its standard input closes, then prints ``{seq: [nanoseconds…]}`` of the monotonic clock.
"""

import asyncio
import json
import re
import sys
import time
from collections import defaultdict

from websockets.asyncio.client import connect

_SEQ = re.compile(r'"data":\{"type":"trade",.*"seq":(\d+)\b')


async def _read(url: str, key: str, came: dict[int, list[int]], ready: asyncio.Semaphore) -> None:
    headers = {"X-API-Key": key}
    async with connect(url, additional_headers=headers, compression=None) as socket:
        await socket.recv()
        ready.release()
        async for text in socket:
            at_ns = time.monotonic_ns()
            found = _SEQ.search(str(text))
            if found is not None:
                came[int(found[1])].append(at_ns)


async def _run(url: str, key: str, count: int) -> None:
    came: dict[int, list[int]] = defaultdict(list)
    ready = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(_read(url, key, came, ready)) for _ in range(count)]
        for _ in readers:
            await ready.acquire()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        for reader in readers:
            reader.cancel()
    sys.stdout.write(json.dumps(came) + "\n")


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], sys.argv[2], int(sys.argv[3])))
