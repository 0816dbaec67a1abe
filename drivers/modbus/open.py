"""Opening a Modbus device: the line its settings name, the map its profile is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from drivers.base import Driver
from drivers.modbus.client import ModbusTcp
from drivers.modbus.config import ModbusTcpConfig
from drivers.modbus.device import ModbusDevice, ModbusInverter
from drivers.profile import Profile, load
from wire.clock import Clock


def open_modbus(config: ModbusTcpConfig, clock: Clock) -> AbstractAsyncContextManager[Driver]:
    """Return a context manager for the device; it connects when it is first asked for something.

    Raises:
        ProfileError: the profile cannot be used.
    """
    return _opened(load(config.profile, config.override), config, clock)


@asynccontextmanager
async def _opened(
    profile: Profile, config: ModbusTcpConfig, clock: Clock
) -> AsyncIterator[ModbusDevice]:
    client = ModbusTcp(
        config.host,
        profile.link.port if config.port is None else config.port,
        profile.link.unit if config.unit is None else config.unit,
        profile.link,
    )
    try:
        if profile.control is None:
            yield ModbusDevice(profile, client, clock)
        else:
            yield ModbusInverter(profile, profile.control, client, clock)
    finally:
        client.close()
        await asyncio.sleep(0)  # the loop closes the socket at its next turn
