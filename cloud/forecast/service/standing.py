"""What alarms and pins ask of a forecast, read as of an instant."""

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.forecast.pins import store as pin_store
from cloud.forecast.service import retreat
from cloud.forecast.service.retreat import Retreat, Stood
from cloud.forecast.watch import store
from cloud.kernel.database import Database
from cloud.market.areas.model import Area

ALARMS_MAX = 100
"""The newest are read: those that stand, and those whose end is not long ago, are among them."""


async def retreat_of(database: Database, area: Area, at_us: int) -> Retreat:
    """Return what is asked of a forecast of an area as of an instant.

    Raises:
        Unavailable: the database does not answer.
    """
    async with database.reading() as connection:
        stood = await _stood(connection, area)
        pin = await pin_store.at(connection, area.code, at_us)
    return retreat.of(stood, area, at_us, None if pin is None else pin.pinned)


async def is_shut(database: Database, area: Area, at_us: int) -> bool:
    """Tell whether the last price takes the place of the members of the next hours.

    Raises:
        Unavailable: the database does not answer.
    """
    async with database.reading() as connection:
        return retreat.shuts(await _stood(connection, area), at_us)


async def _stood(connection: AsyncConnection, area: Area) -> list[Stood]:
    found = await store.alarms(connection, area.code, ALARMS_MAX)
    return [Stood(one.code, one.since_us, one.ended_us) for one in found]
