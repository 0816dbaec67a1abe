"""Opening a Modbus device: the line its settings name, the map its profile is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from typing import cast

from drivers.base import Driver
from drivers.document import Protocol
from drivers.modbus.bus import line_to
from drivers.modbus.config import ModbusConfig
from drivers.modbus.device import ModbusDevice
from drivers.modbus.endpoint import endpoint_of
from drivers.modbus.inverter import ModbusInverter
from drivers.modbus.line import Line
from drivers.modbus.pv import ModbusPv, limit_point
from drivers.profile import Profile, load
from wire.clock import Clock

_SUNSPEC = "drivers.sunspec.device"
"""Loaded only for a device of that protocol."""
_Maker = Callable[[Line, Clock], Driver]


def open_modbus(config: ModbusConfig, clock: Clock) -> AbstractAsyncContextManager[Driver]:
    """Return a context manager for the device; it connects when it is first asked for something.

    Raises:
        ProfileError: the profile cannot be used.
    """
    profile = load(config.profile, config.override)
    profile.usable()
    return _opened(profile, maker(profile), config, clock)


def maker(profile: Profile) -> _Maker:
    """Return what makes the device of a profile once there is a line to it."""
    if profile.protocol is Protocol.SUNSPEC:
        prepared = cast("Callable[[Profile], _Maker]", import_module(_SUNSPEC).prepared)
        return prepared(profile)
    control = profile.control
    if control is None:
        limit = limit_point(profile)
        if limit is not None:
            return lambda line, clock: ModbusPv(profile, limit, line, clock)
        return lambda line, clock: ModbusDevice(profile, line, clock)
    return lambda line, clock: ModbusInverter(profile, control, line, clock)


@asynccontextmanager
async def _opened(
    profile: Profile, make: _Maker, config: ModbusConfig, clock: Clock
) -> AsyncIterator[Driver]:
    link = profile.link
    endpoint = endpoint_of(config, link.port)
    unit = link.unit if config.unit is None else config.unit
    try:
        with line_to(endpoint, unit, link) as line:
            yield make(line, clock)
    finally:
        await asyncio.sleep(0)  # the loop closes the socket at its next turn
