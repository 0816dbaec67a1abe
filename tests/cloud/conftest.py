"""The hub and its database for the tests below; those with a database run on both engines."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from cloud.kernel.context import Hub
from cloud.kernel.database import Database, open_database
from tests.support import databases, postgres
from tests.support.hub import Box, add_site, admin_key, client_of, enrolled_box, opened_hub

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
SQLITE_FILE = "test.sqlite3"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    where = postgres.programs()
    if where is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres.running(where) as server:
        yield server


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with the newest schema: one test runs once on each engine."""
    if request.param == "sqlite":
        databases.lay_sqlite(tmp_path / SQLITE_FILE)
        yield f"sqlite+aiosqlite:///{tmp_path / SQLITE_FILE}"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    url = databases.new_postgres(server)
    yield url
    server.drop(url)


@pytest.fixture(params=ENGINES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that no hub has ever opened, for tests of how it is brought up."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / SQLITE_FILE}"
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return server.new_database()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database with the newest schema."""
    opened = await open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def hub(database_url: str, tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub without sites; its clock stands at noon."""
    async with opened_hub(tmp_path, database_url) as opened:
        yield opened


@pytest.fixture
async def admin(hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the first key."""
    async with client_of(hub, admin_key(hub)) as client:
        yield client


@pytest.fixture
async def box(hub: Hub) -> AsyncIterator[Box]:
    """The gateway of the site werk-sued."""
    await add_site(hub, "werk-sued")
    async with enrolled_box(hub, "werk-sued") as enrolled:
        yield enrolled
