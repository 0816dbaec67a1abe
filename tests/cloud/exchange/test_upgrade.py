"""cloud.exchange.upgrade: a journal of the first version goes on in one of today."""

from pathlib import Path
from random import Random

import pytest

from cloud.exchange import journal_v1
from cloud.exchange.book import Execution, Side
from cloud.exchange.facts import Traded
from cloud.exchange.floor import Floor
from cloud.exchange.journal import snapshot
from cloud.exchange.journal.errors import JournalUnusable
from cloud.exchange.journal.files import Files
from cloud.exchange.journal.journal import Journal
from cloud.exchange.journal.snapshot import Snapshot
from cloud.exchange.records import Placed, Record
from cloud.exchange.recovery import recover
from cloud.exchange.upgrade import upgrade
from cloud.exchange.venue.venue import Venue
from cloud.market.contracts import Contract
from tests.support.exchange import NOON_US, contract, order
from tests.support.journals import flat
from wire.clock import QUARTER_HOUR_US

BEGIN_US = NOON_US - 3_600_000_000


def nothing(market: str, start_us: int, end_us: int) -> Contract | None:
    return None


def known(market: str, start_us: int, end_us: int) -> Contract | None:
    return contract(start_us)


def first_version(path: Path, messages: int, seed: int = 3) -> tuple[Floor, list[Record]]:
    """Trade with the program of then; return its floor, and all that it wrote down."""
    floor, journal, chance = Floor(), journal_v1.Journal(path), Random(seed)
    everything: list[Record] = []
    list(journal.recover())
    for number in range(messages):
        at_us = BEGIN_US + number * 10_000_000
        happened: list[Record] = list(floor.close(at_us))
        if number % 9 == 8:
            for account in ("ada", "bob", "cyd"):
                back = floor.withdraw(account, chance.randint(1, number), at_us)
                happened += [] if back is None else [back]
        else:
            of = contract(NOON_US + chance.randint(-2, 2) * QUARTER_HOUR_US)
            happened.append(
                floor.place(
                    order(
                        chance.choice(("ada", "bob", "cyd")),
                        chance.choice((Side.BUY, Side.SELL)),
                        chance.choice((None, *range(-5, 6))),
                        chance.randint(1, 12),
                        execution=chance.choice(list(Execution)),
                        client_order_id=chance.choice((None, f"mine-{number}")),
                        site=chance.choice((None, "werk")),
                        of=of,
                    ),
                    at_us,
                )
            )
        if happened:
            journal.commit(happened)
        everything += happened
    journal.close()
    return floor, everything


def recovered(folder: Path) -> Venue:
    journal, venue = Journal(folder), Venue()
    recover(journal, venue)
    journal.close()
    return venue


@pytest.mark.parametrize("lookup", [nothing, known])
def test_orders_trades_answers_and_numbers_stay(tmp_path: Path, lookup: object) -> None:
    old, folder = tmp_path / "exchange.journal", tmp_path / "journal"
    floor, everything = first_version(old, 450)
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
    resting = {
        (key[0], key[1]): [
            (o.order_id, int(o.side), o.price_ticks, o.quantity_steps)
            for o in stall.book.in_priority()
        ]
        for key, stall in floor.stalls.items()
    }
    assert sum(map(len, resting.values())) > 10
    assert {
        (key[0], key[1]): [
            (o.order_id, int(o.side), o.price_ticks, o.open_steps) for o in stall.book.in_priority()
        ]
        for key, stall in venue.desk.numbers.items()
    } == resting
    for record in everything:
        if isinstance(record, Placed) and record.client_order_id:
            answer = venue.desk.answers.known(record.account, record.client_order_id)
            assert answer is not None
            assert (answer.order_id, answer.filled_steps) == (record.order_id, record.filled_steps)


def test_gates_of_one_instant_may_have_closed_in_another_order(tmp_path: Path) -> None:
    """By name of their market then, by number of their contract now."""
    old, folder = tmp_path / "exchange.journal", tmp_path / "journal"
    floor, journal = Floor(), journal_v1.Journal(old)
    list(journal.recover())
    for market, account in (("ZZ", "ada"), ("AA", "bob")):
        of = contract(market=market)
        journal.commit([floor.place(order(account, Side.BUY, 5, 3, of=of), BEGIN_US)])
    closed = list(floor.close(NOON_US))
    assert [record.market for record in closed] == ["AA", "ZZ"]
    journal.commit(closed[:1])
    journal.commit(closed[1:])
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
    _, everything = first_version(old, 200)
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
