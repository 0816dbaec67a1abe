"""Roll-ups in the database (`telemetry.roller`, `telemetry.queries`): each sample counts once."""

import asyncio
import itertools
import random

import pytest
from sqlalchemy import delete, func, select

from cloud.fleet.telemetry import leases, queries, roller, tables
from cloud.fleet.telemetry.queries import Rollups, Step
from cloud.fleet.telemetry.roller import ROLL_AFTER_US, Raced
from cloud.fleet.telemetry.series import SeriesBook
from cloud.kernel.context import Hub
from tests.support.hub import NOON_US, Box, clock_of, telemetry
from wire.sync import Frame

SECOND_US = 1_000_000
SITE = "werk-sued"


def soc(*numbers: int, device: str = "inverter") -> list[Frame]:
    """One sample a second, the value is the number."""
    return [telemetry(n, NOON_US + n * SECOND_US, device=device, soc_pct=float(n)) for n in numbers]


async def ask(hub: Hub, step: Step = Step.MINUTE, *points: str) -> Rollups:
    async with hub.database.reading() as connection:
        to_us = NOON_US + 3_600 * SECOND_US
        return await queries.ask(connection, SITE, points, NOON_US, to_us, step)


async def rows(hub: Hub) -> int:
    async with hub.database.reading() as connection:
        return await connection.scalar(select(func.count()).select_from(tables.minute)) or 0


async def waiting(hub: Hub) -> int:
    async with hub.database.reading() as connection:
        return await connection.scalar(select(func.count()).select_from(tables.unrolled)) or 0


async def turn(hub: Hub, holder: str = "me") -> int:
    clock_of(hub).at_us += ROLL_AFTER_US
    return await roller.turn(hub, SeriesBook(hub.database), holder)


def told(found: Rollups) -> list[tuple[str, int, int, float, float, float, float]]:
    """Return device, minute, count, mean, low, high and last of each entry."""
    r = found.rolls
    return [
        (
            found.series[r.series[i]].device,
            int(r.start_us[i] - NOON_US) // (60 * SECOND_US),
            int(r.n[i]),
            r.total[i] / r.good[i],
            r.low[i],
            r.high[i],
            r.last[i],
        )
        for i in range(len(r))
    ]


EXPECTED = [
    ("inverter", 0, 60, 29.5, 0.0, 59.0, 59.0),
    ("inverter", 1, 40, 79.5, 60.0, 99.0, 99.0),
]


async def test_an_answer_is_the_same_before_between_and_after_rolling_up(
    box: Box, hub: Hub
) -> None:
    await box.upload(soc(*range(70)))
    first = told(await ask(hub))
    assert await turn(hub) == 70
    assert told(await ask(hub)) == first
    await box.upload(soc(*range(70, 100)))
    assert (await rows(hub), await waiting(hub)) == (2, 30)
    assert told(await ask(hub)) == EXPECTED, "half from the tables, half from what waits"
    assert await turn(hub) == 30
    assert told(await ask(hub)) == EXPECTED
    assert await waiting(hub) == 0


async def test_samples_that_come_late_are_merged(box: Box, hub: Hub) -> None:
    for part in (range(50, 100), range(50)):
        await box.upload(soc(*part))
        await turn(hub)
    assert told(await ask(hub)) == EXPECTED


async def test_a_chunk_waits_for_others_of_its_minute(box: Box, hub: Hub) -> None:
    await box.upload(soc(0))
    assert await roller.turn(hub, SeriesBook(hub.database), "me") == 0
    assert await turn(hub) == 1


async def test_coarser_steps_are_made_of_the_same_samples(box: Box, hub: Hub) -> None:
    await box.upload(soc(*range(100)))
    await turn(hub)
    for step in (Step.QUARTER, Step.HOUR, Step.DAY):
        found = await ask(hub, step)
        assert [entry[2:] for entry in told(found)] == [(100, 49.5, 0.0, 99.0, 99.0)]
    assert (await ask(hub, Step.DAY)).rolls.start_us.tolist() == [NOON_US - 12 * 3_600 * SECOND_US]


