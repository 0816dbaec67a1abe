"""cloud.exchange.projection: each record is in the read model once, whatever stops it when."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from cloud.exchange import projection as module
from cloud.exchange import store, tables
from cloud.exchange.book import Side
from cloud.exchange.engine import open_floor
from cloud.exchange.floor import Floor
from cloud.exchange.journal_v1 import Journal, JournalUnusable
from cloud.exchange.projection import JOURNAL_TOPIC, Projection
from cloud.exchange.records import Record
from cloud.kernel.bus import Bus
from cloud.kernel.database import Database
from cloud.portfolio import service as portfolio
from tests.support.exchange import NOON_US, contract, order, placed
from wire.clock import SetClock


def morning() -> list[list[Record]]:
    """Return three commits: a sale, a purchase of most of it, and the end of the day."""
    floor = Floor()
    sold = placed(floor, order("werk", Side.SELL, 8_550, 30, site="werk-sued"))
    bought = placed(floor, order("handel", Side.BUY, 8_600, 20))
    waiting = placed(floor, order("handel", Side.BUY, 8_000, 5))
    withdrawn = floor.withdraw("handel", waiting.order_id, NOON_US - 1_000_000)
    assert withdrawn is not None
    return [[sold], [bought, waiting], [withdrawn, *floor.close(NOON_US)]]


def write(path: Path, commits: Sequence[Sequence[Record]]) -> None:
    with open_floor(path, SetClock(NOON_US)) as (_, journal):
        for commit in commits:
            journal.commit(commit)


@asynccontextmanager
async def following(path: Path, database: Database) -> AsyncIterator[tuple[Projection, Journal]]:
    """Run a projection of the journal at `path`; it has caught up when the block begins."""
    bus = Bus()
    with open_floor(path, SetClock(NOON_US)) as (_, journal):
        projection = Projection(journal, database, bus)
        await projection.open()
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(projection.run())
            await projection.caught_up()
            yield projection, journal
            task.cancel()


async def picture(database: Database) -> Any:
    async with database.reading() as connection:
        orders = await connection.execute(
            select(
                tables.order.c.order_id, tables.order.c.filled_steps, tables.order.c.ending
            ).order_by(tables.order.c.order_id)
        )
        trades = await connection.scalar(select(func.sum(tables.trade.c.quantity_steps)))
        positions = await portfolio.positions(connection, from_us=0, to_us=2**60)
        return list(map(tuple, orders)), trades, [(p.account, p.net_kw, p.cash) for p in positions]


AFTERWARDS = (
    [(1, 20, "EXPIRED"), (2, 20, "FILLED"), (3, 0, "CANCELLED")],
    20,
    [("handel", -20, -20 * 250 * 8_550), ("werk", 20, 20 * 250 * 8_550)],
)


async def test_orders_trades_and_positions_are_what_the_journal_says(
    database: Database, tmp_path: Path
) -> None:
    write(tmp_path / "journal", morning())
    async with following(tmp_path / "journal", database):
        assert await picture(database) == AFTERWARDS


async def test_an_order_that_fills_completely_ends_with_its_last_trade(
    database: Database, tmp_path: Path
) -> None:
    floor = Floor()
    first = placed(floor, order("werk", Side.SELL, 100, 30))
    taken = [placed(floor, order("handel", Side.BUY, 100, n), NOON_US - n) for n in (20, 10)]
    write(tmp_path / "journal", [[first, *taken]])
    async with following(tmp_path / "journal", database), database.reading() as connection:
        row = await store.order(connection, "werk", first.order_id)
        assert row is not None
        assert (row.status, row.filled_steps, row.ended_us) == ("FILLED", 30, NOON_US - 10)


async def test_what_was_read_before_a_stop_is_not_read_again(
    database: Database, tmp_path: Path
) -> None:
    commits = morning()
    for number in range(len(commits)):
        write(tmp_path / "journal", commits[number : number + 1])
        async with following(tmp_path / "journal", database):
            pass
        async with following(tmp_path / "journal", database):
            pass
    assert await picture(database) == AFTERWARDS


async def test_a_transaction_that_fails_leaves_no_trace_and_is_done_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "journal", morning())

    async def power_cut(*_: object) -> None:
        raise ConnectionResetError("the database went away")

    with monkeypatch.context() as broken:
        broken.setattr(store, "save_place", power_cut)
        with pytest.raises(ExceptionGroup):
            async with following(tmp_path / "journal", database):
                pass
    assert await picture(database) == ([], None, [])
    async with following(tmp_path / "journal", database):
        assert await picture(database) == AFTERWARDS


async def test_many_commits_are_read_in_pieces(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRAMES_MAX", 1)
    write(tmp_path / "journal", morning())
    async with following(tmp_path / "journal", database):
        assert await picture(database) == AFTERWARDS


async def test_new_commits_are_followed_when_the_bus_says_so(
    database: Database, tmp_path: Path
) -> None:
    bus = Bus()
    with open_floor(tmp_path / "journal", SetClock(NOON_US)) as (_, journal):
        projection = Projection(journal, database, bus)
        await projection.open()
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(projection.run())
            for commit in morning():
                journal.commit(commit)
                bus.wake(JOURNAL_TOPIC)
                await projection.caught_up()
            assert await picture(database) == AFTERWARDS
            bus.close()
            await task
            await projection.caught_up()


async def test_a_journal_that_is_not_this_databases_is_refused(
    database: Database, tmp_path: Path
) -> None:
    write(tmp_path / "journal", morning())
    async with following(tmp_path / "journal", database):
        pass
    write(tmp_path / "another", morning()[:1])
    with pytest.raises(JournalUnusable, match="do not belong together"):
        async with following(tmp_path / "another", database):
            pass


async def test_the_read_model_can_be_thrown_away_and_made_again(
    database: Database, tmp_path: Path
) -> None:
    write(tmp_path / "journal", morning())
    for _ in range(2):
        async with following(tmp_path / "journal", database):
            assert await picture(database) == AFTERWARDS
        async with database.transaction() as connection:
            for table in ("exchange_order", "exchange_trade", "exchange_cursor"):
                await connection.execute(text(f"DELETE FROM {table}"))
            await connection.execute(text("DELETE FROM portfolio_position"))


async def test_contracts_of_two_markets_add_up_for_a_site(
    database: Database, tmp_path: Path
) -> None:
    floor = Floor()
    records: list[Record] = []
    for market in ("PHO", "EPEX"):
        here = contract(market=market)
        records.append(placed(floor, order("werk", Side.SELL, 1, 30, site="s", of=here)))
        records.append(placed(floor, order("handel", Side.BUY, 1, 30, of=here)))
    write(tmp_path / "journal", [records])
    async with following(tmp_path / "journal", database), database.reading() as connection:
        net_kw = await portfolio.net_kw_by_site(connection, NOON_US + 5, NOON_US + 10)
        assert net_kw == {"s": {NOON_US: 60}}
