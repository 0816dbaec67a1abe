"""Which kinds of device there are; a driver's library is loaded only when it is opened."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import Annotated, cast

from pydantic import Field

from drivers.base import Driver
from drivers.config import DeviceBase
from drivers.modbus.config import ModbusRtuConfig, ModbusRtuTcpConfig, ModbusTcpConfig
from drivers.mqtt.config import MqttConfig, SparkplugConfig
from drivers.opcua.config import OpcUaConfig
from drivers.push.config import PushConfig
from drivers.rest.config import RestConfig
from drivers.serial.config import SerialConfig
from wire.clock import Clock

DeviceConfig = Annotated[
    ModbusTcpConfig
    | ModbusRtuConfig
    | ModbusRtuTcpConfig
    | MqttConfig
    | OpcUaConfig
    | PushConfig
    | RestConfig
    | SerialConfig
    | SparkplugConfig,
    Field(discriminator="kind"),
]
"""Add a kind: its class joins the union here, its opener the table below."""

_Opener = Callable[[DeviceBase, Clock], AbstractAsyncContextManager[Driver]]
_OPENERS = {
    "modbus_tcp": "drivers.modbus.open:open_modbus",
    "modbus_rtu": "drivers.modbus.open:open_modbus",
    "modbus_rtu_tcp": "drivers.modbus.open:open_modbus",
    "mqtt": "drivers.mqtt.device:open_mqtt",
    "opcua": "drivers.opcua.open:open_opcua",
    "push": "drivers.push.device:open_push",
    "rest": "drivers.rest.device:open_rest",
    "serial": "drivers.serial.device:open_serial_device",
    "sparkplug": "drivers.mqtt.sparkplug.device:open_sparkplug",
}


def open_driver(config: DeviceConfig, clock: Clock) -> AbstractAsyncContextManager[Driver]:
    """Return a context manager for the driver; entering succeeds also while the device is off.

    Raises:
        ProfileError: the profile cannot be used.
    """
    module, function = _OPENERS[config.kind].split(":")
    opener = cast("_Opener", getattr(import_module(module), function))
    return opener(config, clock)
