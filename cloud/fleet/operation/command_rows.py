"""Commands as rows of the table, and back."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from cloud.fleet.operation import states
from cloud.fleet.operation.model import CommandRow, Standing
from wire import fields
from wire import order as orders
from wire.command import Command


def command(row: CommandRow) -> Command:
    """Return what is sent to the box."""
    return Command(
        id=row.id,
        order=orders.from_document(row.kind, row.payload),
        issued_us=row.issued_us,
        expires_us=row.expires_us,
        priority=row.priority,
        actor=row.actor,
        reason=row.reason,
    )


def values(row: CommandRow) -> Mapping[str, Any]:
    """Return the row's columns; once it is at its end, a settings file is not kept any longer."""
    payload = states.shown(row.kind, row.payload) if row.standing.final else row.payload
    return {
        "id": row.id,
        "site": row.site,
        "gateway": row.gateway,
        "kind": row.kind,
        "payload": fields.compact(payload),
        "issued_us": row.issued_us,
        "expires_us": row.expires_us,
        "priority": row.priority,
        "actor": row.actor,
        "account": row.account,
        "reason": row.reason,
        "standing": row.standing.value,
        "changed_us": row.changed_us,
        "by_box": row.by_box,
        "text": row.text,
        "read_back_kw": row.read_back_kw,
    }


def of(row: Row[Any]) -> CommandRow:
    """Return the command in a row of the table."""
    return CommandRow(
        id=row.id,
        site=row.site,
        gateway=row.gateway,
        kind=row.kind,
        payload=json.loads(row.payload),
        issued_us=row.issued_us,
        expires_us=row.expires_us,
        priority=row.priority,
        actor=row.actor,
        account=row.account,
        reason=row.reason,
        standing=Standing(row.standing),
        changed_us=row.changed_us,
        by_box=row.by_box,
        text=row.text,
        read_back_kw=row.read_back_kw,
    )
