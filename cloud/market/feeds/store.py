"""How far back-fills are, in the database; the newest of each thing that is asked for."""

from datetime import date

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel.database import upsert
from cloud.market.feeds.fill import Fill
from cloud.market.feeds.states import Asked
from cloud.market.feeds.tables import fill_table
from cloud.market.series.model import Kind

ERROR_MAX = 200
_CHANGED = ("first_day", "last_day", "done", "total", "new", "begun_us", "changed_us", "error")


async def keep(connection: AsyncConnection, fill: Fill) -> None:
    """Keep how far it is, in place of what was kept before."""
    row = {
        "source": fill.asked.source,
        "kind": fill.asked.kind.value,
        "area": fill.asked.area,
        "detail": fill.asked.detail,
        "first_day": fill.first.isoformat(),
        "last_day": fill.last.isoformat(),
        "done": fill.done,
        "total": fill.total,
        "new": fill.new,
        "begun_us": fill.begun_us,
        "changed_us": fill.changed_us,
        "error": fill.error[:ERROR_MAX],
    }
    await upsert(
        connection,
        fill_table,
        [row],
        lambda new: {name: new[name] for name in _CHANGED},
        lambda _new: true(),
    )


async def fills(connection: AsyncConnection, limit: int) -> list[Fill]:
    """Return the back-fills, the one that moved last first."""
    query = select(fill_table).order_by(fill_table.c.changed_us.desc()).limit(limit)
    return [
        Fill(
            asked=Asked(row.source, row.area, Kind(row.kind), row.detail),
            first=date.fromisoformat(row.first_day),
            last=date.fromisoformat(row.last_day),
            done=row.done,
            total=row.total,
            new=row.new,
            begun_us=row.begun_us,
            changed_us=row.changed_us,
            error=row.error,
        )
        for row in await connection.execute(query)
    ]
