"""cloud.exchange.read.projection: who must see what was answered waits, or is told."""

import asyncio
from contextlib import suppress

import pytest

from cloud.exchange.read import projection as module
from cloud.exchange.read import store
from cloud.exchange.read.projection import JOURNAL_TOPIC, Behind, Projection
from cloud.kernel.bus import Bus
from cloud.kernel.database import Database
from tests.cloud.exchange.read.test_projection import morning
from tests.support.read_model import Chronicle


async def all_of(projection: Projection) -> None:
    """Wait as long as it takes; a slow machine needs more than one try."""
    while True:
        with suppress(Behind):
            return await projection.caught_up()


async def test_whoever_cannot_be_shown_all_that_was_answered_is_told_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CAUGHT_UP_TIMEOUT_S", 0.01)
    chronicle, bus = Chronicle(*morning()), Bus()
    projection = chronicle.projection(database, bus=bus)
    await projection.open()
    with pytest.raises(Behind, match=f"lack the newest {chronicle.last} steps") as told:
        await projection.caught_up()
    assert (told.value.status, told.value.code) == (503, "LISTS_BEHIND")
    assert told.value.headers["Retry-After"]
    bus.close()
    with pytest.raises(Behind):
        await projection.caught_up()
    await projection.catch_up()
    await projection.caught_up()


async def test_whoever_waits_until_it_has_caught_up_sees_what_was_committed_before(
    database: Database,
) -> None:
    commits = morning()
    chronicle, bus = Chronicle(commits[0]), Bus()
    projection = chronicle.projection(database, bus=bus)
    await projection.open()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(projection.run())
        for commit in commits[1:]:
            chronicle.commit(*commit)
            bus.wake(JOURNAL_TOPIC)
            async with asyncio.timeout(30):
                await all_of(projection)
            assert projection.sequence == chronicle.last
        task.cancel()
    async with database.reading() as connection:
        order = await store.order(connection, 3)
    assert order is not None
    assert order.status == "CANCELLED"
