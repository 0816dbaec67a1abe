"""What a client wants to hear of, read strictly. Pure.

A subscription replaces the one before. `resume` names where the client was: what it has missed
comes if it is still kept, else a snapshot.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cloud.exchange.feeds.stream import Resume
from wire import fields
from wire.clock import micros
from wire.fields import BadMessage

STARTS_MAX = 500
RESUMED_MAX = 2_000
_EPOCH_MAX = 60


class Wish(NamedTuple):
    """What a client wants to hear of; None: everything."""

    starts_us: frozenset[int] | None = None
    markets: frozenset[str] | None = None
    resume: Mapping[Any, Resume] = {}
    """Places by contract number, market or account."""


def book_wish(body: Mapping[str, Any]) -> Wish:
    """Return a wish for books: ``contracts`` are delivery starts, ``resume`` has contract ids."""
    _only(body, {"contracts", "resume"})
    starts = _texts(body, "contracts", STARTS_MAX)
    return Wish(
        starts_us=None if starts is None else frozenset(_instant(text) for text in starts),
        resume={
            fields.integer(row, "contract", "resume"): _resume(row)
            for row in _rows(body, {"contract", "epoch", "seq"})
        },
    )


def trades_wish(body: Mapping[str, Any]) -> Wish:
    """Return a wish for trades: ``markets`` by code, ``resume`` too."""
    _only(body, {"markets", "resume"})
    markets = _texts(body, "markets", STARTS_MAX)
    return Wish(
        markets=None if markets is None else frozenset(markets),
        resume={
            fields.text(row, "market", "resume"): _resume(row)
            for row in _rows(body, {"market", "epoch", "seq"})
        },
    )


def orders_wish(body: Mapping[str, Any], account: str) -> Wish:
    """Return a wish for own orders: at most one place to resume from."""
    _only(body, {"resume"})
    rows = _rows(body, {"epoch", "seq"})
    return Wish(resume={account: _resume(rows[0])} if rows else {})


def _only(document: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(document) - known)
    if unknown:
        allowed = f"known are {', '.join(sorted(known))}"
        raise BadMessage("subscribe", unknown[0], allowed)


def _rows(body: Mapping[str, Any], known: set[str]) -> list[Mapping[str, Any]]:
    if body.get("resume") is None:
        return []
    rows = fields.items(body, "resume", "subscribe", most=RESUMED_MAX)
    documents = [fields.as_document(row, "resume") for row in rows]
    for document in documents:
        _only(document, known)
    return documents


def _resume(row: Mapping[str, Any]) -> Resume:
    epoch = fields.text(row, "epoch", "resume")
    if len(epoch) > _EPOCH_MAX:
        raise BadMessage("resume.epoch", epoch, f"up to {_EPOCH_MAX} characters are expected")
    return Resume(epoch, fields.integer(row, "seq", "resume"))


def _texts(body: Mapping[str, Any], key: str, most: int) -> list[str] | None:
    if body.get(key) is None:
        return None
    found = fields.items(body, key, "subscribe", most=most)
    for value in found:
        if not isinstance(value, str):
            raise BadMessage(f"subscribe.{key}", value, "texts are expected")
    return list(found)


def _instant(text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadMessage("subscribe.contracts", text, "ISO-8601 with Z is expected") from error
    if at.tzinfo is None:
        raise BadMessage("subscribe.contracts", text, "ISO-8601 with Z is expected")
    return micros(at)
