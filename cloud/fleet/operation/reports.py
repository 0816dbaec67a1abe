"""The newest report of each box, and the fleet on one line a box."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import store as fleet
from cloud.fleet.model import Gateway, Site
from cloud.fleet.operation import alarms, commands, gaps, groups, tables
from cloud.fleet.operation.conditions import Known
from cloud.fleet.operation.model import AlarmCount, FleetRow, GapTotal, Reported
from cloud.fleet.telemetry.tables import line, quarantine
from cloud.kernel.database import upsert
from cloud.kernel.keys import Principal
from wire import fields
from wire import report as reports
from wire.report import Report


async def take(connection: AsyncConnection, gateway: Gateway, report: Report, now_us: int) -> None:
    """Replace the box's report; of two that come at once, the later by the hub's clock stays."""
    row = {
        "gateway": gateway.id,
        "site": gateway.site,
        "received_us": now_us,
        "document": fields.compact(reports.to_document(report)),
    }
    await upsert(
        connection,
        tables.report,
        [row],
        change=lambda new: {"received_us": new.received_us, "document": new.document},
        only_if=lambda new: new.received_us >= tables.report.c.received_us,
    )


async def newest(connection: AsyncConnection, site_id: str | None = None) -> dict[str, Reported]:
    """Return the newest report of each gateway that ever sent one."""
    query = select(tables.report)
    if site_id is not None:
        query = query.where(tables.report.c.site == site_id)
    return {row.gateway: _row(row) for row in await connection.execute(query)}


async def known(connection: AsyncConnection, gateway_id: str) -> Known:
    """Return what the hub knows of one box."""
    query = select(tables.report).where(tables.report.c.gateway == gateway_id)
    row = (await connection.execute(query)).one_or_none()
    uploaded_us = await connection.scalar(
        select(func.max(line.c.uploaded_us)).where(line.c.gateway == gateway_id)
    )
    held = await connection.scalar(
        select(quarantine.c.seq).where(quarantine.c.gateway == gateway_id).limit(1)
    )
    reported = None if row is None else _row(row)
    return Known(
        last_seen_us=_last_seen(uploaded_us, reported),
        report=None if reported is None else reported.report,
        quarantined=held is not None,
    )


async def last_seen_of_all(connection: AsyncConnection) -> dict[str, int]:
    """Return when each gateway last uploaded or reported; one that never did is left out."""
    seen = await _uploads(connection)
    for row in await connection.execute(
        select(tables.report.c.gateway, tables.report.c.received_us)
    ):
        seen[row.gateway] = max(row.received_us, seen.get(row.gateway, 0))
    return seen


async def quarantined(connection: AsyncConnection) -> set[str]:
    """Return the gateways of which the hub holds frames that it could not read."""
    return set(await connection.scalars(select(quarantine.c.gateway).distinct()))


async def rows(
    connection: AsyncConnection, principal: Principal, site_id: str | None = None
) -> Sequence[FleetRow]:
    """Return a line for each box that may sign in, and for each site without one, by site."""
    sites = [
        site
        for site in await fleet.sites(connection, None)
        if principal.sees(site.account) and site_id in (None, site.id)
    ]
    boxes: dict[str, list[Gateway]] = {}
    for gateway in await fleet.gateways(connection):
        if gateway.revoked_us is None:
            boxes.setdefault(gateway.site, []).append(gateway)
    facts = _Facts(
        uploads=await _uploads(connection),
        reported=await newest(connection, site_id),
        gaps=await gaps.totals(connection, site_id),
        alarms=await alarms.counts(connection),
        commands=await commands.open_counts(connection),
        tags=await groups.tags(connection),
    )
    return [facts.row(site, gateway) for site in sites for gateway in boxes.get(site.id, [None])]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What is known of boxes by gateway, and of sites by site."""

    uploads: Mapping[str, int]
    reported: Mapping[str, Reported]
    gaps: Mapping[str, GapTotal]
    alarms: Mapping[str, AlarmCount]
    commands: Mapping[str, int]
    tags: Mapping[str, Mapping[str, str]]

    def row(self, site: Site, gateway: Gateway | None) -> FleetRow:
        name = "" if gateway is None else gateway.id
        reported = self.reported.get(name)
        return FleetRow(
            site=site.id,
            name=site.name,
            account=site.account,
            gateway=name or None,
            last_seen_us=_last_seen(self.uploads.get(name), reported),
            reported_us=None if reported is None else reported.received_us,
            report=None if reported is None else reported.report,
            gaps=self.gaps.get(name, GapTotal()),
            alarms=self.alarms.get(name, AlarmCount()),
            commands_open=self.commands.get(name, 0),
            tags=self.tags.get(site.id, {}),
        )


async def _uploads(connection: AsyncConnection) -> dict[str, int]:
    query = select(line.c.gateway, func.max(line.c.uploaded_us).label("at_us"))
    rows = await connection.execute(query.group_by(line.c.gateway))
    return {row.gateway: row.at_us for row in rows}


def _last_seen(uploaded_us: int | None, reported: Reported | None) -> int | None:
    received_us = None if reported is None else reported.received_us
    return max((at_us for at_us in (uploaded_us, received_us) if at_us is not None), default=None)


def _row(row: Row[Any]) -> Reported:
    return Reported(
        gateway=row.gateway,
        site=row.site,
        received_us=row.received_us,
        report=reports.from_document(json.loads(row.document)),
    )
