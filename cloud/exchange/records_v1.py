"""What the journal of the first version kept, for `upgrade` alone. Pure.

One record for each thing that happened, complete in itself; a JSON list, its kind first.
"""

import json
from collections.abc import Sequence
from enum import Enum
from typing import Any, NamedTuple

from cloud.exchange.matching.codes import Ending, Side


class Execution(Enum):
    """What became of the part of an order that did not trade at once."""

    REST = "GFD"
    IOC = "IOC"
    FOK = "FOK"


class Trade(NamedTuple):
    """A fill of the order that its record is about, with what is to be known of the other side."""

    trade_id: int
    maker_id: int
    maker_account: str
    maker_site: str | None
    price_ticks: int
    quantity_steps: int


class Placed(NamedTuple):
    """An order was accepted, with all that it did at once."""

    at_us: int
    order_id: int
    account: str
    client_order_id: str | None
    site: str | None
    """None: the account trades for itself, no battery stands behind it."""
    market: str
    start_us: int
    closes_us: int
    step_kw: int
    wh_per_step: int
    side: Side
    price_ticks: int
    quantity_steps: int
    execution: Execution
    trades: tuple[Trade, ...]
    ending: Ending | None
    """None while the rest of it rests in the book."""

    @property
    def filled_steps(self) -> int:
        """Return what traded at once, not what trades later."""
        return sum(trade.quantity_steps for trade in self.trades)

    def with_outcome(self, trades: tuple[Trade, ...], ending: Ending | None) -> "Placed":
        """Return the same order with another outcome; quicker than `_replace`."""
        return Placed(*self[:-2], trades, ending)


class Turned(NamedTuple):
    """An order was turned away; it never had a number."""

    at_us: int
    account: str
    client_order_id: str | None
    market: str
    start_us: int
    code: str
    text: str


class Withdrawn(NamedTuple):
    """An order was taken back by its owner."""

    at_us: int
    market: str
    start_us: int
    order_id: int
    open_steps: int


class Closed(NamedTuple):
    """A contract's gate closed; what rested in its book expired."""

    at_us: int
    market: str
    start_us: int
    expired: tuple[int, ...]
    """Order ids, in priority order."""


Record = Placed | Turned | Withdrawn | Closed
_KINDS: tuple[type[Record], ...] = (Placed, Turned, Withdrawn, Closed)
"""The index is the kind in the journal: add at the end, never change the order."""

_SIDE, _EXECUTION, _TRADES, _ENDING = (
    Placed._fields.index(name) for name in ("side", "execution", "trades", "ending")
)
_EXPIRED = Closed._fields.index("expired")


def encode(records: Sequence[Record]) -> bytes:
    """Return the text of records, one a line for the eye, a JSON list as a whole."""
    rows = (_dumps([_KINDS.index(type(record)), *record]) for record in records)
    return ("[" + ",\n".join(rows) + "]").encode("ascii")


def decode(payload: bytes) -> list[Record]:
    """Return the records in `payload`, which its CRC has already proven to be ours."""
    return [_record(row) for row in json.loads(payload)]


def _record(row: list[Any]) -> Record:
    kind, fields = _KINDS[row[0]], row[1:]
    if kind is Placed:
        fields[_SIDE] = Side(fields[_SIDE])
        fields[_EXECUTION] = Execution(fields[_EXECUTION])
        fields[_TRADES] = tuple(Trade(*trade) for trade in fields[_TRADES])
        fields[_ENDING] = None if fields[_ENDING] is None else Ending(fields[_ENDING])
    elif kind is Closed:
        fields[_EXPIRED] = tuple(fields[_EXPIRED])
    record: Record = kind._make(fields)
    return record


def _plain(value: object) -> object:
    assert isinstance(value, Execution | Ending), value
    return value.value


_dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=_plain).encode
