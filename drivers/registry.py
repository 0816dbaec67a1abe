"""Which kinds of device there are; a driver's library is loaded only when it is opened."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator

from drivers.base import Driver
from wire.clock import Clock

RESERVED_IDS = ("control",)
"""Names under which the agent records about itself."""


class ModbusTcpConfig(BaseModel):
    """A device on Modbus TCP; what is left out comes from the profile."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["modbus_tcp"] = "modbus_tcp"
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="its name in all records")
    host: str = Field(pattern=r"^[A-Za-z0-9._:%-]{1,253}$")
    port: int | None = Field(default=None, ge=1, le=65_535)
    unit: int | None = Field(default=None, ge=0, le=255)
    profile: str = Field(
        min_length=1, max_length=500, description="a shipped profile, or the path of a .toml file"
    )

    @field_validator("id")
    @classmethod
    def _id_is_free(cls, value: str) -> str:
        if value in RESERVED_IDS:
            raise ValueError("the agent uses this name itself; any other is expected")
        return value


DeviceConfig = Annotated[ModbusTcpConfig, Field(discriminator="kind")]
"""Add a kind: its class joins the union here, its opener the table below."""

_Opener = Callable[[ModbusTcpConfig, Clock], AbstractAsyncContextManager[Driver]]
_OPENERS = {"modbus_tcp": "drivers.modbus.device:open_tcp"}


def open_driver(config: ModbusTcpConfig, clock: Clock) -> AbstractAsyncContextManager[Driver]:
    """Return a context manager for the driver; entering succeeds also while the device is off.

    Raises:
        ProfileError: the profile cannot be used.
    """
    module, function = _OPENERS[config.kind].split(":")
    opener = cast("_Opener", getattr(import_module(module), function))
    return opener(config, clock)
