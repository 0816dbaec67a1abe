"""Alarms as the API shows them: what comes in, what goes out, with examples."""

from pydantic import BaseModel, ConfigDict, Field

from cloud.fleet.operation import alarms
from cloud.fleet.operation.model import AlarmRow
from cloud.fleet.operation.views import AT, LINE, NEXT
from cloud.kernel.errors import HubError
from cloud.kernel.instants import iso, iso_or_none
from cloud.kernel.keys import IDENTIFIER
from wire.alarm import ID_MAX as ALARM_ID_MAX
from wire.fields import TEXT_MAX

ACKNOWLEDGE_MAX = 200
"""Alarms of one request."""


class AlarmView(BaseModel):
    gateway: str = Field(examples=["gw-5e0c9a71"])
    id: str = Field(examples=["8c1f0e57a2b34d96"])
    site: str = Field(examples=["werk-sued"])
    phase: alarms.Phase = Field(examples=["raised"])
    code: str = Field(examples=["DEVICE_LOST"])
    severity: str = Field(examples=["alarm"])
    source: str = Field(examples=["inverter"])
    text: str = Field(examples=["inverter does not answer"])
    raised_at: str = Field(examples=[AT])
    cleared_at: str | None = Field(description="null: it lasts", examples=[None])
    acknowledged_at: str | None = Field(examples=[None])
    acknowledged_by: str = Field(
        description="key id, or a name given on the box", examples=["0f3c5a9d7b21"]
    )
    note: str = Field(examples=["technician is on the way"])

    @classmethod
    def of(cls, row: AlarmRow) -> "AlarmView":
        told = row.alarm
        return cls(
            gateway=row.gateway,
            id=told.id,
            site=row.site,
            phase=alarms.phase(told),
            code=told.code,
            severity=told.severity.name.lower(),
            source=told.source,
            text=told.text,
            raised_at=iso(told.raised_us),
            cleared_at=iso_or_none(told.cleared_us),
            acknowledged_at=iso_or_none(told.acked_us),
            acknowledged_by=told.acked_by,
            note=told.note,
        )


class AlarmsView(BaseModel):
    alarms: list[AlarmView]
    next: str | None = Field(description=NEXT, examples=[None])


class NoteBody(BaseModel):
    """Why, in one line."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(
        default="", max_length=TEXT_MAX, pattern=LINE, examples=["technician is on the way"]
    )


class AlarmName(BaseModel):
    """Alarms are numbered by their box: both together name one."""

    model_config = ConfigDict(extra="forbid")

    gateway: str = Field(pattern=IDENTIFIER, examples=["gw-5e0c9a71"])
    id: str = Field(max_length=ALARM_ID_MAX, examples=["8c1f0e57a2b34d96"])


class AcknowledgeBody(NoteBody):
    """Alarms that somebody has seen, with one note for all of them."""

    alarms: list[AlarmName] = Field(
        min_length=1,
        max_length=ACKNOWLEDGE_MAX,
        examples=[[{"gateway": "gw-5e0c9a71", "id": "8c1f0e57a2b34d96"}]],
    )


class AcknowledgeAnswer(BaseModel):
    """What became of the request for one alarm: the alarm as it is now, or why there is none."""

    gateway: str = Field(examples=["gw-5e0c9a71"])
    id: str = Field(examples=["8c1f0e57a2b34d96"])
    alarm: AlarmView | None = Field(description="null: nothing was acknowledged")
    code: str | None = Field(description="why not", examples=[None])
    message: str | None = Field(examples=[None])

    @classmethod
    def of(cls, row: AlarmRow) -> "AcknowledgeAnswer":
        shown = AlarmView.of(row)
        return cls(gateway=row.gateway, id=row.alarm.id, alarm=shown, code=None, message=None)

    @classmethod
    def refused(cls, named: AlarmName, error: HubError) -> "AcknowledgeAnswer":
        return cls(
            gateway=named.gateway, id=named.id, alarm=None, code=error.code, message=str(error)
        )


class AcknowledgeAnswers(BaseModel):
    alarms: list[AcknowledgeAnswer]
