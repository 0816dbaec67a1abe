"""cloud.kernel.database: one schema on two engines, safe transactions, one line for a bad start."""

import asyncio
import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select, text

from cloud import main
from cloud.kernel import keys
from cloud.kernel.database import (
    _MIGRATIONS,
    _NEWEST,
    POOL_OVERFLOW_MAX,
    SQLITE_POOL_SIZE,
    Database,
    insert_or_ignore,
    metadata,
    open_database,
    upsert,
)
from cloud.kernel.errors import DatabaseUnusable, Unavailable
from tests.support import postgres

PASSWORD = "geheim"
accounts = keys.accounts_table


def row(name: str, at_us: int = 0, title: str = "") -> dict[str, Any]:
    return {"id": name, "name": title or name, "created_us": at_us}


async def count(database: Database) -> int:
    async with database.reading() as connection:
        return await connection.scalar(select(func.count()).select_from(accounts)) or 0


async def test_the_migrations_make_exactly_the_tables_that_the_code_declares(
    database: Database,
) -> None:
    def declared(name: str | None, kind: str, _parents: Any) -> bool:
        """PostgreSQL lists each partition of `chunk` as a table too."""
        return kind != "table" or name is None or not name.startswith("chunk_")

    def differences(connection: Connection) -> list[Any]:
        options = {"compare_type": True, "include_name": declared}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    assert main.VERSION, "whose modules declare the tables of every feature"
    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_database_that_is_up_to_date_is_opened_again(empty_database_url: str) -> None:
    for _ in range(2):
        database = await open_database(empty_database_url)
        assert empty_database_url.startswith(database.dialect)
        async with database.transaction() as connection:
            await insert_or_ignore(connection, accounts, [row("a")])
        await database.close()


def test_the_newest_migration_is_known_from_its_files_name() -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == _NEWEST


async def test_hubs_that_race_for_a_new_file_all_open_it(tmp_path: Path) -> None:
    """Two changes of the journal mode at once answer "locked" without waiting: one start in six."""
    for attempt in range(24):
        url = f"sqlite+aiosqlite:///{tmp_path / f'{attempt}.db'}"
        async with asyncio.TaskGroup() as tasks:
            starts = [tasks.create_task(open_database(url)) for _ in range(3)]
        for start in starts:
            await start.result().close()


async def test_two_hubs_that_start_at_once_both_get_a_whole_schema(empty_database_url: str) -> None:
    async with asyncio.TaskGroup() as tasks:
        starts = [tasks.create_task(open_database(empty_database_url)) for _ in range(3)]
    for start in starts:
        assert await count(start.result()) == 0
        await start.result().close()


async def test_what_fails_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as connection:
            await insert_or_ignore(connection, accounts, [row("a")])
            raise RuntimeError("after the insert")
    assert await count(database) == 0


async def test_a_writer_never_waits_for_readers_to_give_their_connections_back(
    tmp_path: Path,
) -> None:
    """It would hold the write lock meanwhile, and everybody would wait for everybody."""
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}")
    async with AsyncExitStack() as readers:
        for _ in range(SQLITE_POOL_SIZE + POOL_OVERFLOW_MAX):
            await readers.enter_async_context(database.reading())
        async with asyncio.timeout(5), database.transaction() as connection:
            await insert_or_ignore(connection, accounts, [row("a")])
    assert await count(database) == 1
    await database.close()


async def test_a_cancelled_transaction_leaves_nothing_behind_and_blocks_nobody(
    database: Database,
) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with database.transaction() as connection:
            await insert_or_ignore(connection, accounts, [row("a")])
            inside.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        hanging = tasks.create_task(hang())
        await inside.wait()
        hanging.cancel()
    async with asyncio.timeout(5), database.transaction() as connection:
        await insert_or_ignore(connection, accounts, [row("b")])
    assert await count(database) == 1


async def test_a_reading_sees_one_unchanging_moment(database: Database) -> None:
    async with database.reading() as connection:
        query = select(func.count()).select_from(accounts)
        assert await connection.scalar(query) == 0
        async with database.transaction() as other:
            await insert_or_ignore(other, accounts, [row("a")])
        assert await connection.scalar(query) == 0
    assert await count(database) == 1


