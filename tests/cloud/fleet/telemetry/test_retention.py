"""What is too old is really deleted (`telemetry.retention`), and nothing else is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Table, func, select, text

from cloud.fleet.telemetry import queries, retention, roller, tables
from cloud.fleet.telemetry.queries import Step
from cloud.fleet.telemetry.retention import Forgotten
from cloud.fleet.telemetry.rolls import DAY_US
from cloud.fleet.telemetry.series import SeriesBook
from cloud.kernel.context import Hub
from cloud.main import open_hub
from cloud.settings import HubSettings
from tests.support.hub import NOON_US, Box, add_site, clock_of, enrolled_box, event, telemetry
from wire.clock import SetClock
from wire.sync import Frame, FrameClass

SITE = "werk-sued"
on_postgresql = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
async def hub(database_url: str, tmp_path: Path) -> AsyncIterator[Hub]:
    settings = HubSettings(
        data_dir=tmp_path,
        database_url=SecretStr(database_url),
        telemetry_days=10,
        rollup_1m_days=20,
        rollup_15m_days=30,
        settlement_years=1,
        events_years=1,
    )
    async with open_hub(settings, SetClock(NOON_US)) as opened:
        yield opened


async def count(hub: Hub, table: Table, *where: Any) -> int:
    async with hub.database.reading() as connection:
        query = select(func.count()).select_from(table).where(*where)
        return await connection.scalar(query) or 0


def settlement(seq: int, at_us: int) -> Frame:
    return Frame(seq, FrameClass.SETTLEMENT, telemetry(seq, at_us, energy_kwh=1.0).payload)


async def pass_days(hub: Hub, days: int) -> Forgotten:
    clock_of(hub).at_us += days * DAY_US
    told = await retention.forget(hub, "me")
    assert told is not None
    return told


async def filled(box: Box, hub: Hub) -> None:
    """A sample, a settlement value and an event on each of five days; rolled up."""
    for day in range(5):
        at_us = NOON_US + day * DAY_US
        clock_of(hub).at_us = at_us
        frames = [telemetry(3 * day, at_us, soc_pct=50.0), settlement(3 * day + 1, at_us)]
        await box.upload([*frames, event(3 * day + 2, at_us=at_us)])
    clock_of(hub).at_us += roller.ROLL_AFTER_US
    assert await roller.turn(hub, SeriesBook(hub.database), "me")


async def test_each_class_is_kept_for_its_own_time(box: Box, hub: Hub) -> None:
    await filled(box, hub)
    kind = tables.chunk.c.kind
    assert await count(hub, tables.chunk) == 15
    await pass_days(hub, 8)
    assert await count(hub, tables.chunk, kind == FrameClass.TELEMETRY) == 2
    await pass_days(hub, 10)
    assert await count(hub, tables.chunk, kind == FrameClass.TELEMETRY) == 0
    assert await count(hub, tables.chunk) == 10
    assert (await count(hub, tables.minute), await count(hub, tables.quarter)) == (4, 10)
    await pass_days(hub, 20)
    assert (await count(hub, tables.minute), await count(hub, tables.quarter)) == (0, 0)
    assert await count(hub, tables.chunk) == 10
    await pass_days(hub, 366)
    assert await count(hub, tables.chunk) == 0
    assert await count(hub, tables.line) == 1


async def test_what_was_forgotten_is_neither_asked_for_again_nor_taken_twice(
    box: Box, hub: Hub
) -> None:
    await filled(box, hub)
    await pass_days(hub, 400)
    again = [telemetry(0, NOON_US, soc_pct=50.0), settlement(1, NOON_US)]
    assert (await box.upload(again)).seq == 14
    assert await count(hub, tables.chunk) == 0
    assert await count(hub, tables.unrolled) == 0


async def test_roll_ups_outlive_their_samples(box: Box, hub: Hub) -> None:
    await filled(box, hub)
    await pass_days(hub, 14)
    async with hub.database.reading() as connection:
        found = await queries.ask(
            connection, SITE, ["battery.soc_pct"], NOON_US, NOON_US + 5 * DAY_US, Step.DAY
        )
    assert found.rolls.good.tolist() == [1] * 5


async def test_one_hub_forgets_and_the_other_leaves_it_to_it(box: Box, hub: Hub) -> None:
    await filled(box, hub)
    clock_of(hub).at_us += 30 * DAY_US
    async with asyncio.TaskGroup() as tasks:
        works = [tasks.create_task(retention.forget(hub, holder)) for holder in "ab"]
    told = [work.result() for work in works]
    assert told.count(None) == 1
    assert await count(hub, tables.chunk, tables.chunk.c.kind == FrameClass.TELEMETRY) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_sqlite_file_gets_smaller(box: Box, hub: Hub) -> None:
    async def pages() -> int:
        async with hub.database.reading() as connection:
            return int(await connection.scalar(text("PRAGMA page_count")) or 0)

    empty = await pages()
    for first in range(0, 600, 100):
        frames = [
            telemetry(n, NOON_US + n, "inverter", **{f"cell_{i}_v": n / (i + 3) for i in range(60)})
            for n in range(first, first + 100)
        ]
        await box.upload(frames)
    full = await pages()
    assert (await pass_days(hub, 12)).chunks == 600
    assert await pages() - empty < (full - empty) / 3


@on_postgresql
async def test_days_are_partitions_that_are_dropped_as_a_whole(box: Box, hub: Hub) -> None:
    await filled(box, hub)
    assert await parts(hub) == {
        "chunk_default": 0,
        "chunk_settlement": 5,
        "chunk_events": 5,
        **{f"chunk_day{NOON_US // DAY_US + d}_202611{21 + d}": 1 for d in range(5)},
    }
    assert (await pass_days(hub, 8)).partitions == 2
    assert len(await parts(hub)) == 6


@on_postgresql
async def test_a_wrong_clock_makes_no_partition_and_its_day_takes_its_samples_over(
    box: Box, hub: Hub
) -> None:
    later_us = NOON_US + 5 * DAY_US
    await box.upload([telemetry(0, 0, soc_pct=1.0), telemetry(1, later_us, soc_pct=2.0)])
    assert await parts(hub) == {"chunk_default": 2, "chunk_settlement": 0, "chunk_events": 0}
    clock_of(hub).at_us = later_us
    await box.upload([telemetry(2, later_us + 1, soc_pct=3.0)])
    found = await parts(hub)
    assert (found.pop("chunk_default"), sum(found.values()), len(found)) == (1, 2, 3)
    assert await retention.forget(hub, "me") == Forgotten(chunks=1)


async def parts(hub: Hub) -> dict[str, int]:
    async with hub.database.reading() as connection:
        rows = await connection.execute(
            text(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent='chunk'::regclass"
            )
        )
        return {
            name: await connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0
            for (name,) in rows.all()
        }


async def test_many_boxes_that_meet_a_new_day_at_once_all_get_in(hub: Hub) -> None:
    sites = [f"site-{i}" for i in range(4)]
    for site in sites:
        await add_site(hub, site)

    async def send(site: str) -> None:
        async with enrolled_box(hub, site) as box:
            for day in range(3):
                at_us = NOON_US - day * DAY_US
                assert (await box.upload([telemetry(day, at_us, soc_pct=1.0)])).seq == day

    async with asyncio.TaskGroup() as tasks:
        for site in sites:
            tasks.create_task(send(site))
    assert await count(hub, tables.chunk) == 12
