"""Databases with the newest schema, copied from one that was brought up to date once."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cloud.kernel.database import open_database
from tests.support.postgres import Server, name_of


def lay_sqlite(path: Path) -> None:
    """Put a database without rows there, unless there is one."""
    if not path.exists():
        path.write_bytes(_sqlite())


def new_postgres(server: Server) -> str:
    """Create a database without rows on the server; return its URL."""
    return server.new_database(_postgres(server))


@cache
def _sqlite() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.sqlite3"
        _elsewhere(_made(f"sqlite+aiosqlite:///{path}"))
        return path.read_bytes()


@cache
def _postgres(server: Server) -> str:
    """Return the name of the database to be copied."""
    url = server.new_database()
    _elsewhere(_made(url))
    return name_of(url)


async def _made(url: str) -> None:
    database = await open_database(url)
    await database.close()


def _elsewhere(work: Coroutine[object, object, None]) -> None:
    """Do it in a loop of its own, whether or not one runs here."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()
