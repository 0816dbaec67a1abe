"""Where a device's HTTP API is, and how we sign in there."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from drivers.config import DeviceBase


class RestConfig(DeviceBase):
    """A device with an HTTP API; at most one way to sign in."""

    kind: Literal["rest"]
    url: str = Field(pattern=r"^https?://[^/\s@]+(/[^\s?#]*)?$", max_length=500)
    username: str | None = Field(default=None, min_length=1, max_length=200)
    password: SecretStr | None = None
    """With `username`: HTTP basic authentication."""
    token: SecretStr | None = None
    """Sent as ``Authorization: Bearer``."""
    api_key: SecretStr | None = None
    """Sent in the header `api_key_header`."""
    api_key_header: str = Field(default="X-API-Key", pattern=r"^[A-Za-z0-9-]{1,64}$")
    ca_file: Path | None = None
    """Certificates that this device's own is checked against, instead of the system's."""

    @model_validator(mode="after")
    def _one_way_in(self) -> "RestConfig":
        ways = [self.username, self.token, self.api_key]
        if sum(way is not None for way in ways) > 1:
            raise ValueError("username, token, api_key: at most one of them is expected")
        if (self.username is None) != (self.password is None):
            raise ValueError("username, password: both or none of them is expected")
        if self.ca_file is not None and not self.url.startswith("https:"):
            raise ValueError("ca_file: only for a url that begins with https:")
        return self