async def test_only_what_is_asked_for_comes_each_device_apart(box: Box, hub: Hub) -> None:
    frames = soc(0, 1) + soc(2, device="other")
    await box.upload([*frames, telemetry(3, NOON_US, temp_c=20.0)])
    for _ in range(2):
        found = await ask(hub, Step.MINUTE, "battery.soc_pct")
        assert [(s.device, s.point) for s in found.series] == [
            ("inverter", "battery.soc_pct"),
            ("other", "battery.soc_pct"),
        ]
        assert len((await ask(hub)).series) == 3
        assert len((await ask(hub, Step.MINUTE, "battery.none")).series) == 0
        await turn(hub)


async def test_a_lost_point_counts_and_has_no_number(box: Box, hub: Hub) -> None:
    await box.upload([telemetry(0, soc_pct=None)])
    for _ in range(2):
        r = (await ask(hub)).rolls
        assert (r.n.tolist(), r.good.tolist(), r.quality.tolist()) == ([1], [0], [3])
        await turn(hub)


async def test_two_rollers_at_once_count_nothing_twice(box: Box, hub: Hub) -> None:
    """A lease that ran out while its holder slept does no harm."""
    await box.upload(soc(*range(100)))
    results = []

    async def roll() -> None:
        try:
            now_us = hub.clock.now_us()
            results.append(await roller.roll(hub.database, SeriesBook(hub.database), SITE, now_us))
        except Raced:
            results.append(-1)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(roll())
    assert results.count(100) == 1
    assert told(await ask(hub)) == EXPECTED


async def test_who_holds_the_lease_works_until_it_ends(box: Box, hub: Hub) -> None:
    await box.upload(soc(0))
    assert await turn(hub, "a") == 1
    await box.upload(soc(1))
    assert await turn(hub, "b") == 0
    clock_of(hub).at_us += roller.LEASE_US
    assert await turn(hub, "b") == 1
    async with hub.database.transaction() as connection:
        now_us = hub.clock.now_us()
        assert not await leases.take(connection, roller.LEASE, "a", now_us, 1)
        assert await leases.take(connection, roller.LEASE, "b", now_us, 1)


async def test_notes_of_chunks_that_are_gone_are_taken_away(box: Box, hub: Hub) -> None:
    await box.upload(soc(0))
    async with hub.database.transaction() as connection:
        await connection.execute(delete(tables.chunk))
    assert await turn(hub) == 0
    assert await waiting(hub) == 0


async def test_a_site_with_too_many_series_keeps_the_first_ones(
    box: Box, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.fleet.telemetry.series.SITE_MAX", 1)
    await box.upload([telemetry(0, soc_pct=1.0)])
    await turn(hub)
    await box.upload([telemetry(1, soc_pct=2.0, temp_c=3.0)])
    assert await turn(hub) == 1
    assert [s.point for s in (await ask(hub)).series] == ["battery.soc_pct"]


async def test_whatever_comes_whenever_it_is_rolled_up_the_answer_is_the_samples(
    box: Box, hub: Hub
) -> None:
    chance = random.Random(4)
    numbers = list(range(300))
    chance.shuffle(numbers)
    for first in itertools.count(step=30):
        part = numbers[first : first + 30]
        if not part:
            break
        await box.upload(soc(*sorted(part)))
        if chance.random() < 0.4:
            await turn(hub)
        seen = sorted(numbers[: first + 30])
        by_minute = {minute: list(group) for minute, group in itertools.groupby(seen, _minute)}
        found = {entry[1]: entry[2:] for entry in told(await ask(hub))}
        assert found == {
            m: (len(g), sum(g) / len(g), min(g), max(g), max(g)) for m, g in by_minute.items()
        }


def _minute(second: int) -> int:
    return second // 60
