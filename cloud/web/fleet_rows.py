"""Rows of the fleet pages from what the services return. Pure; signs and units as in `wire`."""

from collections.abc import Sequence

from cloud.fleet.model import Newest, Site
from cloud.fleet.operation import states
from cloud.fleet.operation.model import AlarmRow, CommandRow, FleetRow, GapRow, GapTotal
from cloud.web import rows
from cloud.web.rows import Row
from wire.report import Report


def box(found: FleetRow, site: Site, newest: Sequence[Newest]) -> Row:
    """Return one line of the fleet list."""
    shown = rows.site(site, newest)
    return {
        **shown,
        "gateway": found.gateway,
        "seen_us": found.last_seen_us,
        "reported_us": found.reported_us,
        "report": None if found.report is None else _report(found.report),
        "gaps": gap_total(found.gaps),
        "alarms": [found.alarms.alarms, found.alarms.warnings, found.alarms.unacknowledged],
        "commands": found.commands_open,
        "tags": dict(found.tags),
    }


def _report(found: Report) -> Row:
    return {
        "at_us": found.at_us,
        "version": found.version,
        "started_us": found.started_us,
        "clock": found.clock.value,
        "clock_off_us": found.clock_off_us,
        "linked": found.linked,
        "mode": found.mode,
        "backlog": found.backlog_frames,
        "backlog_bytes": found.backlog_bytes,
        "backlog_bytes_max": found.backlog_bytes_max,
        "backlog_from_us": found.backlog_from_us,
        "quarantined": found.quarantined,
        "disk_free_bytes": found.disk_free_bytes,
        "disk_bytes": found.disk_bytes,
        "written_bytes_day": found.written_bytes_day,
        "trouble": found.store_trouble,
        "configuration": found.configuration,
        "devices": [
            {"id": d.id, "connected": d.connected, "answered_us": d.answered_us, "text": d.trouble}
            for d in found.devices
        ],
    }


def gap_total(found: GapTotal) -> Row:
    return {"rows": found.rows, "n": found.n_missing, "unknown": found.unknown}


def value(found: Newest) -> Row:
    return {
        "device": found.device,
        "point": found.point,
        "value": found.value,
        "quality": int(found.quality),
        "at_us": found.at_us,
        "sampled_us": found.sampled_us,
    }


def alarm(found: AlarmRow) -> Row:
    told = found.alarm
    return {
        "id": told.id,
        "site": found.site,
        "gateway": found.gateway,
        "code": told.code,
        "severity": int(told.severity),
        "source": told.source,
        "text": told.text,
        "raised_us": told.raised_us,
        "cleared_us": told.cleared_us,
        "acked_us": told.acked_us,
        "acked_by": told.acked_by,
        "note": told.note,
    }


def gap(found: GapRow) -> Row:
    return {
        "id": found.gap.id,
        "gateway": found.gateway,
        "at_us": found.gap.at_us,
        "cause": found.gap.cause.value,
        "class": int(found.gap.cls),
        "device": found.gap.device,
        "from_us": found.gap.from_us,
        "to_us": found.gap.to_us,
        "n": found.n_missing,
        "text": found.gap.text,
    }


def command(found: CommandRow) -> Row:
    """Return a command as it is listed; of a settings file its size and hash, no content."""
    return {
        "id": found.id,
        "gateway": found.gateway,
        "kind": found.kind,
        "payload": states.shown(found.kind, found.payload),
        "issued_us": found.issued_us,
        "expires_us": found.expires_us,
        "actor": found.actor,
        "account": found.account,
        "reason": found.reason,
        "standing": found.standing.value,
        "changed_us": found.changed_us,
        "by_box": found.by_box,
        "text": found.text,
        "read_back_kw": found.read_back_kw,
    }
