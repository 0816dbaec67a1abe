"""The ``[hub]`` section: where the hub is and how the box signs itself in."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

_Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class HubSettings(BaseModel):
    """Where the hub is and how the box signs itself in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^https?://[^/\s]+(:\d+)?/?$")
    gateway: _Identifier
    key_id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    secret: SecretStr = Field(min_length=32, description="hexadecimal, as the hub printed it")
    poll_wait_s: float = Field(default=20.0, gt=0, le=55)

    @model_validator(mode="after")
    def _secret_is_hex(self) -> "HubSettings":
        try:
            bytes.fromhex(self.secret.get_secret_value())
        except ValueError:
            raise ValueError("secret: hexadecimal digits are expected") from None
        return self
