"""cloud.exchange.tenure: two hubs can never both match."""

import asyncio
import logging
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import select

from cloud.exchange import tenure
from cloud.exchange.journal.errors import Fenced, JournalUnusable
from cloud.exchange.journal.journal import Journal
from cloud.kernel import fences
from cloud.kernel.context import Hub
from tests.support.hub import clock_of
from tests.support.patience import eventually

GIVEN_UP_S = 30


async def begun(hub: Hub, folder: Path) -> Journal:
    journal = Journal(folder)
    await tenure.begin(journal, hub.database, hub.clock)
    list(journal.recover())
    return journal


async def test_numbers_rise_with_each_start_in_the_row_and_in_the_journal(
    hub: Hub, tmp_path: Path
) -> None:
    numbers = []
    for _ in range(3):
        journal = await begun(hub, tmp_path / "journal")
        numbers.append(journal.fence)
        journal.close()
    assert numbers == sorted(set(numbers))


async def test_a_database_that_is_an_old_copy_does_not_make_numbers_fall(
    hub: Hub, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal", 70)
    journal.close()
    journal = await begun(hub, tmp_path / "journal")
    assert journal.fence > 70
    journal.close()


async def test_a_second_hub_waits_until_the_first_is_gone(
    hub: Hub, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenure, "_ASKED_EACH_S", 0.01)
    first = await begun(hub, tmp_path / "ours")
    async with asyncio.TaskGroup() as tasks:
        second = tasks.create_task(begun(hub, tmp_path / "theirs"))
        with caplog.at_level(logging.WARNING):
            await eventually(lambda: "another hub runs the exchange" in caplog.text, GIVEN_UP_S)
        assert not second.done()
        clock_of(hub).at_us += tenure.TENURE_US
    assert second.result().fence > first.fence
    async with hub.database.transaction() as connection:
        assert not await fences.renew(connection, tenure.NAME, first.fence, 0, 1)
    first.close()
    second.result().close()


async def test_a_writer_that_was_overtaken_hears_it_and_ends(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenure, "RENEWED_EACH_S", 0.01)
    first = await begun(hub, tmp_path / "ours")
    clock_of(hub).at_us += tenure.TENURE_US
    second = await begun(hub, tmp_path / "theirs")
    async with asyncio.timeout(GIVEN_UP_S):
        with pytest.raises(Fenced, match="another hub runs the exchange now"):
            await tenure.keep(first, hub.database, hub.clock)
    first.close()
    second.close()


@pytest.mark.parametrize("begins", [True, False])
async def test_a_hub_that_stops_lets_go_at_once(hub: Hub, tmp_path: Path, *, begins: bool) -> None:
    """Also one whose start comes to nothing: the other one must not wait for it."""
    first = Journal(tmp_path / "ours")
    with nullcontext() if begins else pytest.raises(JournalUnusable, match="not this one's"):
        async with tenure.held(first, hub.database, hub.clock):
            if not begins:
                raise JournalUnusable("the database is not this one's")
    first.close()
    second = await begun(hub, tmp_path / "theirs")
    assert second.fence > first.fence
    second.close()


async def test_a_hub_that_recovers_for_long_keeps_the_row(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenure, "RENEWED_EACH_S", 0)
    first = Journal(tmp_path / "ours")
    async with tenure.held(first, hub.database, hub.clock):
        for _ in range(3):
            clock_of(hub).at_us += tenure.TENURE_US - 1
            began_us = hub.clock.now_us()
            async with asyncio.timeout(GIVEN_UP_S):
                while True:
                    await asyncio.sleep(0)
                    if await until_us(hub) >= began_us + tenure.TENURE_US:
                        break
    first.close()


async def until_us(hub: Hub) -> int:
    async with hub.database.reading() as connection:
        return int((await connection.execute(select(fences.fence.c.until_us))).scalar_one())
