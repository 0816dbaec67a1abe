"""v0003: a hub's gateways keep their keys, their lines and their schedules when it is updated."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

import cloud
from cloud.fleet import keys
from cloud.kernel.database import open_database

MIGRATIONS = Path(cloud.__file__).parent / "kernel" / "migrations"


def to_version_2(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, "0002")
    for statement in (
        "INSERT INTO account (id, name, created_us) VALUES ('stadtwerk', 'Stadtwerk', 1)",
        "INSERT INTO site VALUES ('werk-sued', 'Werk', 'stadtwerk', 100, 200, 0, 1)",
        "INSERT INTO gateway VALUES ('gw-1', 'werk-sued', 'gwk-1', 'aa', 7, NULL)",
        "INSERT INTO gateway VALUES ('gw-2', 'werk-sued', 'gwk-2', 'bb', 8, 9)",
        "INSERT INTO line VALUES ('gw-1', 'epoch-1', 41, 10)",
    ):
        connection.execute(text(statement))


async def test_keys_move_to_a_table_of_their_own_and_lines_stay(empty_database_url: str) -> None:
    engine = create_async_engine(empty_database_url)
    async with engine.begin() as connection:
        await connection.run_sync(to_version_2)
    await engine.dispose()
    database = await open_database(empty_database_url)
    try:
        async with database.transaction() as connection:
            first, second = [await keys.find(connection, name) for name in ("gwk-1", "gwk-2")]
            lines = (await connection.execute(text("SELECT * FROM line"))).all()
            assert first is not None
            assert second is not None
            assert (first[0].id, first[0].site, first[0].revoked_us) == ("gw-1", "werk-sued", None)
            assert (first[1].secret, first[1].is_current, first[1].created_us) == ("aa", True, 7)
            assert (second[0].id, second[0].revoked_us, second[1].secret) == ("gw-2", 9, "bb")
            assert [tuple(line)[:4] for line in lines] == [("gw-1", "epoch-1", 41, 10)]
            with pytest.raises(IntegrityError):
                await connection.execute(text("INSERT INTO line VALUES ('gw-9', 'e', 0, 0)"))
    finally:
        await database.close()
