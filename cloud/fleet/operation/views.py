"""Commands and gaps as the API shows them: what comes in, what goes out, with examples."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.fleet.operation import states
from cloud.fleet.operation.model import CommandRow, GapRow, GapTotal
from cloud.fleet.operation.tables import CLIENT_ID_MAX
from cloud.kernel.errors import HubError
from cloud.kernel.instants import Instant, iso
from cloud.kernel.keys import IDENTIFIER
from wire.command import PRIORITY_MAX
from wire.fields import TEXT_MAX

SITES_MAX = 1_000
"""Sites of one request."""
LINE = r"^[^\x00-\x1f\x7f]*$"
TAG_NAME = r"^[a-z0-9][a-z0-9_-]{0,39}$"
TAG_VALUE = r"^[^\x00-\x1f\x7f:]{1,60}$"
NEXT = "ask again with this as `before`; null: there is no more"
AT = "2026-11-21T10:15:00Z"


class CommandBody(BaseModel):
    """An order for the boxes of some sites, named by id, by tags or by a group."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    sites: list[str] = Field(default=[], max_length=SITES_MAX, examples=[["werk-sued"]])
    tags: dict[str, str] = Field(
        default={}, max_length=20, description="sites with all of these", examples=[{}]
    )
    group: str | None = Field(default=None, pattern=IDENTIFIER, examples=[None])
    kind: str = Field(
        description="setpoint, mode, restart, logs; for admins also configuration, software and"
        " rotate_key",
        examples=["setpoint"],
    )
    payload: dict[str, Any] = Field(
        default={},
        description="setpoint: power_kw, until_us · mode: mode (automatic, standby) · restart: part"
        " (control, gateway, agent) · logs: hours · configuration: toml, dry_run · software:"
        " version · rotate_key: nothing",
        examples=[{"power_kw": -12.5, "until_us": 1_795_171_500_000_000}],
    )
    reason: str = Field(
        min_length=1, max_length=TEXT_MAX, pattern=LINE, examples=["grid operator, ticket 4711"]
    )
    expires_at: Instant | None = Field(
        default=None, description="not begun by then, it is not begun; default: by kind"
    )
    priority: int | None = Field(
        default=None, ge=0, le=PRIORITY_MAX, description="0 first; default: by kind"
    )
    client_command_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=CLIENT_ID_MAX,
        pattern=LINE,
        description="yours: repeating it with the same request within 48 hours gets the first"
        " answer again and changes nothing",
        examples=["ticket-4711-1"],
    )

    @model_validator(mode="after")
    def _somebody(self) -> "CommandBody":
        if not self.sites and not self.tags and self.group is None:
            raise ValueError("sites, tags or group is expected")
        return self


class CommandAnswer(BaseModel):
    """What became of the request at one site: a command, or the reason why there is none."""

    site: str = Field(examples=["werk-sued"])
    id: str | None = Field(description="null: no command was issued", examples=["cmd-5e0c9a71"])
    gateway: str | None = Field(examples=["gw-5e0c9a71"])
    expires_at: str | None = Field(examples=[AT])
    code: str | None = Field(description="why there is none", examples=[None])
    message: str | None = Field(examples=[None])

    @classmethod
    def issued(cls, row: CommandRow) -> "CommandAnswer":
        return cls(
            site=row.site,
            id=row.id,
            gateway=row.gateway,
            expires_at=iso(row.expires_us),
            code=None,
            message=None,
        )

    @classmethod
    def refused(cls, site: str, error: HubError) -> "CommandAnswer":
        return cls(
            site=site, id=None, gateway=None, expires_at=None, code=error.code, message=str(error)
        )


class CommandsAnswer(BaseModel):
    commands: list[CommandAnswer]


