"""Sites, gateways and schedules in the database."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import tables
from cloud.fleet.model import Gateway, Site
from cloud.kernel.database import insert_or_ignore
from wire import fields
from wire import schedule as schedules
from wire.schedule import Schedule


async def add_site(connection: AsyncConnection, site: Site, now_us: int) -> None:
    """Insert the site, unless one of its name is there."""
    row = {
        "id": site.id,
        "name": site.name,
        "account": site.account,
        "power_kw": site.power_kw,
        "energy_kwh": site.energy_kwh,
        "fcr_kw": site.fcr_kw,
        "created_us": now_us,
    }
    await insert_or_ignore(connection, tables.site, [row])


async def sites(connection: AsyncConnection, account: str | None) -> Sequence[Site]:
    query = select(tables.site).order_by(tables.site.c.id)
    if account is not None:
        query = query.where(tables.site.c.account == account)
    return [_site(row) for row in await connection.execute(query)]


async def site(connection: AsyncConnection, site_id: str) -> Site | None:
    query = select(tables.site).where(tables.site.c.id == site_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _site(row)


async def count(connection: AsyncConnection, what: str) -> int:
    """Return how many rows ``site`` or ``gateway`` has."""
    table = {"site": tables.site, "gateway": tables.gateway}[what]
    return await connection.scalar(select(func.count()).select_from(table)) or 0


async def add_gateway(connection: AsyncConnection, gateway: Gateway) -> None:
    await connection.execute(
        tables.gateway.insert().values(
            id=gateway.id,
            site=gateway.site,
            created_us=gateway.created_us,
            revoked_us=gateway.revoked_us,
        )
    )


async def gateways(connection: AsyncConnection) -> Sequence[Gateway]:
    rows = await connection.execute(select(tables.gateway).order_by(tables.gateway.c.id))
    return [_gateway(row) for row in rows]


async def gateway(
    connection: AsyncConnection, gateway_id: str, *, lock: bool = False
) -> Gateway | None:
    """Return the gateway; with `lock` nobody else gets it so until this transaction ends."""
    query = select(tables.gateway).where(tables.gateway.c.id == gateway_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else _gateway(row)


async def revoke_gateway(connection: AsyncConnection, gateway_id: str, now_us: int) -> None:
    c = tables.gateway.c
    await connection.execute(
        update(tables.gateway)
        .where(c.id == gateway_id, c.revoked_us.is_(None))
        .values(revoked_us=now_us)
    )


async def add_schedule(connection: AsyncConnection, schedule: Schedule) -> None:
    await connection.execute(
        tables.schedule.insert().values(
            site=schedule.site,
            version=schedule.version,
            issued_us=schedule.issued_us,
            document=fields.compact(schedules.to_document(schedule)),
        )
    )


async def newest_schedule(connection: AsyncConnection, site_id: str) -> Schedule | None:
    c = tables.schedule.c
    text = await connection.scalar(
        select(c.document).where(c.site == site_id).order_by(c.version.desc()).limit(1)
    )
    return None if text is None else schedules.from_document(json.loads(text))


def _site(row: Row[Any]) -> Site:
    return Site(
        id=row.id,
        name=row.name,
        account=row.account,
        power_kw=row.power_kw,
        energy_kwh=row.energy_kwh,
        fcr_kw=row.fcr_kw,
    )


def _gateway(row: Row[Any]) -> Gateway:
    return Gateway(
        id=row.id,
        site=row.site,
        created_us=row.created_us,
        revoked_us=row.revoked_us,
    )