async def test_many_writers_at_once_all_get_their_turn(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as connection:
            await connection.scalar(select(func.count()).select_from(accounts))
            await insert_or_ignore(connection, accounts, [row(f"account-{number}")])

    async with asyncio.TaskGroup() as tasks:
        for number in range(40):
            tasks.create_task(write(number))
    assert await count(database) == 40


async def test_what_is_there_already_is_ignored(database: Database) -> None:
    async with database.transaction() as connection:
        await insert_or_ignore(connection, accounts, [row("a", 1)])
        await insert_or_ignore(connection, accounts, [row("a", 2), row("b", 2)])
        await insert_or_ignore(connection, accounts, [])
        rows = await connection.execute(select(accounts).order_by(accounts.c.id))
        assert [(r.id, r.created_us) for r in rows] == [("a", 1), ("b", 2)]


async def test_a_row_is_changed_only_under_its_condition(database: Database) -> None:
    async def put(*rows: dict[str, Any]) -> None:
        async with database.transaction() as connection:
            await upsert(
                connection,
                accounts,
                rows,
                change=lambda new: {"name": new.name, "created_us": new.created_us},
                only_if=lambda new: new.created_us >= accounts.c.created_us,
            )

    await put(row("a", 5, "five"), row("b", 5, "five"))
    await put(row("a", 6, "six"), row("b", 4, "four"))
    async with database.reading() as connection:
        rows = await connection.execute(select(accounts).order_by(accounts.c.id))
        assert [r.name for r in rows] == ["six", "five"]


async def test_a_foreign_key_holds(database: Database) -> None:
    async with database.transaction() as connection:
        await insert_or_ignore(connection, accounts, [row("a")])
        made = await keys.add_key(connection, "a", keys.Role.VIEWER, 0)
    assert made
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        async with database.transaction() as connection:
            await connection.execute(accounts.delete())


async def test_sqlite_is_told_to_lose_nothing(tmp_path: Path) -> None:
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'hub.sqlite3'}")
    async with database.reading() as connection:
        told = [
            (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    await database.close()
    assert told == ["wal", 2, 1], "write-ahead log, FULL, checked"


async def test_a_damaged_file_costs_one_line(tmp_path: Path) -> None:
    path = tmp_path / "hub.sqlite3"
    path.write_bytes(b"this is no database, but long enough to be looked at" * 50)
    with pytest.raises(DatabaseUnusable, match=r"^database .*: file is not a database$"):
        await open_database(f"sqlite+aiosqlite:///{path}")


async def test_a_database_of_a_newer_program_is_left_alone(empty_database_url: str) -> None:
    database = await open_database(empty_database_url)
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    with pytest.raises(DatabaseUnusable, match="9999"):
        await open_database(empty_database_url)


async def test_an_unreachable_server_costs_one_line_without_the_password() -> None:
    with pytest.raises(DatabaseUnusable) as caught:
        await open_database(f"postgresql+asyncpg://hub:{PASSWORD}@127.0.0.1:1/hub")
    assert PASSWORD not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_database_that_is_locked_by_another_is_unavailable_and_then_answers_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO", "cloud")
    monkeypatch.setattr("cloud.kernel.database.SQLITE_BUSY_TIMEOUT_MS", 1)
    path = tmp_path / "hub.sqlite3"
    database = await open_database(f"sqlite+aiosqlite:///{path}")
    assert await count(database) == 0
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            with pytest.raises(Unavailable):
                async with database.transaction():
                    raise AssertionError("it was locked")
            assert await count(database) == 0, "what still works is no sign of an end"
    monkeypatch.setattr("cloud.kernel.database.CALM_S", 0)
    for _ in range(2):
        assert await count(database) == 0
    await database.close()
    told = [record.message for record in caplog.records if record.name.startswith("cloud")]
    assert told == [
        "the database does not answer: database is locked",
        "the database answers again",
    ]


@pytest.mark.postgres
async def test_a_server_that_was_restarted_is_used_again(
    postgres_server: postgres.Server,
) -> None:
    database = await open_database(postgres_server.new_database())
    assert await count(database) == 0
    with pytest.raises(Unavailable):
        async with database.transaction() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database()"
                )
            )
    assert await count(database) == 0
    await database.close()


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite:///hub.sqlite3", "no url"])
async def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(DatabaseUnusable, match=r"^database: "):
        await open_database(url)
