"""One schema on two engines: SQLite in a file, or PostgreSQL.

All that differs between the two is in this file: pragmas, how a write transaction begins, and
insert-or-ignore. Feature stores declare their tables on `metadata` and use SQLAlchemy Core with
its portable subset: integers for instants, money and energy; no JSON operators, no defaults made
by the server.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import ColumnElement, Connection, MetaData, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from cloud.kernel.errors import DatabaseUnusable, Unavailable

SQLITE_BUSY_TIMEOUT_MS = 5_000
SQLITE_POOL_SIZE = 8
"""Connections kept open for reading, a thread each."""
SQLITE_WRITERS = 1
_JOURNAL_RETRY_S = 0.02
POSTGRES_POOL_SIZE = 10
POOL_OVERFLOW_MAX = 10
POOL_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 5.0
CALM_S = 10.0
"""With a full disk much still works: only after so long without a failure the trouble is over."""
_MIGRATION_LOCK = 0x50484F
"""An arbitrary number: two hubs that start at once bring the schema up to date one by one."""
_WRITES = "phoenyra_writes"
_MIGRATIONS = Path(__file__).with_name("migrations")
_NEWEST = max(path.stem[1:5] for path in _MIGRATIONS.glob("versions/v[0-9]*.py"))
"""The newest migration, from the name of its file: to load them all takes longer than to ask."""

_logger = logging.getLogger(__name__)

Columns = ReadOnlyColumnCollection[str, Any]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Database:
    """Hands out transactions; on SQLite one writer at a time, readers beside it."""

    def __init__(self, engine: AsyncEngine, writer: AsyncEngine) -> None:
        """`writer` may be `engine`; on SQLite it has a connection of its own, for whoever has the
        write lock must not wait until a reader gives its connection back."""
        self._engine, self._writer = engine, writer
        self._failed_s: float | None = None
        """By the loop's time, when it did not answer last; None: it answers."""
        self.dialect = engine.dialect.name
        is_sqlite = self.dialect == "sqlite"
        self._writing = writer.execution_options(**{_WRITES: True}) if is_sqlite else writer
        self._reading = engine if is_sqlite else engine.execution_options(**_SNAPSHOT)
        self._turn: AbstractAsyncContextManager[object] = (
            asyncio.Lock() if is_sqlite else nullcontext()
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection that may write; committed (durably) when the block ends well.

        On SQLite the transaction holds the only write lock from its first moment: keep it short
        and wait for nothing else inside. On PostgreSQL rows are locked as they are touched.
        """
        with self._watched():
            async with self._turn, _reached(self._writing.begin()) as connection:
                yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection that sees one unchanging moment of the database; nothing is kept."""
        with self._watched():
            async with _reached(self._reading.connect()) as connection:
                yield connection

    async def close(self) -> None:
        for engine in {self._engine, self._writer}:
            await engine.dispose()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Say once that the database does not answer, and once that it has for `CALM_S` again.

        Raises:
            Unavailable: no connection, a full disk, a lock that nobody gives up.
        """
        try:
            yield
        except (DBAPIError, PoolTimeout, ConnectionError) as error:
            if not _no_answer(error):
                raise
            if self._failed_s is None:
                _logger.error("the database does not answer: %s", _reason(error))
            self._failed_s = asyncio.get_running_loop().time()
            raise Unavailable("the database does not answer; nothing was changed") from error
        if self._failed_s is None:
            return
        if asyncio.get_running_loop().time() - self._failed_s >= CALM_S:
            self._failed_s = None
            _logger.info("the database answers again")


async def open_database(url: str) -> Database:
    """Return the database at `url`, its schema brought up to date.

    Args:
        url: ``sqlite+aiosqlite:///file`` or ``postgresql+asyncpg://…``.

    Raises:
        DatabaseUnusable: not reachable, damaged, or made by a newer program.
    """
    engine = _engine(url)
    is_sqlite = engine.dialect.name == "sqlite"
    writer = _engine(url, SQLITE_WRITERS) if is_sqlite else engine
    database = Database(engine, writer)
    try:
        if is_sqlite:
            await _first_connection(writer)
        async with writer.execution_options(**{_WRITES: True}).begin() as connection:
            if database.dialect == "postgresql":
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            await connection.run_sync(_migrate)
    except (DBAPIError, OSError, CommandError) as error:
        await database.close()
        raise DatabaseUnusable(f"database {engine.url}: {_reason(error)}") from error
    except BaseException:
        await database.close()
        raise
    return database


async def insert_or_ignore(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert `rows`; one whose key (any unique one) is there already changes nothing."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    await connection.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))


async def upsert(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    change: Callable[[Columns], Mapping[str, ColumnElement[Any]]],
    only_if: Callable[[Columns], ColumnElement[bool]],
) -> None:
    """Insert `rows`; one whose primary key is there changes the row that is there.

    Args:
        change: from the columns of the new row to the new content of columns.
        only_if: from the columns of the new row to the condition under which it changes anything.
    """
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(table)
    statement = insert.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_=change(insert.excluded),
        where=only_if(insert.excluded),
    )
    await connection.execute(statement, list(rows))


_SNAPSHOT: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


@asynccontextmanager
async def _reached(
    way: AbstractAsyncContextManager[AsyncConnection],
) -> AsyncIterator[AsyncConnection]:
    """Enter a connection; a server that hangs, or has no socket just now, is one that is away.

    Only here: a time-out of what is done with the connection is not the database's.

    Raises:
        ConnectionError: there is no connection.
    """
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(way)
        except OSError as error:  # of which TimeoutError is one
            raise ConnectionError(str(error) or "no connection in time") from error
        yield connection


def _no_answer(error: Exception) -> bool:
    """Tell a database that is away, full or locked from a statement that it refuses."""
    if not isinstance(error, DBAPIError):
        return True
    return isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated


def _reason(error: Exception) -> str:
    return str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]


def _engine(url: str, sqlite_pool_size: int = SQLITE_POOL_SIZE) -> AsyncEngine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUnusable("database: the URL cannot be read; see the manual") from error
    if parsed.drivername == "sqlite+aiosqlite":
        engine = create_async_engine(
            parsed,
            pool_size=sqlite_pool_size,
            max_overflow=POOL_OVERFLOW_MAX,
            pool_timeout=POOL_TIMEOUT_S,
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername == "postgresql+asyncpg":
        return create_async_engine(
            parsed,
            pool_size=POSTGRES_POOL_SIZE,
            max_overflow=POOL_OVERFLOW_MAX,
            pool_timeout=POOL_TIMEOUT_S,
            pool_pre_ping=True,
            connect_args={"timeout": CONNECT_TIMEOUT_S},
        )
    raise DatabaseUnusable(
        f"database: {parsed.drivername!r} is not allowed;"
        " sqlite+aiosqlite:///… or postgresql+asyncpg://… is expected"
    )


async def _first_connection(engine: AsyncEngine) -> None:
    """Connect once, which makes a new file a WAL file.

    SQLite does not wait while two that open a new file both change its journal mode, whatever the
    busy time-out says: one of them hears "locked" at once, and may try again.
    """
    loop = asyncio.get_running_loop()
    given_up_s = loop.time() + SQLITE_BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            async with engine.connect():
                return
        except OperationalError as error:
            if "locked" not in _reason(error) or loop.time() > given_up_s:
                raise
        await asyncio.sleep(_JOURNAL_RETRY_S)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver shall not begin transactions: we do
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}",
        "auto_vacuum=INCREMENTAL",  # of a new file: what is deleted can be given back to the disk
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(connection: Connection) -> None:
    if MigrationContext.configure(connection).get_current_revision() == _NEWEST:
        return
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, "head")
