"""A Modbus device of PV whose production can be held back: its map has ``pv.limit_kw`` to write."""

import asyncio
import math
from collections.abc import Sequence

from drivers.base import Rate
from drivers.control import Setting
from drivers.errors import ProfileError
from drivers.modbus.device import ModbusDevice
from drivers.modbus.line import Line
from drivers.modbus.writer import Writer
from drivers.point import Point
from drivers.profile import Profile
from wire.block import Reading
from wire.clock import Clock

LIMIT = "pv.limit_kw"
REFRESH_S = 10.0
"""A limit is written again at least this often, changed or not; sooner where the device's own
time-out asks for it."""
STEP_SHARE = 0.005
"""Of the highest limit: a smaller change waits for the refresh."""


def limit_point(profile: Profile) -> Point | None:
    """Return the point that holds the PV back; None: the device has none that may be written.

    Raises:
        ProfileError: it does not say how much no limit is, or its memory wears out.
    """
    point = next((p for p in profile.points if p.name == LIMIT and p.writable), None)
    if point is None:
        return None
    if point.high is None or point.high <= 0.0:
        raise ProfileError(f"{LIMIT}: max is missing; what the PV can produce is expected")
    if point.flash:
        raise ProfileError(f"{LIMIT}: a memory that wears out is never written cyclically")
    return point


class ModbusPv(ModbusDevice):
    """A `drivers.base.PvLimiter`: what it was told last is written behind each reading."""

    def __init__(self, profile: Profile, limit: Point, line: Line, clock: Clock) -> None:
        super().__init__(profile, line, clock)
        self._limit = limit
        self._writer = Writer(line, self._scales)
        self._wanted_kw: float | None = None
        self._holds = False
        """It was held back once: the way back must be written too."""
        self._written_kw: float | None = None
        self._written_s = -math.inf
        self._written_on: int | None = None
        """Which connection it was written on."""

    def limit_pv(self, limit_kw: float | None) -> None:
        """See `drivers.base.PvLimiter`."""
        self._wanted_kw = limit_kw
        self._holds = self._holds or limit_kw is not None

    async def read(self, rate: Rate) -> Sequence[Reading]:
        """See `drivers.base.Driver`; a limit that is due is written behind it."""
        readings = await super().read(rate)
        if self._holds and rate is not Rate.ONCE:
            await self._write()
        return readings

    async def _write(self) -> None:
        most_kw = self._limit.high or 0.0
        wanted_kw = most_kw if self._wanted_kw is None else self._wanted_kw
        value_kw = min(max(wanted_kw, self._limit.low or 0.0), most_kw)
        if not self._due(value_kw, STEP_SHARE * most_kw):
            return
        await self._writer.write(Setting(self._limit, value_kw))
        self._written_kw, self._written_on = value_kw, self._line.connections
        self._written_s = asyncio.get_running_loop().time()

    def _due(self, value_kw: float, step_kw: float) -> bool:
        before_kw = self._written_kw
        if before_kw is None or self._written_on != self._line.connections:
            return True
        age_s = asyncio.get_running_loop().time() - self._written_s
        refresh_s = min(REFRESH_S, self.profile.watchdog.rewrite_s)
        return abs(value_kw - before_kw) >= step_kw or age_s >= refresh_s
