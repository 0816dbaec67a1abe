"""cloud.exchange.upgrade: a journal of the first version goes on in one of today."""

from pathlib import Path

import pytest

from cloud.exchange import journal_v1
from cloud.exchange import records_v1 as records
from cloud.exchange.facts import Traded
from cloud.exchange.journal import snapshot
from cloud.exchange.journal.errors import JournalUnusable
from cloud.exchange.journal.files import Files
from cloud.exchange.journal.journal import Journal
from cloud.exchange.journal.snapshot import Snapshot
from cloud.exchange.matching.codes import Side
from cloud.exchange.records_v1 import Placed, Record
from cloud.exchange.recovery import recover
from cloud.exchange.upgrade import upgrade
from cloud.exchange.venue.venue import Venue
from cloud.market.contracts import Contract
from tests.support.exchange import NOON_US, contract
from tests.support.journals import flat

BEGIN_US = NOON_US - 3_600_000_000
RECORDED = Path(__file__).parent / "data" / "first_version.jsonl"
"""What the last program of the first version wrote of three traders; a line is a commit."""


def nothing(market: str, start_us: int, end_us: int) -> Contract | None:
    return None


def known(market: str, start_us: int, end_us: int) -> Contract | None:
    return contract(start_us)


def first_version(path: Path, commits: int) -> list[Record]:
    """Write what the program of then had written down; return it."""
    everything: list[Record] = []
    journal = journal_v1.Journal(path)
    list(journal.recover())
    for line in RECORDED.read_bytes().splitlines()[:commits]:
        batch = records.decode(line)
        journal.commit(batch)
        everything += batch
    journal.close()
    return everything


def resting(everything: list[Record]) -> dict[tuple[str, int], list[tuple[int, int, int, int]]]:
    """Return what rested in each book then: buys first, each side in price-time priority."""
    books: dict[tuple[str, int], list[tuple[int, int, int, int]]] = {}
    for one, steps in left_of(everything).values():
        if steps:
            row = one.order_id, int(one.side), one.price_ticks, steps
            books.setdefault((one.market, one.start_us), []).append(row)
    for book in books.values():
        book.sort(key=lambda row: (row[1], row[2] if row[1] else -row[2], row[0]))
    return books


def left_of(everything: list[Record]) -> dict[int, tuple[Placed, int]]:
    """Return the orders that had not ended, or were filled, and what had not traded of each."""
    left: dict[int, tuple[Placed, int]] = {}
    for record in everything:
        if isinstance(record, Placed):
            for trade in record.trades:
                maker, steps = left[trade.maker_id]
                left[trade.maker_id] = maker, steps - trade.quantity_steps
            if record.ending is None:
                left[record.order_id] = record, record.quantity_steps - record.filled_steps
        elif isinstance(record, records.Withdrawn):
            del left[record.order_id]
        elif isinstance(record, records.Closed):
            for order_id in record.expired:
                del left[order_id]
    return left


def placed(order_id: int, account: str, of: Contract) -> Placed:
    return Placed(
        BEGIN_US,
        order_id,
        account,
        None,
        None,
        of.market,
        of.start_us,
        of.closes_us,
        of.rule.step_kw,
        of.wh_per_step,
        Side.BUY,
        5,
        3,
        records.Execution.REST,
        (),
        None,
    )


def recovered(folder: Path) -> Venue:
    journal, venue = Journal(folder), Venue()
    recover(journal, venue)
    journal.close()
    return venue


