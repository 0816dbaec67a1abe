"""A repeatable stream of orders and cancels for one book: what `exchange-engine` matches.

The file ``matching_stream.py`` beside the repository defines the stream; where it is not there,
this module draws the same messages by the same definition, with the product's own book as the
book that the draws look at. The order of the draws is part of the definition.
"""

import hashlib
import sys
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from cloud.exchange.matching.book import Book
from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.effects import Effect
from cloud.exchange.matching.order import Order, Owner

SHARED_FILE = Path(__file__).resolve().parents[2] / "shared" / "bench" / "matching_stream.py"
LENGTH = 200_000
SEED = 20261120
_PASSIVE_BELOW = 0.6
_CANCEL_BELOW = 0.9
_FIRST_PRICE = 8_500
_MEAN_DISTANCE = 15
_SIZE_MAX = 50
_SWEEP_SIZE_MAX = 150
_SWEEP_THROUGH_MAX = 3
_PRICE_MAX = 999_999


class Message(NamedTuple):
    """One line of the stream; `side` is 1 for buy and -1 for sell, and 0 in a cancel."""

    kind: str
    order_id: int
    side: int
    price: int
    quantity: int


def messages() -> tuple[Sequence[Message], str]:
    """Return the stream and where it comes from."""
    if SHARED_FILE.is_file():
        shared = load(SHARED_FILE)
        return [Message(*message) for message in shared.stream()], SHARED_FILE.name
    return draw(LENGTH, SEED), "bench.order_stream"


def sha256(stream: Sequence[Message]) -> str:
    """Return the digest of the stream's text, a line a message."""
    digest = hashlib.sha256()
    for message in stream:
        digest.update(b"%b,%d,%d,%d,%d\n" % (message[0].encode("ascii"), *message[1:]))
    return digest.hexdigest()


def load(path: Path) -> Any:
    """Import a module from a file that is no package's."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    return module


def draw(length: int, seed: int) -> list[Message]:
    """Return the first messages of the stream."""
    random, book, live = Random(seed), Book(), _Live()
    owners = {1: Owner(1, "buyer"), -1: Owner(2, "seller")}
    orders: dict[int, Order] = {}
    drawn: list[Message] = []
    order_id = 0
    for _ in range(length):
        kind = random.random()
        side = 1 if random.random() < 0.5 else -1
        if _PASSIVE_BELOW <= kind < _CANCEL_BELOW and live.ids:
            message = Message("C", live.ids[random.randrange(len(live.ids))], 0, 0, 0)
            book.withdraw(orders.pop(message.order_id))
            live.remove(message.order_id)
        else:
            order_id += 1
            opposite = book.best(_ours(-side))
            sweeps = kind >= _CANCEL_BELOW and opposite is not None
            price, quantity = (_sweep if sweeps else _passive)(random, side, opposite)
            price = min(_PRICE_MAX, max(-_PRICE_MAX, price))
            message = Message("A", order_id, side, price, quantity)
            order = Order(order_id, owners[side], 1, _ours(side), price, quantity)
            effects: list[Effect] = []
            ending = book.submit(order, effects)
            for _, maker, _, _, _ in effects:
                if not maker.open_steps:
                    live.remove(maker.order_id)
            if ending is None:
                live.add(order_id)
                orders[order_id] = order
        drawn.append(message)
    return drawn


def _passive(random: Random, side: int, opposite: int | None) -> tuple[int, int]:
    distance = 1 + int(random.expovariate(1 / _MEAN_DISTANCE))
    price = (_FIRST_PRICE if opposite is None else opposite) - side * distance
    return price, random.randint(1, _SIZE_MAX)


def _sweep(random: Random, side: int, opposite: int | None) -> tuple[int, int]:
    assert opposite is not None
    price = opposite + side * random.randint(0, _SWEEP_THROUGH_MAX)
    return price, random.randint(1, _SWEEP_SIZE_MAX)


def _ours(side: int) -> Side:
    return Side.BUY if side == 1 else Side.SELL


class _Live:
    """Open order ids; the last one moves into the gap of one that leaves."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self._places: dict[int, int] = {}

    def add(self, order_id: int) -> None:
        self._places[order_id] = len(self.ids)
        self.ids.append(order_id)

    def remove(self, order_id: int) -> None:
        place, last = self._places.pop(order_id), self.ids.pop()
        if last != order_id:
            self.ids[place], self._places[last] = last, place
