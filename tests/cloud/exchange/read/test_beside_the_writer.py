"""cloud.exchange.read.projection: beside the real writer, and killed again and again."""

import asyncio
import signal
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import pytest

from cloud.exchange.facts import Fact
from cloud.exchange.journal.journal import Journal
from cloud.exchange.journal.reading import Follower
from cloud.exchange.matching.codes import State
from cloud.exchange.read import store
from cloud.exchange.read.projection import JOURNAL_TOPIC, Behind, Projection
from cloud.exchange.recovery import recover
from cloud.exchange.venue.commands import Switch
from cloud.exchange.venue.venue import Venue
from cloud.exchange.writer import Writer
from cloud.kernel.bus import Bus
from cloud.kernel.database import Database, open_database
from tests.support import projecting_process
from tests.support.forked import Forked
from tests.support.projecting_process import DONE
from tests.support.read_model import Chronicle, picture, projected
from tests.support.venues import BUY, OPENS_US, SELL, Pit
from wire.clock import SetClock

COMMIT_FACTS_MAX = 12
TRANSACTIONS_MAX = 20
"""Before each kill; so few that the journal is not done with all of them."""
GIVEN_UP_S = 60


def written(folder: Path, facts: list[Fact], random: Random) -> Chronicle:
    """Write facts as a journal and return its commits."""
    journal, chronicle = Journal(folder), Chronicle()
    try:
        recover(journal, Venue())
        rest = facts
        while rest:
            size = random.randint(1, COMMIT_FACTS_MAX)
            journal.commit(rest[:size])
            chronicle.commit(*rest[:size])
            rest = rest[size:]
    finally:
        journal.close()
    return chronicle


def trading(orders: int) -> list[Fact]:
    """Return what a venue makes of orders, some of which are deleted again."""
    pit, random = Pit(), Random(11)
    for number in range(1, orders + 1):
        account = random.choice(("ada", "ben", "cem"))
        side = random.choice((BUY, SELL))
        pit.enter(account, side, 5_000 + random.randint(-3, 3), random.randint(1, 9))
        if random.random() < 0.3:
            owner = random.choice(("ada", "ben", "cem"))
            pit.give(Switch(account=owner, order_id=random.randint(1, number), to=State.INACTIVE))
    return pit.past


async def test_whoever_has_an_answer_finds_the_order_in_the_read_model(
    database: Database, tmp_path: Path
) -> None:
    pit, bus = Pit(), Bus()
    journal, venue = Journal(tmp_path / "journal"), Venue()
    recover(journal, venue)
    writer = Writer(venue, journal, SetClock(OPENS_US), lambda *_: bus.wake(JOURNAL_TOPIC))
    follower = Follower(tmp_path / "journal")
    projection = Projection(
        follower, lambda: writer.committed_until, database, bus, fence=journal.fence
    )
    try:
        await projection.open()
        async with asyncio.TaskGroup() as tasks:
            started = [tasks.create_task(writer.run()), tasks.create_task(projection.run())]
            for number in range(20):
                side = SELL if number % 2 else BUY
                entry = pit.entry(f"trader-{number % 3}", side, 5_000, 5)
                (answer,) = await writer.ask(entry)
                async with asyncio.timeout(GIVEN_UP_S):
                    while projection.sequence < writer.committed_until:
                        with suppress(Behind):  # a slow machine needs more than one try
                            await projection.caught_up()
                async with database.reading() as connection:
                    order = await store.order(connection, answer.order_id)
                assert order is not None
                assert order.filled_steps == answer.filled_steps
            for task in started:
                task.cancel()
    finally:
        follower.close()
        journal.close()


@pytest.mark.parametrize(
    ("orders", "kills"), [(250, 3), pytest.param(1_500, 12, marks=pytest.mark.slow)]
)
async def test_a_projection_that_is_killed_at_any_moment_counts_each_fact_once(
    tmp_path: Path, orders: int, kills: int
) -> None:
    random = Random(3)
    folder, url = tmp_path / "journal", f"sqlite+aiosqlite:///{tmp_path / 'killed.sqlite3'}"
    chronicle = written(folder, trading(orders), random)
    for fence in range(1, kills + 1):
        started = projecting_process.started(folder, chronicle.last, url, fence)
        if DONE in await asyncio.to_thread(said, *started, random.randint(1, TRANSACTIONS_MAX)):
            break  # it ran through before anybody came to kill it
    started = projecting_process.started(folder, chronicle.last, url, kills + 1)
    assert DONE in await asyncio.to_thread(said, *started, None)
    killed = await open_database(url)
    clean = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'clean.sqlite3'}")
    try:
        await projected(clean, chronicle)
        assert await picture(killed) == await picture(clean)
    finally:
        await killed.close()
        await clean.close()


def said(process: Forked, line: Connection, transactions: int | None) -> list[bytes]:
    """Return what a process says until it ends, or is killed after so many transactions."""
    words: list[bytes] = []
    with line, suppress(EOFError):
        while len(words) != transactions:
            words.append(line.recv_bytes())
        process.kill()
    assert process.wait(GIVEN_UP_S) in (-signal.SIGKILL, 0)
    return words
