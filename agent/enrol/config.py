"""The ``[hub]`` section: where the hub is and how the box signs itself in."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
_PROXY = re.compile(r"http://\S+")


class HubSettings(BaseModel):
    """Where the hub is and how the box signs itself in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/\s]+(:\d+)?/?$",
        description="default: where the box was enrolled",
    )
    gateway: _Identifier | None = None
    """With `key_id` and `secret`; all three are left out where the box is enrolled."""
    key_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    secret: SecretStr | None = Field(
        default=None, min_length=32, description="hexadecimal, as the hub printed it"
    )
    poll_wait_s: float = Field(default=20.0, gt=0, le=55)
    ca_file: Path | None = Field(
        default=None, description="certificates to believe instead of the machine's own list"
    )
    proxy: SecretStr | None = Field(
        default=None,
        description="http://host:port; user and password before an @ where it asks for them",
    )
    backfill_bytes_s: int | None = Field(
        default=None,
        ge=1_000,
        description="the most that history older than a minute may take of the line;"
        " without it, what the hub grants, or 30 % of what the line carries",
    )

    @field_validator("proxy")
    @classmethod
    def _proxy_is_an_address(cls, proxy: SecretStr | None) -> SecretStr | None:
        if proxy is not None and not _PROXY.fullmatch(proxy.get_secret_value()):
            raise ValueError("http://host:port is expected")
        return proxy

    @model_validator(mode="after")
    def _key_is_whole(self) -> "HubSettings":
        parts = {"gateway": self.gateway, "key_id": self.key_id, "secret": self.secret}
        missing = [name for name, value in parts.items() if value is None]
        if missing and len(missing) < len(parts):
            raise ValueError(f"{missing[0]}: is missing; gateway, key_id and secret go together")
        if self.secret is not None:
            if self.url is None:
                raise ValueError("url: is missing; a key is good for one hub only")
            try:
                bytes.fromhex(self.secret.get_secret_value())
            except ValueError:
                raise ValueError("secret: hexadecimal digits are expected") from None
        return self
