"""The fleet's list, tags, groups and the audit log as the API shows them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.fleet.operation.groups import TAGS_MAX
from cloud.fleet.operation.model import AlarmCount, FleetRow, Group
from cloud.fleet.operation.views import TAG_NAME, TAG_VALUE, GapTotalView
from cloud.kernel.audit import Audited
from cloud.kernel.instants import iso, iso_or_none
from cloud.kernel.keys import IDENTIFIER
from cloud.kernel.routes import NAME
from wire.report import Report

_AT = "2026-11-21T10:15:00Z"
_TAGS = {"region": "nord", "market": "fcr"}
Tags = Annotated[
    dict[
        Annotated[str, StringConstraints(pattern=TAG_NAME)],
        Annotated[str, StringConstraints(pattern=TAG_VALUE)],
    ],
    Field(max_length=TAGS_MAX, examples=[_TAGS]),
]


class DeviceView(BaseModel):
    id: str = Field(examples=["inverter"])
    connected: bool = Field(examples=[True])
    answered_at: str | None = Field(examples=[_AT])
    trouble: str = Field(examples=[""])


class ReportView(BaseModel):
    """What the box said of itself at last."""

    at: str = Field(description="by the box's clock", examples=[_AT])
    received_at: str = Field(examples=[_AT])
    version: str = Field(examples=["0.1.0"])
    started_at: str = Field(examples=["2026-11-20T06:00:00Z"])
    clock: str = Field(
        description="unknown, synchronised, confirmed or corrected", examples=["synchronised"]
    )
    clock_off_s: float = Field(description="what the agent adds", examples=[0.0])
    linked: bool = Field(description="control is connected", examples=[True])
    mode: str = Field(examples=["automatic"])
    missed_beats: int = Field(examples=[0])
    backlog_frames: int = Field(examples=[2])
    backlog_bytes: int = Field(examples=[4_200])
    backlog_bytes_max: int = Field(examples=[1_073_741_824])
    backlog_from: str | None = Field(
        description="the oldest sample that is not here yet", examples=[_AT]
    )
    quarantined: int = Field(examples=[0])
    disk_free_bytes: int = Field(examples=[21_474_836_480])
    disk_bytes: int = Field(examples=[31_914_983_424])
    written_bytes_day: int | None = Field(description="flash wear", examples=[310_000_000])
    store_trouble: str = Field(examples=[""])
    configuration: str = Field(
        description="begin of the settings file's SHA-256", examples=["a1b2c3d4e5f60718"]
    )
    devices: list[DeviceView]

    @classmethod
    def of(cls, told: Report, received_us: int) -> "ReportView":
        return cls(
            at=iso(told.at_us),
            received_at=iso(received_us),
            version=told.version,
            started_at=iso(told.started_us),
            clock=told.clock.value,
            clock_off_s=told.clock_off_us / 1e6,
            linked=told.linked,
            mode=told.mode,
            missed_beats=told.missed_beats,
            backlog_frames=told.backlog_frames,
            backlog_bytes=told.backlog_bytes,
            backlog_bytes_max=told.backlog_bytes_max,
            backlog_from=iso_or_none(told.backlog_from_us),
            quarantined=told.quarantined,
            disk_free_bytes=told.disk_free_bytes,
            disk_bytes=told.disk_bytes,
            written_bytes_day=told.written_bytes_day,
            store_trouble=told.store_trouble,
            configuration=told.configuration,
            devices=[
                DeviceView(
                    id=device.id,
                    connected=device.connected,
                    answered_at=iso_or_none(device.answered_us),
                    trouble=device.trouble,
                )
                for device in told.devices
            ],
        )


class AlarmCountView(BaseModel):
    """Alarms that last."""

    alarms: int = Field(examples=[1])
    warnings: int = Field(examples=[0])
    unacknowledged: int = Field(examples=[1])

    @classmethod
    def of(cls, count: AlarmCount) -> "AlarmCountView":
        return cls(
            alarms=count.alarms, warnings=count.warnings, unacknowledged=count.unacknowledged
        )


class FleetRowView(BaseModel):
    site: str = Field(examples=["werk-sued"])
    name: str = Field(examples=["Werk Süd"])
    account: str = Field(examples=["stadtwerk"])
    tags: dict[str, str] = Field(examples=[_TAGS])
    gateway: str | None = Field(description="null: no box is enrolled", examples=["gw-5e0c9a71"])
    last_seen_at: str | None = Field(
        description="the last upload or report; null: never", examples=[_AT]
    )
    report: ReportView | None
    gaps: GapTotalView
    alarms: AlarmCountView
    commands_open: int = Field(examples=[0])

    @classmethod
    def of(cls, row: FleetRow) -> "FleetRowView":
        report = None
        if row.report is not None and row.reported_us is not None:
            report = ReportView.of(row.report, row.reported_us)
        return cls(
            site=row.site,
            name=row.name,
            account=row.account,
            tags=dict(row.tags),
            gateway=row.gateway,
            last_seen_at=iso_or_none(row.last_seen_us),
            report=report,
            gaps=GapTotalView.of(row.gaps),
            alarms=AlarmCountView.of(row.alarms),
            commands_open=row.commands_open,
        )


class FleetView(BaseModel):
    now: str = Field(description="the hub's clock", examples=[_AT])
    fleet: list[FleetRowView]


class TagsBody(BaseModel):
    """All tags of a site."""

    model_config = ConfigDict(extra="forbid")

    tags: Tags


class TagsView(BaseModel):
    site: str = Field(examples=["werk-sued"])
    tags: dict[str, str] = Field(examples=[_TAGS])


class GroupBody(BaseModel):
    """Sites with all of these tags, under a name."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=IDENTIFIER, examples=["nord-fcr"])
    name: str | None = Field(default=None, pattern=NAME, examples=["FCR im Norden"])
    tags: Tags


class GroupView(BaseModel):
    id: str = Field(examples=["nord-fcr"])
    account: str = Field(examples=["stadtwerk"])
    name: str = Field(examples=["FCR im Norden"])
    tags: dict[str, str] = Field(examples=[_TAGS])
    sites: list[str] = Field(description="that are in it now", examples=[["werk-sued"]])

    @classmethod
    def of(cls, group: Group, sites: list[str]) -> "GroupView":
        return cls(
            id=group.id,
            account=group.account,
            name=group.name,
            tags=dict(group.tags),
            sites=sites,
        )


class GroupsView(BaseModel):
    groups: list[GroupView]


class AuditView(BaseModel):
    id: int = Field(examples=[318])
    at: str = Field(examples=[_AT])
    key_id: str = Field(examples=["0f3c5a9d7b21"])
    account: str = Field(examples=["stadtwerk"])
    action: str = Field(examples=["command.setpoint"])
    subject: str = Field(examples=["command cmd-5e0c9a71d0b2"])
    site: str | None = Field(examples=["werk-sued"])
    reason: str = Field(examples=["grid operator, ticket 4711"])
    result: str = Field(examples=["issued"])

    @classmethod
    def of(cls, found: Audited) -> "AuditView":
        entry = found.entry
        return cls(
            id=found.id,
            at=iso(entry.at_us),
            key_id=entry.key_id,
            account=entry.account,
            action=entry.action,
            subject=entry.subject,
            site=entry.site,
            reason=entry.reason,
            result=entry.result,
        )


class AuditsView(BaseModel):
    audit: list[AuditView]
