"""cloud.kernel.events: rows in the order of commit, each once."""

import asyncio

from cloud.kernel import events
from cloud.kernel.database import Database
from wire.sync import Severity


async def test_events_are_numbered_in_the_order_of_commit(database: Database) -> None:
    """A reader's cursor must never pass a number whose transaction is still open."""
    seen: list[int] = []

    async def append(number: int) -> None:
        async with database.transaction() as connection:
            await events.append(connection, happened(f"CODE_{number}"))
            await asyncio.sleep(0)

    async def read() -> None:
        while len(seen) < 20:
            async with database.reading() as connection:
                seen.extend(e.id for e in await events.after(connection, seen[-1] if seen else 0))

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        for number in range(20):
            tasks.create_task(append(number))
    assert seen == sorted(seen)
    assert len(set(seen)) == 20


async def test_an_event_of_one_origin_is_appended_once(database: Database) -> None:
    async with database.transaction() as connection:
        await events.append(connection, happened("A", "box/1"), happened("B", "box/2"))
        await events.append(connection, happened("A", "box/1"), happened("C"), happened("C"))
        found = await events.after(connection, 0)
    assert [event.code for event in found] == ["A", "B", "C", "C"]
    async with database.reading() as connection:
        later = await events.after(connection, found[1].id, limit=1)
    assert [event.code for event in later] == ["C"]


def happened(code: str, origin: str | None = None) -> events.NewEvent:
    return events.NewEvent(
        at_us=0, code=code, severity=Severity.INFO, source="test", text="-", origin=origin
    )
