"""Who does the work that only one hub shall do: a row with a holder and an end."""

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.telemetry import tables
from cloud.kernel.database import upsert


async def take(
    connection: AsyncConnection, name: str, holder: str, now_us: int, for_us: int
) -> bool:
    """Hold the lease `name` for another `for_us`; False: somebody else has it.

    Whoever holds it may take it again before its end. A holder that died loses it at its end.
    """
    c = tables.lease.c
    await upsert(
        connection,
        tables.lease,
        [{"name": name, "holder": holder, "until_us": now_us + for_us}],
        change=lambda new: {"holder": new.holder, "until_us": new.until_us},
        only_if=lambda new: or_(c.holder == new.holder, c.until_us <= now_us),
    )
    found = await connection.scalar(select(c.holder).where(c.name == name))
    return bool(found == holder)
