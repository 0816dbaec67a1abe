"""Where a Modbus device is: on a network, on a serial line, or on a line behind a converter."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from drivers.config import DeviceBase, Host, Port

Unit = Annotated[int, Field(ge=0, le=255)]


class Parity(StrEnum):
    NONE = "none"
    EVEN = "even"
    ODD = "odd"


class ModbusTcpConfig(DeviceBase):
    """A device on Modbus TCP; what is left out comes from the profile."""

    kind: Literal["modbus_tcp"] = "modbus_tcp"
    host: Host
    port: Port | None = None
    unit: Unit | None = None


class ModbusRtuTcpConfig(DeviceBase):
    """A device on a serial line behind a converter that passes its frames over TCP."""

    kind: Literal["modbus_rtu_tcp"]
    host: Host
    port: Port
    unit: Unit | None = None


class ModbusRtuConfig(DeviceBase):
    """A device on a serial line of this box; devices that name the same port share it."""

    kind: Literal["modbus_rtu"]
    serial: str = Field(pattern=r"^/[^\x00]+$", max_length=201, description="/dev/serial/by-id/…")
    unit: Unit | None = None
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    parity: Parity = Parity.EVEN
    stop_bits: Literal[1, 2] = 1


ModbusConfig = ModbusTcpConfig | ModbusRtuTcpConfig | ModbusRtuConfig
