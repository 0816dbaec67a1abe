"""How far the read model is, and whose it is: one row, changed with whatever it vouches for.

A writer has a fencing number that rises with each one. Who opens the read model leaves his number
in the row, and each transaction of the projection says number and place: one by an older writer,
or one that was done already, finds no row to change.
"""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.journal.errors import Fenced
from cloud.exchange.read.tables import cursor
from cloud.kernel.database import insert_or_ignore

_MODEL = "model"
_AUDIT = "audit"
"""How far the audit log has been written: its rows stay when the read model is made again."""


async def claim(connection: AsyncConnection, fence: int) -> int:
    """Take the read model over; return the sequence of the last fact in it.

    Raises:
        Fenced: a newer writer has it.
    """
    start = [{"name": name, "sequence": 0, "fence": 0} for name in (_MODEL, _AUDIT)]
    await insert_or_ignore(connection, cursor, start)
    c = cursor.c
    claimed = await connection.execute(
        update(cursor).where(c.name == _MODEL, c.fence <= fence).values(fence=fence)
    )
    if not claimed.rowcount:
        raise _fenced(fence)
    return await _sequence(connection, _MODEL)


async def advance(connection: AsyncConnection, fence: int, last: int, to: int) -> None:
    """Say that all up to `to` is in it; first of all in a transaction, for it takes the lock.

    Raises:
        Fenced: a newer writer has it, or the place is not `last` any more.
    """
    c = cursor.c
    moved = await connection.execute(
        update(cursor)
        .where(c.name == _MODEL, c.fence == fence, c.sequence == last)
        .values(sequence=to)
    )
    if not moved.rowcount:
        raise _fenced(fence)


async def audited(connection: AsyncConnection) -> int:
    """Return the sequence of the last fact whose trace is in the audit log."""
    return await _sequence(connection, _AUDIT)


async def save_audited(connection: AsyncConnection, sequence: int) -> None:
    """Say that the audit log is complete up to this fact."""
    c = cursor.c
    statement = update(cursor).where(c.name == _AUDIT).values(sequence=sequence)
    await connection.execute(statement)


async def _sequence(connection: AsyncConnection, name: str) -> int:
    query = select(cursor.c.sequence).where(cursor.c.name == name)
    return int((await connection.execute(query)).scalar_one())


def _fenced(fence: int) -> Fenced:
    return Fenced(f"the read model has been taken over: writer {fence} is not the newest")
