"""What lay in the database before the telemetry store of version 4 is still there, and in use."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from cloud.fleet import service
from cloud.fleet.telemetry import queries, roller
from cloud.fleet.telemetry.queries import Step
from cloud.fleet.telemetry.roller import ROLL_AFTER_US
from cloud.fleet.telemetry.series import SeriesBook
from cloud.kernel import database as kernel_database
from cloud.kernel.database import open_database
from tests.support.hub import NOON_US, telemetry
from wire.block import Quality

SECOND_US = 1_000_000
CHUNK = (
    "INSERT INTO chunk VALUES (:gateway, :epoch, :seq, 's', 2, :payload, 0, 'inverter', 'b', :seq,"
    " 1, :at, :at)"
)


def old(connection: Connection) -> None:
    """Make a database of before, with frames 0, 1 and 3: number 2 is still missing."""
    migrations = Path(kernel_database.__file__).with_name("migrations")
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(migrations))
    command.upgrade(config, "0002")
    run(connection, "INSERT INTO account VALUES ('a', 'A', 0)")
    run(connection, "INSERT INTO site VALUES ('s', 'S', 'a', 1, 1, 0, 0)")
    run(connection, "INSERT INTO gateway VALUES ('g', 's', 'gwk-1', 'ab', 0, NULL)")
    run(connection, "INSERT INTO line VALUES ('g', 'e', 1, 0)")
    for seq in (0, 1, 3):
        at_us = NOON_US + seq * SECOND_US
        payload = telemetry(seq, at_us, soc_pct=float(seq)).payload
        run(connection, CHUNK, gateway="g", epoch="e", seq=seq, payload=payload, at=at_us)
    point = "INSERT INTO newest VALUES ('s', :device, :point, :value, :at, :q, :at, :epoch, :seq)"
    run(connection, point, device="d", point="a.b", value=3.5, at=7, q=0, epoch="e", seq=3)
    run(connection, point, device="d", point="a.c", value=None, at=8, q=3, epoch="x", seq=9)
    run(connection, point, device="c", point="a.b", value=1.0, at=9, q=1, epoch="e", seq=3)


def run(connection: Connection, statement: str, **values: Any) -> None:
    connection.execute(text(statement), values)


async def upgraded(url: str) -> kernel_database.Database:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(old)
    await engine.dispose()
    return await open_database(url)


async def test_what_was_there_is_still_there_and_rolled_up(empty_database_url: str) -> None:
    database = await upgraded(empty_database_url)
    async with database.reading() as connection:
        values = await service.newest(connection, "s")
        history = await service.history(connection, "s", [], 0, 2**62)
        ahead = (await connection.execute(text("SELECT seq FROM ahead"))).scalars().all()
    assert [(v.device, v.point, v.value, v.at_us, v.quality) for v in values] == [
        ("c", "a.b", 1.0, 9, Quality.STALE),
        ("d", "a.b", 3.5, 7, Quality.GOOD),
        ("d", "a.c", None, 8, Quality.LOST),
    ]
    assert [series.values for series in history.series] == [(0.0, 1.0, 3.0)]
    assert ahead == [3]
    book = SeriesBook(database)
    assert await roller.roll(database, book, "s", NOON_US + ROLL_AFTER_US) == 3
    async with database.reading() as connection:
        found = await queries.ask(connection, "s", [], NOON_US, NOON_US + 1, Step.MINUTE)
    assert (found.rolls.n.tolist(), found.rolls.total.tolist()) == ([3], [4.0])
    await database.close()
