"""A writer with its venue and journal, and journals whose disks do what a test wants."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from cloud.exchange import writer as writers
from cloud.exchange.facts import Fact
from cloud.exchange.journal.journal import Journal
from cloud.exchange.matching.codes import Side
from cloud.exchange.recovery import recover
from cloud.exchange.venue.commands import Entry
from cloud.exchange.venue.venue import Venue
from cloud.exchange.writer import Writer
from tests.support.venues import OPENS_US, Pit
from wire.clock import SetClock

PIT = Pit()
"""Makes entries."""
GIVEN_UP_S = 30


class GatedJournal(Journal):
    """A real journal whose disk is as slow as the test wants."""

    gate = threading.Event()

    def commit(self, facts: Sequence[Fact]) -> None:
        assert self.gate.wait(GIVEN_UP_S)
        super().commit(facts)


class FullJournal(Journal):
    """A real journal on a disk that has no room for new orders."""

    def free_bytes(self) -> int:
        return writers.DISK_FREE_BYTES_MIN - 1


class BrokenJournal(Journal):
    """A journal whose disk fails."""

    def commit(self, facts: Sequence[Fact]) -> None:
        raise OSError("input/output error")


class Shown:
    """What a writer has shown, with the sequence that it said."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.news = asyncio.Event()

    def __call__(self, first: int, facts: Sequence[Fact]) -> None:
        self.facts += facts
        self.news.set()

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if type(fact) is kind]


@asynccontextmanager
async def running(
    folder: Path,
    clock: SetClock | None = None,
    shown: Shown | None = None,
    kind: type[Journal] = Journal,
) -> AsyncIterator[tuple[Writer, Venue, Journal]]:
    """Start a writer on what the last one left; stop it at the end of the block."""
    journal, venue = kind(folder), Venue()
    if isinstance(journal, GatedJournal):
        journal.gate.set()
    try:
        recover(journal, venue)
        writer = Writer(venue, journal, clock or SetClock(OPENS_US), shown or Shown())
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(writer.run())
            yield writer, venue, journal
            task.cancel()
    finally:
        journal.close()


def bid(price_ticks: int = 100, steps: int = 5, client_order_id: str = "") -> Entry:
    return PIT.entry("ada", Side.BUY, price_ticks, steps, client_order_id=client_order_id)


def in_journal(folder: Path) -> list[list[Fact]]:
    journal = Journal(folder)
    frames = list(journal.recover())
    journal.close()
    return [list(frame.facts) for frame in frames]


async def turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
