"""cloud.exchange.matching.book on the shared stream: as drawn, around nought, over 96 contracts."""

import hashlib
import tracemalloc
from collections.abc import Sequence
from typing import Any

import pytest

from bench import order_stream
from bench.engine_flows import books, contract_of
from bench.exchange_engine import trade_sha256
from bench.order_stream import Message
from cloud.exchange.matching.book import Book
from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Order, Owner

SHIFT_TICKS = -8_500
CONTRACTS = 96
CHECKPOINTS = {
    100: (8, 212, 40, "9da9dd7ca15c1f54", "31eaf23f119b9d0d"),
    1_000: (224, 5_169, 212, "5b1a80f49831f7d3", "bbdf0ddbaf28e34a"),
    10_000: (2_682, 58_272, 1_380, "d7fb04786cb8cf72", "bd286e3ac8adf780"),
}
BYTES_PER_LIVE_ORDER_MAX = 1_000


def reference_played(stream: Sequence[Message], contracts: int) -> tuple[list[str], list[Any]]:
    """Return the trade hashes and the books that the reference makes of a stream."""
    reference = order_stream.load(order_stream.SHARED_FILE)
    played = [reference.ReferenceBook() for _ in range(contracts)]
    tallies = [reference.Tally() for _ in range(contracts)]
    for kind, order_id, side, price, quantity in stream:
        number = contract_of(order_id, contracts)
        if kind == "A":
            for trade in played[number].submit(order_id, side, price, quantity):
                tallies[number].add(trade)
        else:
            played[number].cancel(order_id)
    return [tally.sha256() for tally in tallies], played


def test_the_fills_of_the_definition_have_the_hash_of_the_definition() -> None:
    expected = "da0cfba21b041c83b471de057b7a429e7ea301256030c42dec226af208e735e7"
    assert trade_sha256([(1, 2, 8_506, 5), (3, 2, -120, 7)]) == expected


@pytest.mark.parametrize("messages", CHECKPOINTS)
def test_the_drawn_stream_trades_as_it_should_at_each_checkpoint(messages: int) -> None:
    fills, (book,) = books(order_stream.draw(messages, order_stream.SEED))()
    volume = sum(steps for _, _, _, steps in fills)
    found = (
        len(fills),
        volume,
        len(list(book.in_priority())),
        trade_sha256(fills)[:16],
        book.sha256()[:16],
    )
    assert found == CHECKPOINTS[messages]
    book.check()


@pytest.mark.shared
@pytest.mark.slow
def test_the_whole_stream_gives_the_reference_trades_and_book() -> None:
    stream, _ = order_stream.messages()
    expected = order_stream.load(order_stream.SHARED_FILE).EXPECTED
    fills, (book,) = books(stream)()
    assert trade_sha256(fills) == expected["trade_sha256"]
    assert book.sha256() == expected["book_sha256"]
    assert len(list(book.in_priority())) == expected["final_live"]
    book.check()


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(("shift_ticks", "contracts"), [(SHIFT_TICKS, 1), (0, CONTRACTS)])
def test_around_nought_and_over_many_contracts_the_reference_does_the_same(
    shift_ticks: int, contracts: int
) -> None:
    stream = order_stream.draw(60_000, order_stream.SEED)
    stream = [m._replace(price=m.price + shift_ticks if m.kind == "A" else 0) for m in stream]
    hashes, expected = reference_played(stream, contracts)
    fills, found = books(stream, contracts)()
    for number, book in enumerate(found):
        own = [fill for fill in fills if contract_of(fill[1], contracts) == number]
        assert trade_sha256(own) == hashes[number]
        assert book.sha256() == expected[number].sha256()
        book.check()
    assert all(
        contract_of(maker, contracts) == contract_of(taker, contracts)
        for maker, taker, _, _ in fills
    )


def test_an_order_in_a_book_takes_less_than_a_kilobyte() -> None:
    owner, book, orders = Owner(1, "ada"), Book(), 5_000
    tracemalloc.start()
    for number in range(orders):
        order = Order(number + 10_000, owner, 1, Side.BUY, 5_000 + number % 200, 1_000 + number)
        order.at_us = 1_800_000_000_000_000 + number
        book.submit(order, [])
    taken_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken_bytes / orders <= BYTES_PER_LIVE_ORDER_MAX


def test_the_book_hash_of_an_empty_book_is_the_hash_of_nothing() -> None:
    assert Book().sha256() == hashlib.sha256().hexdigest()
