"""Where a broker is, how we sign in there, and what a device is called on it."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, model_validator

from drivers.config import DeviceBase, Host, Port
from drivers.mqtt.party import Place, Tls

PORT = 1883
PORT_TLS = 8883
_FILE = r"^[^\x00]+$"
_LEVEL = r"^[^/+#\x00-\x1f]+$"
_PREFIX = r"^[^+#\x00-\x1f]*$"


class Version(StrEnum):
    V3_1_1 = "3.1.1"
    V5 = "5"


class BrokerSettings(BaseModel):
    """A broker; shared by the devices on it and by whatever the agent publishes."""

    host: Host
    port: Port | None = Field(default=None, description="default: 1883, with tls 8883")
    tls: bool = False
    ca_file: str | None = Field(
        default=None,
        pattern=_FILE,
        max_length=500,
        description="whose certificates the broker's is checked by",
    )
    cert_file: str | None = Field(
        default=None, pattern=_FILE, max_length=500, description="our own certificate"
    )
    key_file: str | None = Field(
        default=None, pattern=_FILE, max_length=500, description="of our certificate"
    )
    username: str | None = Field(default=None, min_length=1, max_length=200)
    password: SecretStr | None = Field(default=None, max_length=500)
    client_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]+$",
        max_length=100,
        description="unique on the broker; default: phoenyra- and a random number",
    )
    keepalive_s: int = Field(default=5, ge=2, le=300)
    version: Version = Version.V3_1_1

    @model_validator(mode="after")
    def _fits_together(self) -> "BrokerSettings":
        files = (self.ca_file, self.cert_file, self.key_file)
        if not self.tls and any(file is not None for file in files):
            raise ValueError("ca_file, cert_file, key_file: only with tls = true")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file are expected together")
        if self.username is None and self.password is not None:
            raise ValueError("a password is expected only together with a username")
        return self

    def place(self, chance: str) -> Place:
        """Return the broker's place; `chance` makes our name unique where none is set."""
        tls = None
        if self.tls:
            tls = Tls(
                ca_file=self.ca_file or "",
                cert_file=self.cert_file or "",
                key_file=self.key_file or "",
            )
        return Place(
            host=self.host,
            port=self.port or (PORT_TLS if self.tls else PORT),
            client_id=self.client_id or f"phoenyra-{chance}",
            username=self.username,
            password=None if self.password is None else self.password.get_secret_value(),
            tls=tls,
            keepalive_s=self.keepalive_s,
            version_5=self.version is Version.V5,
        )


class MqttConfig(DeviceBase, BrokerSettings):
    """A device that speaks JSON on topics of its own."""

    kind: Literal["mqtt"]
    prefix: str = Field(
        default="",
        pattern=_PREFIX,
        max_length=200,
        description="what {prefix} in the profile's topics stands for",
    )


class SparkplugConfig(DeviceBase, BrokerSettings):
    """A Sparkplug B edge node, or a device behind one."""

    kind: Literal["sparkplug"]
    group: str = Field(pattern=_LEVEL, max_length=100)
    node: str = Field(pattern=_LEVEL, max_length=100)
    device: str | None = Field(
        default=None, pattern=_LEVEL, max_length=100, description="default: the node's own metrics"
    )
    host_id: str | None = Field(
        default=None,
        pattern=_LEVEL,
        max_length=100,
        description="makes us a primary host of this name: nodes that wait for one then publish",
    )
