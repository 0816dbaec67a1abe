"""agent.gateway.archive.shelf: the archive beside the buffer, over kills, cuts and full disks."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.archive.columns import ROW
from agent.archive.config import ArchiveSettings
from agent.archive.schema import FILE
from agent.gateway.archive.shelf import TRIES, Groups, NoShelf, Shelved, belongs, shelved
from agent.gateway.archive.store import ArchiveStore, open_archive
from agent.gateway.errors import BufferBlocked
from agent.link import Item
from tests.support.archives import SECOND_US, items, reader, row, seconds, store, trace
from tests.support.virtual import EPOCH_US
from wire.block import Block, Quality, Reading, sample
from wire.clock import SetClock
from wire.sync import Event, Severity

DAY = (EPOCH_US, EPOCH_US + 86_400 * SECOND_US)
EVENT = Event(
    at_us=EPOCH_US, code="MODE_CHANGED", severity=Severity.INFO, source="control", text="x"
)
SAMPLE = sample("pcs", "b", 0, EPOCH_US, [Reading("ac.power_kw", 1.0, Quality.GOOD, EPOCH_US)])


class Broken(ArchiveStore):
    """A store on a disk that takes nothing while `broken`."""

    broken = True

    def keep(self, boot: str, items: Sequence[Item]) -> None:
        if self.broken:
            raise sqlite3.OperationalError("database or disk is full")
        super().keep(boot, items)


def found(folder: Path) -> list[int]:
    with reader(folder) as archived:
        return seconds(archived.rows(*DAY, ["f_hz"]))


async def test_rows_and_traces_go_to_the_archive_and_everything_else_to_the_buffer(
    tmp_path: Path,
) -> None:
    mixed = [Item(0, row(0, {"f_hz": 50.0})), Item(1, EVENT), Item(2, trace(0)), Item(3, SAMPLE)]
    with store(tmp_path) as archive:
        rest = await Shelved(archive).keep("b", [(None, mixed)])
    assert rest == [(None, [mixed[1], mixed[3]])]
    assert found(tmp_path) == [0]
    assert await NoShelf().keep("b", [(None, mixed)]) == rest
    assert [belongs(item) for item in mixed] == [True, False, True, False]


async def test_a_disk_that_takes_no_archive_holds_up_alarms_and_telemetry_only_for_some_tries(
    tmp_path: Path,
) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()

    async def report(code: str, severity: Severity, text: str, source: str) -> None:
        said.put_nowait(code)

    with store(tmp_path) as whole:
        archive = Broken(whole._database, tmp_path / FILE, ArchiveSettings())
        shelf = Shelved(archive)
        groups: Groups = [(None, [Item(0, row(0, {"f_hz": 50.0})), Item(1, EVENT)])]
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(shelf.watch(report))
            for _ in range(TRIES - 1):
                with pytest.raises(BufferBlocked, match="disk is full"):
                    await shelf.keep("b", groups)
            assert await shelf.keep("b", groups) == [(None, [groups[0][1][1]])]
            async with asyncio.timeout(20):
                assert await said.get() == "ARCHIVE_FAILED"
                archive.broken = False
                await shelf.keep("b", [(None, items([row(7, {"f_hz": 50.0})], first=2))])
                assert await said.get() == "ARCHIVE_BACK"
            watching.cancel()
    assert found(tmp_path) == [7]


async def test_without_an_archive_that_opens_the_gateway_goes_on_and_says_so(
    tmp_path: Path,
) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()

    async def report(code: str, severity: Severity, text: str, source: str) -> None:
        said.put_nowait(text)

    (tmp_path / FILE).mkdir()
    with shelved(ArchiveSettings(), tmp_path, SetClock(EPOCH_US)) as shelf:
        groups: Groups = [(None, [Item(0, row(0, {"f_hz": 50.0})), Item(1, EVENT)])]
        assert await shelf.keep("b", groups) == [(None, [groups[0][1][1]])]
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(shelf.watch(report))
            async with asyncio.timeout(20):
                text = await said.get()
            watching.cancel()
    assert text.startswith("the archive cannot be written")


def test_whatever_a_power_cut_leaves_every_row_that_was_committed_is_there_once(
    tmp_path: Path,
) -> None:
    """The files as they are after each commit are what any disk has; a torn end changes nothing."""
    chance = random.Random(5)
    live, cut = tmp_path / "live", tmp_path / "cut"
    live.mkdir()
    with open_archive(live / FILE, ArchiveSettings(), "x") as archive:
        for start in range(0, 400, 5):
            archive.keep(
                "b", items([row(s, {"f_hz": 50.0}) for s in range(start, start + 5)], start)
            )
            if chance.random() < 0.2:
                _cut(live, cut, chance)
                assert found(cut) == list(range(start + 5))
                with store(cut) as after:  # control sends again what it was not told of
                    after.keep("b", items([row(s, {"f_hz": 50.0}) for s in range(start + 8)]))
                assert found(cut) == list(range(start + 8))


def _cut(live: Path, cut: Path, chance: random.Random) -> None:
    shutil.rmtree(cut, ignore_errors=True)
    cut.mkdir()
    for name in (FILE, f"{FILE}-wal"):
        shutil.copyfile(live / name, cut / name)
    with (cut / f"{FILE}-wal").open("ab") as wal:
        wal.write(chance.randbytes(chance.randrange(5_000)))


@pytest.mark.slow
def test_a_day_has_every_second_though_the_gateway_is_killed_again_and_again(
    tmp_path: Path,
) -> None:
    """Control keeps what the buffer has not acknowledged, and sends it again from there."""
    chance = random.Random(3)
    sent = 0
    while sent < 86_400:
        with store(tmp_path) as archive:
            for _ in range(chance.randrange(1, 40)):
                if sent >= 86_400:
                    break
                # A kill between the archive and the buffer: some rows come again.
                first = max(0, sent - chance.choice((0, 0, 0, 7, 300)))
                count = chance.choice((5, 5, 60, 900))
                last = min(86_400, max(sent, first + count))
                archive.keep("b", items([_light(s) for s in range(first, last)], first))
                sent = last
    assert found(tmp_path) == list(range(86_400))


def _light(second: int) -> Block:
    at_us = EPOCH_US + second * SECOND_US
    return sample(ROW, "b", second, at_us, [Reading(f"{ROW}.f_hz", 50.0, Quality.GOOD, at_us)])
