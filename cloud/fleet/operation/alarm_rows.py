"""Alarms as rows of the table, and back."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.model import Gateway
from cloud.fleet.operation import tables
from cloud.fleet.operation.model import AlarmRow
from cloud.kernel.database import upsert
from wire.alarm import Alarm
from wire.sync import Severity


async def store(connection: AsyncConnection, gateway: Gateway, changed: Iterable[Alarm]) -> None:
    rows = [
        {
            "gateway": gateway.id,
            "site": gateway.site,
            **{name: getattr(each, name) for name in _KEPT},
            "severity": int(each.severity),
        }
        for each in changed
    ]
    await upsert(
        connection,
        tables.alarm,
        rows,
        change=lambda new: {name: new[name] for name in (*_KEPT[1:], "severity")},
        only_if=lambda new: new.change >= tables.alarm.c.change,
    )


_KEPT = (
    "id",
    "change",
    "code",
    "source",
    "text",
    "raised_us",
    "cleared_us",
    "acked_us",
    "acked_by",
    "note",
)


def of(row: Row[Any]) -> AlarmRow:
    return AlarmRow(gateway=row.gateway, site=row.site, alarm=alarm(row))


def alarm(row: Row[Any]) -> Alarm:
    return Alarm(severity=Severity(row.severity), **{name: getattr(row, name) for name in _KEPT})
