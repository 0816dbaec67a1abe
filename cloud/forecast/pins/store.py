"""Pinned members in the database: a row a wish, ended and never deleted."""

from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.forecast.service.retreat import Members, Pinned
from cloud.forecast.service.tables import pin_table
from cloud.kernel.database import insert_or_ignore

_p = pin_table.c


class Pin(NamedTuple):
    """What a person has wished for an area."""

    area: str
    since_us: int
    until_us: int
    """Half-open: the end of a local day."""
    ended_us: int | None
    """When it was taken back, or had run out; None: it may still be in force."""
    members: Members
    without: tuple[str, ...]
    account: str
    key_id: str
    reason: str

    @property
    def pinned(self) -> Pinned:
        until_us = self.until_us if self.ended_us is None else min(self.until_us, self.ended_us)
        return Pinned(self.members, self.without, self.since_us, until_us)


async def add(connection: AsyncConnection, pin: Pin) -> None:
    row = pin._asdict() | {"members": pin.members.value, "without": ",".join(pin.without)}
    await insert_or_ignore(connection, pin_table, [row])


async def at(connection: AsyncConnection, area: str, at_us: int) -> Pin | None:
    """Return the pin in force at an instant, None: there was none."""
    query = select(pin_table).where(_p.area == area, _p.since_us <= at_us)
    row = (await connection.execute(query.order_by(_p.since_us.desc()).limit(1))).one_or_none()
    if row is None:
        return None
    found = Pin(
        area=row.area,
        since_us=row.since_us,
        until_us=row.until_us,
        ended_us=row.ended_us,
        members=Members(row.members),
        without=tuple(row.without.split(",")) if row.without else (),
        account=row.account,
        key_id=row.key_id,
        reason=row.reason,
    )
    return found if at_us < found.pinned.until_us else None


async def has_run_out(connection: AsyncConnection, area: str, now_us: int) -> bool:
    """Tell whether a pin's time is over, and nobody has noted it."""
    over = (_p.area == area) & _p.ended_us.is_(None) & (_p.until_us <= now_us)
    return await connection.scalar(select(_p.since_us).where(over).limit(1)) is not None


async def run_out(connection: AsyncConnection, area: str, now_us: int) -> int:
    """Note the end of pins whose time is over; return how many they were."""
    over = (_p.area == area) & _p.ended_us.is_(None) & (_p.until_us <= now_us)
    ended = await connection.execute(update(pin_table).where(over).values(ended_us=_p.until_us))
    return int(ended.rowcount)


async def end(connection: AsyncConnection, area: str, now_us: int) -> bool:
    """End the pin in force; False: there is none."""
    open_ = (_p.area == area) & _p.ended_us.is_(None) & (_p.until_us > now_us)
    ended = await connection.execute(update(pin_table).where(open_).values(ended_us=now_us))
    return bool(ended.rowcount)
