"""Order files: what was once traded, to be traded again. Pure.

Two forms, told apart by the first line. Both are CSV in UTF-8.

*The benchmark stream*, without a head: ``kind,order,side,price,quantity``, with kind A (add) or C
(cancel; the last three are 0), side 1 (buy) or -1 (sell), price in 0.01 EUR/MWh and quantity in
0.1 MW. It has no times, and all of it is one delivery period.

*Orders of a market*, with a head that names its columns, in any order:

    at               when it came: ISO 8601 with Z or an offset; never earlier than the line before
    action           ADD, CANCEL
    order            what the file calls it; a CANCEL names an ADD before it
    side             BUY, SELL                   (of an ADD, as all that follow)
    price_eur_mwh    at most two decimals
    power_kw         whole and positive
    delivery_start   ISO 8601; with it the optional delivery_end. Without: as for the stream
    market           optional: a market code
    execution        optional: NON (default), IOC, FOK, AON
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple, TypeVar

from simulators.errors import BadInput
from simulators.prices import Side
from wire.clock import micros

STREAM_STEP_KW = 100
_CENT = Decimal("0.01")
_NEEDED = ("at", "action", "order")
_OF_AN_ADD = ("side", "price_eur_mwh", "power_kw")
_OPTIONAL = ("delivery_start", "delivery_end", "market", "execution")
_EXECUTIONS = ("NON", "IOC", "FOK", "AON")
_STREAM_SIDES = {"1": Side.BUY, "-1": Side.SELL}
_STREAM_COLUMNS = 5
_POWER_KW_MAX = 100_000_000
_T = TypeVar("_T")


class BadOrders(BadInput):
    """A line of the file cannot be used."""


class Add(NamedTuple):
    """An order is entered."""

    order: str
    side: Side
    price_eur_mwh: Decimal
    power_kw: int
    at_us: int | None = None
    """None: right after the line before."""
    market: str = ""
    start_us: int | None = None
    """Of its delivery as the file has it; None: wherever the rest of the file is traded."""
    end_us: int | None = None
    execution: str = "NON"


class Cancel(NamedTuple):
    """What rests of an order is taken back."""

    order: str
    at_us: int | None = None


Line = Add | Cancel


def lines(rows: Iterable[str]) -> Iterator[Line]:
    """Return what the lines of a file say, one after the other.

    Raises:
        BadOrders: a line says nothing, with its number, the value and what is allowed.
    """
    read = csv.reader(rows)
    number, last_us = 0, 0
    parse: Callable[[list[str]], Line] | None = None
    for number, row in enumerate(read, 1):
        if not row:
            continue
        try:
            if parse is None:
                parse = _parser(row)
                if parse is not _stream:
                    continue
            line = parse(row)
            if line.at_us is not None:
                if line.at_us < last_us:
                    raise BadOrders(f"at: {row} is earlier than the line before")
                last_us = line.at_us
        except BadOrders as error:
            raise BadOrders(f"line {number}: {error}") from error
        yield line
    if parse is None:
        raise BadOrders(f"line {number + 1}: orders are expected, and there is nothing")


def _parser(first: list[str]) -> Callable[[list[str]], Line]:
    """Return what reads the lines that follow the first, or that one too if it is a stream's."""
    if len(first) == _STREAM_COLUMNS and first[0] in {"A", "C"}:
        return _stream
    names = [name.strip() for name in first]
    known = (*_NEEDED, *_OF_AN_ADD, *_OPTIONAL)
    for name in names:
        if name not in known:
            raise BadOrders(f"column {name!r} is not allowed; {', '.join(known)} are")
    for name in (*_NEEDED, *_OF_AN_ADD):
        if name not in names:
            raise BadOrders(f"column {name} is missing")

    def parse(row: list[str]) -> Line:
        if len(row) != len(names):
            raise BadOrders(f"{len(row)} values, and {len(names)} columns")
        return _order(dict(zip(names, (text.strip() for text in row), strict=True)))

    return parse


def _stream(row: list[str]) -> Line:
    if len(row) != _STREAM_COLUMNS:
        raise BadOrders(f"{len(row)} values; kind,order,side,price,quantity are expected")
    kind, order, side, ticks, steps = row
    _one_of("kind", kind, ("A", "C"))
    if kind == "C":
        return Cancel(order)
    price = _read("price", ticks, int, "hundredths of EUR/MWh are expected")
    quantity = _read("quantity", steps, int, "a whole number of 0.1 MW is expected")
    return Add(
        order,
        _STREAM_SIDES[_one_of("side", side, tuple(_STREAM_SIDES))],
        price * _CENT,
        _power_kw("quantity", quantity * STREAM_STEP_KW),
    )


def _order(row: Mapping[str, str]) -> Line:
    at_us = _instant("at", row["at"])
    if not row["order"]:
        raise BadOrders("order: is missing")
    if _one_of("action", row["action"], ("ADD", "CANCEL")) == "CANCEL":
        return Cancel(row["order"], at_us)
    price = _read("price_eur_mwh", row["price_eur_mwh"], Decimal, "a decimal number is expected")
    if not price.is_finite() or price != round(price, 2):
        raise BadOrders(f"price_eur_mwh: {price} is not allowed; at most two decimals are")
    power_kw = _read("power_kw", row["power_kw"], int, "a whole number is expected")
    start, end = row.get("delivery_start"), row.get("delivery_end")
    if end and not start:
        raise BadOrders("delivery_end: is not allowed without delivery_start")
    return Add(
        row["order"],
        Side(_one_of("side", row["side"], tuple(Side))),
        price,
        _power_kw("power_kw", power_kw),
        at_us,
        row.get("market", ""),
        _instant("delivery_start", start) if start else None,
        _instant("delivery_end", end) if end else None,
        _one_of("execution", row.get("execution") or "NON", _EXECUTIONS),
    )


def _power_kw(key: str, power_kw: int) -> int:
    if not 0 < power_kw <= _POWER_KW_MAX:
        raise BadOrders(f"{key}: {power_kw} kW is not allowed; 1 to {_POWER_KW_MAX} kW is")
    return power_kw


def _instant(key: str, text: str) -> int:
    at = _read(key, text, datetime.fromisoformat, "ISO 8601 with Z or an offset is expected")
    if at.tzinfo is None:
        raise BadOrders(f"{key}: {text!r} is not allowed; ISO 8601 with Z or an offset is")
    return micros(at)


def _one_of(key: str, text: str, allowed: Iterable[str]) -> str:
    if text not in allowed:
        raise BadOrders(f"{key}: {text!r} is not allowed; one of {', '.join(allowed)} is")
    return text


def _read(key: str, text: str, kind: Callable[[str], _T], expected: str) -> _T:
    try:
        return kind(text)
    except (ValueError, InvalidOperation) as error:
        raise BadOrders(f"{key}: {text!r} is not allowed; {expected}") from error
