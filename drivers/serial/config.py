"""Where a serial device is; what is left out comes from its profile."""

from typing import Literal

from pydantic import Field

from drivers.config import DeviceBase


class SerialConfig(DeviceBase):
    """A meter on a serial port of this box."""

    kind: Literal["serial"]
    serial: str = Field(pattern=r"^/[^\x00]+$", max_length=201, description="/dev/serial/by-id/…")
    baud: Literal[300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] | None = None
