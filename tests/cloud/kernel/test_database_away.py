"""cloud.kernel.database: a server that goes away or hangs is told as such; nothing else ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from cloud.kernel.database import Database, open_database
from cloud.kernel.errors import Unavailable
from tests.support import postgres

SOCKET = ".s.PGSQL.5432"

pytestmark = pytest.mark.postgres


@pytest.fixture
def way(postgres_server: postgres.Server, tmp_path: Path) -> Path:
    """A way to the server's socket that can be taken away."""
    (tmp_path / SOCKET).symlink_to(postgres_server.folder / SOCKET)
    return tmp_path / SOCKET


def taken_away(way: Path) -> Path:
    """Remove it; return where it led."""
    target = way.readlink()
    way.unlink()
    return target


def given_back(way: Path, target: Path) -> None:
    way.symlink_to(target)


@asynccontextmanager
async def opened(server: postgres.Server, way: Path) -> AsyncIterator[Database]:
    """Open a database by that way, and leave no connection behind that could be used again."""
    url = server.new_database().replace(str(server.folder), str(way.parent))
    database = await open_database(url)
    try:
        with pytest.raises(Unavailable):
            async with database.transaction() as connection:
                await connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database()"
                    )
                )
        yield database
    finally:
        await database.close()


async def one(database: Database) -> int:
    async with database.reading() as connection:
        return int((await connection.execute(text("SELECT 1"))).scalar_one())


async def neither_reads_nor_writes(database: Database) -> None:
    with pytest.raises(Unavailable, match="nothing was changed"):
        await one(database)
    with pytest.raises(Unavailable, match="nothing was changed"):
        async with database.transaction():
            raise AssertionError("there is no server")


async def test_a_server_whose_socket_is_gone_is_away_until_it_is_back(
    postgres_server: postgres.Server, way: Path
) -> None:
    async with opened(postgres_server, way) as database:
        target = taken_away(way)
        await neither_reads_nor_writes(database)
        given_back(way, target)
        assert await one(database) == 1


@pytest.mark.slow
async def test_a_server_that_hangs_is_away_after_the_time_that_a_connection_may_take(
    postgres_server: postgres.Server, way: Path
) -> None:
    async with opened(postgres_server, way) as database:
        taken_away(way)
        ended = asyncio.Event()

        async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await ended.wait()
            writer.close()

        async with await asyncio.start_unix_server(silent, way):
            await neither_reads_nor_writes(database)
            ended.set()


async def test_a_time_out_of_what_is_done_with_a_connection_stays_one(
    postgres_server: postgres.Server, way: Path
) -> None:
    async with opened(postgres_server, way) as database:
        with pytest.raises(TimeoutError):
            async with database.reading():
                raise TimeoutError