class CommandView(BaseModel):
    id: str = Field(examples=["cmd-5e0c9a71d0b2"])
    site: str = Field(examples=["werk-sued"])
    gateway: str = Field(examples=["gw-5e0c9a71"])
    kind: str = Field(examples=["setpoint"])
    payload: dict[str, Any] = Field(
        description="of a settings file only size and hash",
        examples=[{"power_kw": -12.5, "until_us": 1_795_171_500_000_000}],
    )
    issued_at: str = Field(examples=[AT])
    expires_at: str = Field(examples=["2026-11-21T10:20:00Z"])
    priority: int = Field(examples=[1])
    actor: str = Field(description="key id of who asked", examples=["0f3c5a9d7b21"])
    account: str = Field(examples=["stadtwerk"])
    reason: str = Field(examples=["grid operator, ticket 4711"])
    state: str = Field(
        description="issued, received, running; then done, failed, refused, expired or cancelled",
        examples=["done"],
    )
    changed_at: str = Field(description="when it became so", examples=[AT])
    said_by: str = Field(
        description="box or hub; of an end, the box's word replaces the hub's",
        examples=["box"],
    )
    text: str = Field(examples=["-12.5 kW until 10:45"])
    read_back_kw: float | None = Field(
        description="what the inverter says it has been set to", examples=[-12.5]
    )

    @classmethod
    def of(cls, row: CommandRow) -> "CommandView":
        return cls(
            id=row.id,
            site=row.site,
            gateway=row.gateway,
            kind=row.kind,
            payload=states.shown(row.kind, row.payload),
            issued_at=iso(row.issued_us),
            expires_at=iso(row.expires_us),
            priority=row.priority,
            actor=row.actor,
            account=row.account,
            reason=row.reason,
            state=row.standing.value,
            changed_at=iso(row.changed_us),
            said_by="box" if row.by_box else "hub",
            text=row.text,
            read_back_kw=row.read_back_kw,
        )


class CommandsView(BaseModel):
    commands: list[CommandView]
    next: str | None = Field(description=NEXT, examples=["1795169700000000~cmd-5e0c9a71d0b2"])


class GapView(BaseModel):
    gateway: str = Field(examples=["gw-5e0c9a71"])
    id: str = Field(examples=["9f2c41d07a55e3b8-3"])
    noticed_at: str = Field(examples=[AT])
    cause: str = Field(
        description="thinned, full, age, corrupt, refused, damaged, ring or power",
        examples=["full"],
    )
    cls: str = Field(
        alias="class", description="settlement, events or telemetry", examples=["telemetry"]
    )
    device: str = Field(description="empty: several, or not known", examples=["inverter"])
    start: str = Field(examples=[AT])
    end: str = Field(examples=["2026-11-21T10:16:00Z"])
    n_lost_by_box: int | None = Field(
        description="values the box no longer has; null: not known", examples=[600]
    )
    n_missing: int | None = Field(
        description="those of them that the hub does not have either", examples=[540]
    )
    text: str = Field(examples=[""])

    @classmethod
    def of(cls, row: GapRow) -> "GapView":
        gap = row.gap
        return cls.model_validate(
            {
                "gateway": row.gateway,
                "id": gap.id,
                "noticed_at": iso(gap.at_us),
                "cause": gap.cause.value,
                "class": gap.cls.name.lower(),
                "device": gap.device,
                "start": iso(gap.from_us),
                "end": iso(gap.to_us),
                "n_lost_by_box": gap.n,
                "n_missing": row.n_missing,
                "text": gap.text,
            }
        )


class GapTotalView(BaseModel):
    rows: int = Field(examples=[2])
    n_missing: int = Field(
        description="values; rows of unknown extent are not in it", examples=[540]
    )
    unknown: int = Field(description="rows of unknown extent", examples=[1])

    @classmethod
    def of(cls, total: GapTotal) -> "GapTotalView":
        return cls(rows=total.rows, n_missing=total.n_missing, unknown=total.unknown)


class GapsView(BaseModel):
    site: str = Field(examples=["werk-sued"])
    total: GapTotalView
    gaps: list[GapView]