@pytest.mark.parametrize("lookup", [nothing, known])
def test_orders_trades_answers_and_numbers_stay(tmp_path: Path, lookup: object) -> None:
    old, folder = tmp_path / "exchange.journal", tmp_path / "journal"
    everything = first_version(old, 405)
    assert upgrade(old, folder, known if lookup is known else nothing)

    journal = Journal(folder)
    facts = flat(list(journal.recover()))
    journal.close()
    before = [
        (t.trade_id, t.maker_id, r.order_id, t.price_ticks, t.quantity_steps)
        for r in everything
        if isinstance(r, Placed)
        for t in r.trades
    ]
    assert [
        tuple(f)[1:2] + (f.maker_id, f.taker_id, *f[3:5]) for f in facts if isinstance(f, Traded)
    ] == before
    assert len(before) > 50

    venue = recovered(folder)
    before_books = resting(everything)
    assert sum(map(len, before_books.values())) > 10
    assert {
        (key[0], key[1]): [
            (o.order_id, int(o.side), o.price_ticks, o.open_steps) for o in stall.book.in_priority()
        ]
        for key, stall in venue.desk.numbers.items()
        if any(stall.book.in_priority())
    } == before_books
    for record in everything:
        if isinstance(record, Placed) and record.client_order_id:
            answer = venue.desk.answers.known(record.account, record.client_order_id)
            assert answer is not None
            assert (answer.order_id, answer.filled_steps) == (record.order_id, record.filled_steps)


def test_gates_of_one_instant_may_have_closed_in_another_order(tmp_path: Path) -> None:
    """By name of their market then, by number of their contract now."""
    old, folder = tmp_path / "exchange.journal", tmp_path / "journal"
    journal = journal_v1.Journal(old)
    list(journal.recover())
    journal.commit([placed(1, "ada", contract(market="ZZ"))])
    journal.commit([placed(2, "bob", contract(market="AA"))])
    journal.commit([records.Closed(NOON_US, "AA", NOON_US, (2,))])
    journal.commit([records.Closed(NOON_US, "ZZ", NOON_US, (1,))])
    journal.close()
    assert upgrade(old, folder, nothing)
    desk = recovered(folder).desk
    assert not desk.orders
    assert not desk.numbers


def test_it_is_read_once(tmp_path: Path) -> None:
    old, folder = tmp_path / "exchange.journal", tmp_path / "journal"
    assert not upgrade(old, folder, nothing), "a new installation has nothing to be read"
    first_version(old, 50)
    (tmp_path / "journal.upgrade").mkdir()
    (tmp_path / "journal.upgrade" / "left by a kill").touch()
    assert upgrade(old, folder, nothing)
    content = old.read_bytes()
    assert not upgrade(old, folder, nothing)
    assert old.read_bytes() == content
    assert not (tmp_path / "journal.upgrade").exists()


def test_what_is_left_of_a_journal_is_not_thrown_away_for_an_old_file(tmp_path: Path) -> None:
    old, folder = tmp_path / "exchange.journal", tmp_path / "journal"
    first_version(old, 50)
    folder.mkdir()
    left = snapshot.write(folder, Snapshot(70, Venue().dump()), Files())
    assert not upgrade(old, folder, nothing)
    assert left.exists()
    with pytest.raises(JournalUnusable, match="facts 71 to the end are missing"):
        recovered(folder)


def test_a_damaged_file_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    old, folder = tmp_path / "exchange.journal", tmp_path / "journal"
    first_version(old, 50)
    content = bytearray(old.read_bytes())
    content[len(content) // 2] ^= 1
    old.write_bytes(content)
    with pytest.raises(JournalUnusable, match="damaged at byte"):
        upgrade(old, folder, nothing)
    assert not folder.exists()
    assert old.read_bytes() == content


def test_what_would_not_happen_today_is_refused_with_one_line(tmp_path: Path) -> None:
    old, folder = tmp_path / "exchange.journal", tmp_path / "journal"
    everything = first_version(old, 200)
    traded = next(r for r in everything if isinstance(r, Placed) and r.trades)
    at = everything.index(traded)
    odd = traded.with_outcome(traded.trades[:-1], traded.ending)
    (tmp_path / "odd").mkdir()
    journal = journal_v1.Journal(tmp_path / "odd" / "journal")
    list(journal.recover())
    journal.commit([*everything[:at], odd])
    journal.close()
    with pytest.raises(JournalUnusable, match="today's rules would have decided otherwise"):
        upgrade(tmp_path / "odd" / "journal", folder, nothing)
    assert not folder.exists()
