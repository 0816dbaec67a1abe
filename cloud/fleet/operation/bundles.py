"""Log bundles that boxes sent: files in the hub's folder, bounded in size, number and age."""

import asyncio
import os
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.model import Gateway
from cloud.fleet.operation import commands, tables
from cloud.kernel.context import Hub
from cloud.kernel.database import upsert
from cloud.kernel.errors import Invalid, NotFound, TooLarge
from wire.order import LogsOrder

BUNDLE_BYTES_MAX = 16 * 1024 * 1024
BUNDLES_MAX = 100
"""Beyond, the oldest go."""
KEPT_US = 30 * 86_400 * 1_000_000
FOLDER = "bundles"
_GZIP = b"\x1f\x8b"


async def keep(hub: Hub, gateway: Gateway, command_id: str, body: bytes) -> None:
    """Keep the bundle that the command asked for; sent again, it replaces itself.

    Raises:
        NotFound: this box was not asked for logs by a command of this id.
        TooLarge: more than `BUNDLE_BYTES_MAX`.
        Invalid: no gzip.
    """
    if len(body) > BUNDLE_BYTES_MAX:
        raise TooLarge(f"bundle: at most {BUNDLE_BYTES_MAX} bytes are allowed")
    if not body.startswith(_GZIP):
        raise Invalid("bundle: a gzip-compressed tar archive is expected")
    async with hub.database.reading() as connection:
        command = await commands.command(connection, command_id)
    if command.gateway != gateway.id or command.kind != LogsOrder.kind:
        raise commands.unknown(command_id)
    await asyncio.to_thread(_write, path_of(hub, command_id), body)
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        row = {"command": command_id, "size": len(body), "received_us": now_us}
        await upsert(
            connection,
            tables.bundle,
            [row],
            change=lambda new: {"size": new.size, "received_us": new.received_us},
            only_if=lambda new: new.received_us >= tables.bundle.c.received_us,
        )
    await forget_old(hub)


async def file_of(hub: Hub, connection: AsyncConnection, command_id: str) -> Path:
    """Return the file of the bundle.

    Raises:
        NotFound: it never came, or is forgotten.
    """
    query = select(tables.bundle).where(tables.bundle.c.command == command_id)
    found = (await connection.execute(query)).one_or_none()
    path = path_of(hub, command_id)
    if found is None or not await asyncio.to_thread(path.exists):
        raise NotFound(f"there is no log bundle of command {command_id!r}")
    return path


async def forget_old(hub: Hub) -> int:
    """Delete bundles beyond their age and number; return how many."""
    c = tables.bundle.c
    oldest_us = hub.clock.now_us() - KEPT_US
    async with hub.database.transaction() as connection:
        rows = await connection.execute(
            select(c.command, c.received_us).order_by(c.received_us.desc(), c.command)
        )
        gone = [
            row.command
            for number, row in enumerate(rows)
            if number >= BUNDLES_MAX or row.received_us < oldest_us
        ]
        await connection.execute(delete(tables.bundle).where(c.command.in_(gone)))
    for command_id in gone:
        await asyncio.to_thread(path_of(hub, command_id).unlink, missing_ok=True)
    return len(gone)


def path_of(hub: Hub, command_id: str) -> Path:
    """Return where the bundle of a command that is in the table lies."""
    return hub.settings.data_dir / FOLDER / f"{command_id}.tar.gz"


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
