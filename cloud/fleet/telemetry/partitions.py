"""Where chunks lie on PostgreSQL: telemetry in a partition a day, made on demand, dropped whole.

Settlement and events, which are kept for years, have one partition each. Telemetry whose time is
far from now (a box with a wrong clock) lies in the default one, so nobody can make a partition for
every day since 1970. SQLite has none of this: everything lies in one table.
"""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.telemetry.rolls import DAY_US
from cloud.kernel.database import Database
from wire.clock import utc
from wire.sync import FrameClass

DAYS_BACK_MAX = 400
DAYS_AHEAD_MAX = 2
_LOCK = 0x50484F50
"""An arbitrary number: two hubs that meet a new day make its partition one by one."""
_PREFIX = "chunk_day"


class Partitions:
    """Knows which days have their partition; asked before each upload, answers from memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[int] = set()

    async def prepare(self, times_us: Iterable[int], now_us: int) -> None:
        """Make the partitions for telemetry that begins at these instants.

        In a transaction of its own and before the upload's: making one locks the whole table for
        a moment, which nobody may do who holds other locks.
        """
        if self._database.dialect != "postgresql":
            return
        today = now_us // DAY_US
        window = range(today - DAYS_BACK_MAX, today + DAYS_AHEAD_MAX + 1)
        days = {at_us // DAY_US for at_us in times_us} - self._known
        missing = sorted(day for day in days if day in window)
        if not missing:
            return
        async with self._database.transaction() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            there = await days_kept(connection)
            for day in missing:
                if day not in there:
                    await _make(connection, day)
        self._known.update(missing)

    def forget(self) -> None:
        """Look again next time: partitions were dropped."""
        self._known.clear()


async def days_kept(connection: AsyncConnection) -> dict[int, str]:
    """Return the days since 1970 that have a partition, and its name."""
    names = await connection.scalars(
        text(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'chunk'::regclass"
        )
    )
    return {
        int(name.removeprefix(_PREFIX).partition("_")[0]): name
        for name in names
        if name.startswith(_PREFIX)
    }


async def drop_before(connection: AsyncConnection, at_us: int) -> list[str]:
    """Drop the days that were over before `at_us`; return their partitions' names."""
    await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    old = [
        name for day, name in (await days_kept(connection)).items() if (day + 1) * DAY_US <= at_us
    ]
    for name in old:
        await connection.execute(text(f"DROP TABLE {name}"))
    return old


async def _make(connection: AsyncConnection, day: int) -> None:
    """Make a day's partition, with what of it lies in the default one."""
    begin_us, end_us = day * DAY_US, (day + 1) * DAY_US
    kind = int(FrameClass.TELEMETRY)
    name = f"{_PREFIX}{day}_{utc(begin_us):%Y%m%d}"
    moved = f"kind = {kind} AND t0_us >= {begin_us} AND t0_us < {end_us}"
    bounds = f"FROM ({kind}, {begin_us}) TO ({kind}, {end_us})"
    for statement in (
        f"CREATE TABLE {name} (LIKE chunk INCLUDING ALL)",
        " ".join(("INSERT INTO", name, "SELECT * FROM chunk_default WHERE", moved)),
        " ".join(("DELETE FROM chunk_default WHERE", moved)),
        f"ALTER TABLE chunk ATTACH PARTITION {name} FOR VALUES {bounds}",
    ):
        await connection.execute(text(statement))
