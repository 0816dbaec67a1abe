"""Requests for commands by the id that their sender gave them: what is sent twice is asked once.

The id is the sender's, of one API key. The first request under it issues commands, and its answer
is kept in the same transaction; the same request again gets that answer, refusals in it too. What
issued nothing at all is not kept: it may be put right and sent again under its id.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.operation import tables
from cloud.kernel.database import insert_or_ignore
from cloud.kernel.errors import Refused, TooMany

_HOUR_US = 3_600 * 1_000_000
KEPT_US = 48 * _HOUR_US
"""How long an answer is kept."""
KEPT_MAX = 10_000
"""Requests of a key within that time; more are refused, for none may be forgotten."""
_RETRY_S = 3_600
_NONE_YET = ""
"""The answer of a row that its own transaction has not yet come to: nobody else can see one."""


@dataclass(frozen=True, slots=True)
class Request:
    """Whose request it is, what they call it, and a hash of what it asks."""

    key_id: str
    id: str
    sha256: str


def hash_of(body: Mapping[str, object]) -> str:
    """Return the SHA-256 of a request, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode("ascii")).hexdigest()


async def first_answer(connection: AsyncConnection, request: Request, now_us: int) -> str | None:
    """Return what was answered to this request before; None: it is the first, and is now known.

    Of two at once, the second waits until the first is committed. Whoever hears None calls `keep`
    in the same transaction.

    Raises:
        Refused: CLIENT_COMMAND_ID_USED, for something else.
        TooMany: `KEPT_MAX`.
    """
    row = {
        "key_id": request.key_id,
        "id": request.id,
        "sha256": request.sha256,
        "at_us": now_us,
        "answer": _NONE_YET,
    }
    await insert_or_ignore(connection, tables.command_request, [row])
    query = select(tables.command_request).where(_is(request))
    known = (await connection.execute(query)).one()
    if known.sha256 != request.sha256:
        raise Refused(
            "CLIENT_COMMAND_ID_USED",
            f"client_command_id: {request.id!r} was used for something else; a new one is expected",
        )
    if known.answer != _NONE_YET:
        return str(known.answer)
    await _check_room(connection, request.key_id)
    return None


async def keep(connection: AsyncConnection, request: Request, answer: str) -> None:
    """Keep the answer to a request that was the first."""
    await connection.execute(
        update(tables.command_request).where(_is(request)).values(answer=answer)
    )


async def forget_old(connection: AsyncConnection, now_us: int) -> int:
    """Forget the answers that were kept for their time; return how many."""
    old = tables.command_request.c.at_us <= now_us - KEPT_US
    return (await connection.execute(delete(tables.command_request).where(old))).rowcount


async def _check_room(connection: AsyncConnection, key_id: str) -> None:
    mine = tables.command_request.c.key_id == key_id
    query = select(func.count()).select_from(tables.command_request).where(mine)
    if (await connection.scalar(query) or 0) > KEPT_MAX:
        raise TooMany(
            f"at most {KEPT_MAX} requests with a client_command_id in"
            f" {KEPT_US // _HOUR_US} hours are allowed",
            _RETRY_S,
        )


def _is(request: Request) -> ColumnElement[bool]:
    c = tables.command_request.c
    return and_(c.key_id == request.key_id, c.id == request.id)
