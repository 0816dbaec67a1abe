"""cloud.exchange.read.projection: each fact is in the read model once, whatever stops it when."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.facts import Fact, Halted, Resumed, TradeMoved
from cloud.exchange.journal.errors import Fenced, JournalUnusable
from cloud.exchange.matching.codes import TradeState
from cloud.exchange.read import fetching, supervision, writing
from cloud.exchange.read import projection as module
from cloud.exchange.read.projection import Behind, rebuild
from cloud.kernel import audit
from cloud.kernel.database import Database
from cloud.kernel.errors import Unavailable
from cloud.portfolio import service as portfolio
from tests.support.read_model import (
    AT_US,
    BUY,
    HANDEL,
    QUARTER,
    SELL,
    WERK,
    Chronicle,
    entered,
    names,
    picture,
    projected,
    traded,
    withdrawn,
)


def morning() -> list[list[Fact]]:
    """Return a sale, a purchase of most of it, its recall, a halt and the end of it."""
    sale = entered(1, WERK, SELL, 8_550, 30)
    purchase = entered(2, HANDEL, BUY, 8_600, 20)
    waiting = entered(3, HANDEL, BUY, 8_000, 5)
    moved = TradeMoved(
        AT_US, 1, TradeState.RECALL_ASKED, "werk", "a mistake", QUARTER, AT_US, 8_550, 20, False
    )
    return [
        [*names(), sale],
        [purchase, traded(1, sale, purchase, 20), waiting],
        [moved, moved._replace(state=TradeState.RECALLED, by="key-7")],
        [withdrawn(3, 5, by="key-7"), Halted(AT_US, "area", "AT", "key-7", "storm")],
        [Resumed(AT_US + 1, "area", "AT", "key-8", "over")],
    ]


async def positions(database: Database) -> list[tuple[str, str | None, int, int, int, int]]:
    async with database.reading() as connection:
        found = await portfolio.positions(connection, from_us=0, to_us=2**60)
    return [(p.account, p.site, p.net_kw, p.sold_wh, p.bought_wh, p.cash) for p in found]


async def audited(database: Database) -> list[tuple[str, str, str]]:
    async with database.reading() as connection:
        found = await audit.newest(connection)
    assert [row.entry.account for row in found if row.entry.key_id == "werk"] in ([], [""])
    return [(row.entry.key_id, row.entry.action, row.entry.subject) for row in found]


async def test_a_trade_is_in_the_positions_of_both_owners_and_a_recall_takes_it_out_again(
    database: Database,
) -> None:
    commits = morning()
    await projected(database, Chronicle(*commits[:2]))
    cash = 20 * 25_000 * 8_550
    assert await positions(database) == [
        ("handel", None, -2_000, 0, 500_000, -cash),
        ("werk", "werk-sued", 2_000, 500_000, 0, cash),
    ]
    await projected(database, Chronicle(*commits))
    assert await positions(database) == [
        ("handel", None, 0, 0, 0, 0),
        ("werk", "werk-sued", 0, 0, 0, 0),
    ]


async def test_what_was_read_before_a_stop_is_not_read_again(database: Database) -> None:
    chronicle = Chronicle()
    for commit in morning():
        chronicle.commit(*commit)
        for _ in range(2):
            await projected(database, chronicle)
    in_steps = await picture(database)
    await rebuild(database, fence=1)
    assert all(not rows for rows in (await picture(database)).values())
    await projected(database, chronicle)
    assert await picture(database) == in_steps
    assert len(in_steps["venue_order"]) == 3


async def test_the_cut_into_transactions_changes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Chronicle(*morning())
    await projected(database, whole)
    at_once = await picture(database)
    monkeypatch.setattr(module, "FACTS_MAX", 1)
    await rebuild(database, fence=1)
    await projected(database, whole)
    assert await picture(database) == at_once


async def test_a_transaction_that_fails_leaves_no_trace_and_is_done_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chronicle = Chronicle(*morning())

    async def power_cut(*_: object) -> None:
        raise ConnectionResetError("the database went away")

    projection = chronicle.projection(database)
    await projection.open()
    with monkeypatch.context() as broken:
        broken.setattr(portfolio, "apply", power_cut)
        with pytest.raises(Unavailable):
            await projection.catch_up()
    assert all(not rows for rows in (await picture(database)).values())
    await projection.catch_up()
    assert len((await picture(database))["venue_trade"]) == 1


@pytest.mark.parametrize("committed", [False, True])
async def test_a_database_that_goes_away_and_comes_back_stops_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, *, committed: bool
) -> None:
    """Also where it had committed, and only its answer was lost."""
    chronicle, transaction = Chronicle(*morning()), database.transaction
    projection = chronicle.projection(database)
    await projection.open()
    left = 2

    @asynccontextmanager
    async def goes_away() -> AsyncIterator[AsyncConnection]:
        nonlocal left
        left -= 1
        if left >= 0 and not committed:
            raise Unavailable("the database does not answer")
        async with transaction() as connection:
            yield connection
        if left >= 0:
            raise Unavailable("the database does not answer")

    monkeypatch.setattr(module, "RETRY_S", 0)
    monkeypatch.setattr(database, "transaction", goes_away)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(projection.run())
        async with asyncio.timeout(30):
            while projection.sequence < chronicle.last:
                with suppress(Behind):  # a slow machine needs more than one try
                    await projection.caught_up()
        running.cancel()
    monkeypatch.undo()
    assert projection.sequence == chronicle.last
    told = await picture(database)
    await rebuild(database, fence=1)
    await projected(database, chronicle)
    assert told == await picture(database)


async def test_an_older_writer_can_project_nothing_once_a_newer_one_has_opened(
    database: Database,
) -> None:
    commits = morning()
    chronicle = Chronicle(*commits[:1])
    old = chronicle.projection(database, fence=4)
    await old.open()
    await old.catch_up()
    await chronicle.projection(database, fence=5).open()
    before = await picture(database)
    chronicle.commit(*commits[1])
    with pytest.raises(Fenced, match="writer 4 is not the newest"):
        await old.catch_up()
    with pytest.raises(Fenced):
        await chronicle.projection(database, fence=4).open()
    with pytest.raises(Fenced):
        await rebuild(database, fence=4)
    assert await picture(database) == before


async def test_two_projections_of_one_writer_count_each_fact_once(database: Database) -> None:
    chronicle = Chronicle(*morning())
    one, two = chronicle.projection(database), chronicle.projection(database)
    await one.open()
    await two.open()
    await one.catch_up()
    before = await picture(database)
    with pytest.raises(Fenced):
        await two.catch_up()
    assert await picture(database) == before


async def test_a_journal_that_ends_before_the_read_model_is_refused(database: Database) -> None:
    commits = morning()
    await projected(database, Chronicle(*commits))
    with pytest.raises(JournalUnusable, match="do not belong together"):
        await Chronicle(*commits[:2]).projection(database).open()


async def test_a_fact_about_an_order_that_nobody_entered_stops_the_projection(
    database: Database,
) -> None:
    chronicle = Chronicle(names(), [withdrawn(99, 1)])
    with pytest.raises(JournalUnusable, match="order 99 is not in the read model"):
        await projected(database, chronicle)


async def test_the_audit_log_says_who_did_what_once_and_also_after_a_rebuild(
    database: Database,
) -> None:
    chronicle = Chronicle(*morning())
    await projected(database, chronicle)
    told = await audited(database)
    assert told == [
        ("key-8", "exchange.resume", "area AT"),
        ("key-7", "exchange.halt", "area AT"),
        ("key-7", "order.delete", "order 3 of handel"),
        ("key-7", "trade.RGRA", "trade 1"),
        ("werk", "trade.RREQ", "trade 1"),
    ]
    await rebuild(database, fence=1)
    await projected(database, chronicle)
    assert await audited(database) == told


async def test_many_orders_that_one_person_deletes_make_one_row_in_the_audit_log(
    database: Database,
) -> None:
    orders = [entered(number, WERK, SELL, 8_550, 1) for number in range(1, 51)]
    deleted = [withdrawn(order.order_id, 1, by="key-7") for order in orders]
    await projected(database, Chronicle([*names(), *orders], deleted))
    async with database.reading() as connection:
        (row,) = await audit.newest(connection)
    assert (row.entry.subject, row.entry.result) == ("order 1 of werk", "50 orders")


async def test_a_halt_is_in_force_until_it_is_lifted(database: Database) -> None:
    commits = morning()
    await projected(database, Chronicle(*commits[:4]))
    async with database.reading() as connection:
        (halt,) = await supervision.halts(connection, only_in_force=True)
    assert (halt.scope, halt.value, halt.who, halt.reason) == ("area", "AT", "key-7", "storm")
    await projected(database, Chronicle(*commits))
    async with database.reading() as connection:
        assert not await supervision.halts(connection, only_in_force=True)
        (halt,) = await supervision.halts(connection)
    assert (halt.resumed_us, halt.resumed_by, halt.resumed_reason) == (AT_US + 1, "key-8", "over")


async def test_the_names_of_old_contracts_and_owners_are_fetched_when_they_were_forgotten(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "NAMES_MAX", 1)
    monkeypatch.setattr(module, "FACTS_MAX", 1)
    await projected(database, Chronicle(*morning()))
    forgetful = await picture(database)
    monkeypatch.undo()
    await rebuild(database, fence=1)
    await projected(database, Chronicle(*morning()))
    assert await picture(database) == forgetful


async def test_all_is_cleared_that_is_made(database: Database) -> None:
    await projected(database, Chronicle(*morning()))
    async with database.transaction() as connection:
        await writing.clear(connection)
        await portfolio.clear(connection)
    assert all(not rows for rows in (await picture(database)).values())
