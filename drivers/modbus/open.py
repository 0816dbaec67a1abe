"""Opening a Modbus device: the line its settings name, the map its profile is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from drivers.base import Driver
from drivers.modbus.bus import line_to
from drivers.modbus.config import ModbusConfig
from drivers.modbus.device import ModbusDevice, ModbusInverter
from drivers.modbus.endpoint import endpoint_of
from drivers.profile import Profile, load
from wire.clock import Clock


def open_modbus(config: ModbusConfig, clock: Clock) -> AbstractAsyncContextManager[Driver]:
    """Return a context manager for the device; it connects when it is first asked for something.

    Raises:
        ProfileError: the profile cannot be used.
    """
    return _opened(load(config.profile, config.override), config, clock)


@asynccontextmanager
async def _opened(
    profile: Profile, config: ModbusConfig, clock: Clock
) -> AsyncIterator[ModbusDevice]:
    link = profile.link
    endpoint = endpoint_of(config, link.port)
    unit = link.unit if config.unit is None else config.unit
    try:
        with line_to(endpoint, unit, link) as line:
            if profile.control is None:
                yield ModbusDevice(profile, line, clock)
            else:
                yield ModbusInverter(profile, profile.control, line, clock)
    finally:
        await asyncio.sleep(0)  # the loop closes the socket at its next turn
