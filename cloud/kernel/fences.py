"""Who may do what only one process may do: a row with a holder, an end, and a number that rises.

The number is what makes it safe. A holder that slept through his end does not know it; whatever
keeps what he writes compares numbers, and takes nothing from an older one.
"""

from sqlalchemy import BigInteger, Column, String, Table, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel.database import metadata, upsert

HOLDER_MAX = 200

fence = Table(
    "fence",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("holder", String(HOLDER_MAX), nullable=False),
    Column("until_us", BigInteger, nullable=False),
)


async def take(
    connection: AsyncConnection, name: str, holder: str, now_us: int, for_us: int, number_min: int
) -> int | None:
    """Take `name` over for `for_us`; return the new number, None: another holds it.

    Args:
        holder: who asks; the same one may take it again before its end, and gets a new number.
        number_min: the new number is at least this, whatever the row says: it may be an old copy.
    """
    c = fence.c
    await upsert(
        connection,
        fence,
        [{"name": name, "number": number_min, "holder": holder, "until_us": now_us + for_us}],
        change=lambda new: {
            "number": case((c.number >= new.number, c.number + 1), else_=new.number),
            "holder": new.holder,
            "until_us": new.until_us,
        },
        only_if=lambda new: or_(c.holder == new.holder, c.until_us <= now_us),
    )
    row = (await connection.execute(select(c.holder, c.number).where(c.name == name))).one()
    return int(row.number) if row.holder == holder else None


async def renew(
    connection: AsyncConnection, name: str, number: int, now_us: int, for_us: int
) -> bool:
    """Hold `name` for another `for_us`; False: another has taken it over, for good."""
    c = fence.c
    renewed = await connection.execute(
        update(fence).where(c.name == name, c.number == number).values(until_us=now_us + for_us)
    )
    return bool(renewed.rowcount)


async def release(connection: AsyncConnection, name: str, number: int) -> None:
    """Let go: whoever wants it need not wait for the end."""
    c = fence.c
    await connection.execute(
        update(fence).where(c.name == name, c.number == number).values(until_us=0)
    )
