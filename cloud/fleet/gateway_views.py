"""Gateways as the API shows them: what comes in, what goes out, with an example each."""

from pydantic import BaseModel, ConfigDict, Field

from cloud.fleet.codes import TTL_S, TTL_S_MAX
from cloud.kernel.keys import IDENTIFIER
from wire.fields import TEXT_MAX

_AT = "2026-11-21T10:15:00Z"


class GatewayBody(BaseModel):
    """A box that shall speak for a site."""

    model_config = ConfigDict(extra="forbid")

    site: str = Field(pattern=IDENTIFIER, examples=["werk-sued"])
    gateway: str | None = Field(
        default=None, pattern=IDENTIFIER, description="a name; made when missing"
    )
    with_key: bool = Field(
        default=True, description="false: it gets its key by a one-time code, see `…/code`"
    )


class GatewayMade(BaseModel):
    gateway: str = Field(examples=["gw-5e0c9a71"])
    site: str = Field(examples=["werk-sued"])
    key_id: str | None = Field(examples=["gwk-0d5c7be1f2a39c44"])
    secret: str | None = Field(description="hexadecimal; shown this once", examples=["…"])


class GatewayView(BaseModel):
    gateway: str = Field(examples=["gw-5e0c9a71"])
    site: str = Field(examples=["werk-sued"])
    key_id: str | None = Field(
        description="the current key; null: not enrolled yet", examples=["gwk-0d5c7be1f2a39c44"]
    )
    created_at: str = Field(examples=[_AT])
    revoked_at: str | None = Field(default=None, examples=[None])


class GatewaysView(BaseModel):
    gateways: list[GatewayView]


class CodeBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ttl_s: int = Field(
        default=TTL_S, ge=60, le=TTL_S_MAX, description="how long it is good for", examples=[86_400]
    )


class CodeMade(BaseModel):
    gateway: str = Field(examples=["gw-5e0c9a71"])
    site: str = Field(examples=["werk-sued"])
    code: str = Field(description="shown this once", examples=["7K3M-9QRT-0ABX-52WZ"])
    expires_at: str = Field(examples=[_AT])
    link: str | None = Field(
        description="what the QR code says; null: the hub has no `public_url`",
        examples=["phoenyra:enrol?url=https%3A%2F%2Fhub.example&code=7K3M-9QRT-0ABX-52WZ"],
    )


class RotateBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=TEXT_MAX, examples=["a technician has left"])


class RotateMade(BaseModel):
    command: str = Field(
        description="the command that asks the box to fetch a newer key",
        examples=["cmd-5e0c9a71d3b2f604"],
    )
