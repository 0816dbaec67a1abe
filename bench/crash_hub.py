"""The hub's half of ``crash``: a process with the real database and the real ingest is killed.

Uploads reach it over a socket instead of HTTP, so that a start costs a fork and no more; all the
while it rolls up what it has. What it answered before it died must be there once and once only,
as chunks and in the roll-ups.
"""

import asyncio
import json
import os
import random
import signal
import socket
import struct
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from cloud.fleet import service
from cloud.fleet import store as fleet_store
from cloud.fleet.model import Gateway
from cloud.fleet.telemetry import roller, tables
from cloud.fleet.telemetry.ingest import ingest
from cloud.fleet.telemetry.series import SeriesBook
from cloud.kernel.context import Hub
from tests.support.hub import NOON_US, add_site, clock_of, opened_hub, telemetry
from wire import sync
from wire.sync import Frame, Upload

SITE = "werk-sued"
GATEWAY = "gw-crash"
EPOCH = "epoch-1"
FRAMES = 20
UPLOADS_MAX = 5
"""A process is killed after so many answers at most; after none, as a rule, while it opens."""
OPENING_S_MAX = 0.1
WORKING_S_MAX = 0.05
"""After the last of these answers it is killed at any moment up to this, and is at work then."""
PATIENCE_S = 30.0
_ANSWER = struct.Struct("<q")
_LENGTH = struct.Struct("<I")


@dataclass(slots=True)
class Result:
    """What was found after the last kill."""

    kills: int
    acknowledged: int = 0
    lost: int = 0
    duplicates: int = 0
    wrong: list[str] = field(default_factory=list)


def kills(folder: Path, count: int, seed: int) -> Result:
    """Start and kill the process `count` times; return the account.

    It forks, so call it from a process without threads.
    """
    asyncio.run(_prepare(folder))
    chance = random.Random(seed)
    acked = -1
    for _ in range(count):
        uploads = chance.randint(0, UPLOADS_MAX)
        more_s = chance.uniform(0, WORKING_S_MAX if uploads else OPENING_S_MAX)
        acked = max(acked, _one_life(folder, acked, uploads, more_s))
    return asyncio.run(_account(folder, Result(count), acked))


def _one_life(folder: Path, acked: int, uploads: int, more_s: float) -> int:
    """Let a hub live for so many answers, and so much longer; return what it acknowledged.

    It is sent to without a pause, so that how far it comes does not depend on the machine.
    """
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        try:
            asyncio.run(_serve(folder, theirs))
        finally:
            os._exit(1)
    theirs.close()
    try:
        with closing(ours):
            for _ in range(uploads):
                acked = _upload(ours, acked, PATIENCE_S)
            return _send(ours, acked, time.monotonic() + more_s)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _send(line: socket.socket, acked: int, deadline_s: float) -> int:
    while (left_s := deadline_s - time.monotonic()) > 0:
        try:
            acked = _upload(line, acked, left_s)
        except TimeoutError:
            break
    return acked


def _upload(line: socket.socket, acked: int, timeout_s: float) -> int:
    """Send the frames after `acked`; return what is acknowledged then."""
    line.settimeout(timeout_s)
    body = sync.encode_upload(Upload(GATEWAY, EPOCH, _frames(acked + 1), acked))
    line.sendall(_LENGTH.pack(len(body)) + body)
    answer = line.recv(_ANSWER.size, socket.MSG_WAITALL)
    if len(answer) < _ANSWER.size:
        raise AssertionError("the hub ended by itself")
    (acked,) = _ANSWER.unpack(answer)
    return acked


def _frames(first: int) -> tuple[Frame, ...]:
    return tuple(
        telemetry(n, NOON_US + n * 1_000, soc_pct=float(n)) for n in range(first, first + FRAMES)
    )


async def _prepare(folder: Path) -> None:
    async with opened_hub(folder) as hub:
        await add_site(hub, SITE)
        async with hub.database.transaction() as connection:
            await service.add_gateway(connection, SITE, GATEWAY, NOON_US)


async def _gateway(hub: Hub) -> Gateway:
    async with hub.database.reading() as connection:
        found = await fleet_store.gateway(connection, GATEWAY)
    assert found is not None
    return found


async def _serve(folder: Path, line: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=line)
    async with opened_hub(folder) as hub, asyncio.TaskGroup() as tasks:
        gateway = await _gateway(hub)
        tasks.create_task(_roll(hub))
        while True:
            (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
            body = await reader.readexactly(length)
            result = await ingest(hub, gateway, sync.decode_upload(body))
            writer.write(_ANSWER.pack(result.ack.seq))
            await writer.drain()


async def _roll(hub: Hub) -> None:
    """Roll up without a pause: what just came counts as old enough."""
    book = SeriesBook(hub.database)
    while True:
        await roller.roll(hub.database, book, SITE, hub.clock.now_us())
        await asyncio.sleep(0)


async def _account(folder: Path, result: Result, promised: int) -> Result:
    async with opened_hub(folder) as hub:
        gateway = await _gateway(hub)
        acked = (await ingest(hub, gateway, Upload(GATEWAY, EPOCH, (), None))).ack.seq
        clock_of(hub).at_us += roller.ROLL_AFTER_US + roller.LEASE_US
        await roller.turn(hub, SeriesBook(hub.database), "account")
        async with hub.database.reading() as connection:
            numbers = list(await connection.scalars(select(tables.chunk.c.seq)))
            rolled = [
                await connection.scalar(select(func.sum(table.c.n)))
                for table in (tables.minute, tables.quarter)
            ]
        values = await _values(hub)
    result.acknowledged = promised + 1
    result.lost = len(set(range(promised + 1)) - set(values))
    result.duplicates = len(numbers) - len(set(numbers)) + len(values) - len(set(values))
    if acked < promised:
        result.wrong.append(f"{promised} was acknowledged, {acked} is known")
    if sorted(numbers) != list(range(acked + 1)):
        result.wrong.append(f"the chunks are not those of 0 to {acked}")
    if rolled != [acked + 1] * 2:
        result.wrong.append(f"the roll-ups hold {rolled} samples of {acked + 1}")
    return result


async def _values(hub: Hub) -> list[int]:
    """Return every value that the hub shows, page by page."""
    found: list[int] = []
    begin_us: int | None = NOON_US
    while begin_us is not None:
        async with hub.database.reading() as connection:
            page = await service.history(connection, SITE, ["battery.soc_pct"], begin_us, 2**62)
        found += [int(v) for series in page.series for v in series.values if v is not None]
        begin_us = page.next_us
    return found


if __name__ == "__main__":
    where, how_many, with_seed = sys.argv[1:]
    print(json.dumps(asdict(kills(Path(where), int(how_many), int(with_seed)))))
