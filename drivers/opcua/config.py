"""Where an OPC UA server is, and how we and it prove who we are."""

from enum import StrEnum
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from drivers.config import DeviceBase

_FILE = r"^[^\x00]+$"


class Security(StrEnum):
    """Of the channel: signed and encrypted, or not at all."""

    NONE = "none"
    """For a laboratory: whoever is on the network can read and forge everything."""
    BASIC256SHA256 = "Basic256Sha256"


class OpcUaConfig(DeviceBase):
    """A device behind an OPC UA server."""

    kind: Literal["opcua"]
    url: str = Field(
        pattern=r"^opc\.tcp://[A-Za-z0-9._-]+:\d{1,5}(/[^\s@]*)?$",
        max_length=500,
        description="opc.tcp://host:4840/path",
    )
    security: Security = Security.BASIC256SHA256
    certificate: str | None = Field(
        default=None,
        pattern=_FILE,
        max_length=500,
        description="our own, .pem or .der; made when it is missing",
    )
    key: str | None = Field(
        default=None,
        pattern=_FILE,
        max_length=500,
        description="of our certificate; made when it is missing",
    )
    trust: str | None = Field(
        default=None,
        pattern=_FILE,
        max_length=500,
        description="the server's certificate, or a folder with those that may be the server's",
    )
    user: str | None = Field(default=None, min_length=1, max_length=200)
    password: SecretStr | None = Field(default=None, max_length=500)
    user_certificate: str | None = Field(
        default=None,
        pattern=_FILE,
        max_length=500,
        description="to sign in with instead of a password",
    )
    user_key: str | None = Field(default=None, pattern=_FILE, max_length=500)

    @field_validator("url")
    @classmethod
    def _port_is_one(cls, value: str) -> str:
        port = int(value.removeprefix("opc.tcp://").partition("/")[0].rpartition(":")[2])
        if not 1 <= port <= 65_535:
            raise ValueError("opc.tcp://host:port with a port from 1 to 65535 is expected")
        return value

    @model_validator(mode="after")
    def _secured(self) -> "OpcUaConfig":
        pairs = ((self.certificate, self.key), (self.user_certificate, self.user_key))
        if any((one is None) != (other is None) for one, other in pairs):
            raise ValueError("a certificate and its key are expected together")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password are expected together")
        if self.user is not None and self.user_certificate is not None:
            raise ValueError("either user and password or user_certificate is expected, not both")
        if self.security is Security.NONE:
            if self.password is not None or self.user_certificate is not None:
                raise ValueError(
                    f"security: {Security.BASIC256SHA256} is expected for whoever signs in:"
                    " without it the network can read along"
                )
        elif self.certificate is None or self.trust is None:
            raise ValueError(
                f"certificate, key and trust are expected with security {Security.BASIC256SHA256}"
            )
        return self
