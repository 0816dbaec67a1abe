"""Orders over a socket: what a client may ask, and the seam to whoever decides it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from cloud.exchange.feeds.canonical import FLOAT_MAX, FLOAT_MIN, INTEGER_MAX
from cloud.exchange.feeds.messages import plain
from cloud.exchange.feeds.stream import Data
from cloud.kernel.auth import Principal
from cloud.kernel.bodies import once
from wire.fields import BadMessage

MESSAGE_CHARACTERS_MAX = 64 * 1024
ID_CHARACTERS_MAX = 64
IN_FLIGHT_MAX = 64
"""Requests of one socket that are not answered yet; the next ones are read later."""
ACTIONS = frozenset({"enter", "basket", "modify", "delete", "hibernate", "activate", "delete_all"})


class OrderDesk(Protocol):
    """Whoever takes orders: the same checks, codes and answers as over HTTP."""

    async def act(
        self, principal: Principal, action: str, body: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Do one of `ACTIONS`; return what is answered once it is safe on the disk.

        Args:
            body: the message without ``type`` and ``id``; its numbers are int or Decimal.

        Raises:
            HubError: it was refused; nothing was changed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """A message of a client."""

    kind: str
    id: str
    body: Mapping[str, Any]


class NotUnderstood(BadMessage):
    """A message that asks for nothing; `id` is the client's own for it, '' where it has none."""

    def __init__(self, error: BadMessage, name: object) -> None:
        Exception.__init__(self, str(error))
        self.path, self.allowed = error.path, error.allowed
        self.id = name if isinstance(name, str) and _is_id(name) else ""


def request_of(text: str) -> Request:
    """Return what a client says; numbers stay exact.

    Raises:
        NotUnderstood: it is no object with a ``type``, and an ``id`` where it asks for an action.
    """
    name: object = ""
    try:
        document = _document(text)
        kind, name = document.pop("type", None), document.pop("id", None)
        return _request(kind, name, document)
    except BadMessage as error:
        raise NotUnderstood(error, name) from error


def _document(text: str) -> dict[str, Any]:
    if len(text) > MESSAGE_CHARACTERS_MAX:
        raise BadMessage("message", text, f"at most {MESSAGE_CHARACTERS_MAX} characters")
    try:
        document = json.loads(
            text, object_pairs_hook=once, parse_float=Decimal, parse_constant=_refuse
        )
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise BadMessage("message", text, "a JSON object is expected, each name once") from error
    if not isinstance(document, dict):
        raise BadMessage("message", document, "a JSON object is expected")
    return document


def _request(kind: object, name: object, document: dict[str, Any]) -> Request:
    if not isinstance(kind, str) or (kind != "subscribe" and kind not in ACTIONS):
        raise BadMessage("type", kind, f"subscribe, or one of {', '.join(sorted(ACTIONS))}")
    if kind == "subscribe" and name is None:
        name = ""
    if not isinstance(name, str) or not _is_id(name):
        raise BadMessage("id", name, f"up to {ID_CHARACTERS_MAX} printable ASCII are expected")
    if kind in ACTIONS and not name:
        raise BadMessage("id", name, "it is needed, so that the answer can be told")
    return Request(kind, name, document)


def _is_id(name: str) -> bool:
    return len(name) <= ID_CHARACTERS_MAX and name == plain(name)


def answer(request: Request, result: Mapping[str, Any]) -> Data:
    """Return the answer to a request that was done."""
    told = signable(dict(result))
    return {"type": "answer", "id": request.id, "ok": True, "result": told}


def refusal(name: str, code: str, message: str) -> Data:
    """Return the answer to a request that changed nothing."""
    return {"type": "answer", "id": name, "ok": False, "code": code, "message": plain(message)}


def signable(value: object) -> object:
    """Return a value as it may be signed: whole numbers as integers, texts in ASCII."""
    match value:
        case bool() | None:
            return value
        case str():
            return plain(value)
        case int():
            return value if abs(value) <= INTEGER_MAX else str(value)
        case float() | Decimal():
            return _number(float(value))
        case dict():
            return {plain(str(key)): signable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [signable(inner) for inner in value]
        case _:
            return plain(str(value))


def _number(value: float) -> int | float | str:
    if value.is_integer() and abs(value) <= INTEGER_MAX:
        return int(value)
    return value if FLOAT_MIN <= abs(value) <= FLOAT_MAX else str(value)


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")
