"""A Modbus device that takes power: taken over, told, kept from falling back, given back."""

import asyncio
import math
from collections.abc import Sequence

from drivers.base import Rate
from drivers.control import Control, Setting
from drivers.errors import DeviceRefused
from drivers.modbus import steps
from drivers.modbus.device import ModbusDevice
from drivers.modbus.line import Line
from drivers.modbus.writer import Writer
from drivers.profile import Profile
from wire.block import Reading
from wire.clock import Clock

ADOPTED_LOOKS_MAX = 10
ADOPTED_LOOK_S = 0.2
"""A device is given 2 s to take over what its own functions are to be set to."""
_CORRECTED_MAX = 20


class ModbusInverter(ModbusDevice):
    """A `drivers.base.PowerSetter` that also is `FallsBack`, `Forgetful` and `Leaver`."""

    def __init__(self, profile: Profile, control: Control, line: Line, clock: Clock) -> None:
        super().__init__(profile, line, clock)
        self._control = control
        self._writer = Writer(line, self._scales)
        self._taken: int | None = None
        """Which connection the device was taken over on."""
        self._rated_kw: float | None = None
        """What percent are of; read anew at every taking over."""
        self._power_kw: float | None = None
        """What the device was told last; None: nothing since it was taken over."""
        self._pending_kw: float | None = None
        """What it is to be told as soon as its registers may be written again."""
        self._written_s = self._enabled_s = self._kept_alive_s = -math.inf
        self._count = 0
        self._corrected: tuple[str, ...] = ()

    @property
    def refresh_s(self) -> float:
        return self.profile.refresh_s

    @property
    def power_share_max(self) -> float:
        return self.profile.power_share_max

    async def read(self, rate: Rate) -> Sequence[Reading]:
        """See `drivers.base.Driver`; a setpoint that had to wait is written behind it."""
        readings = await super().read(rate)
        rated = self._control.percent_of
        if rated is not None and rated.rate is rate:
            found = {reading.point: reading.value for reading in readings}
            self._rated_kw = found.get(rated.name) or self._rated_kw
        waiting_kw = self._pending_kw
        if waiting_kw is not None and self._taken == self._line.connections:
            await self._tell(waiting_kw)
        return readings

    @property
    def fallback_s(self) -> float | None:
        """See `drivers.base.FallsBack`."""
        return self.profile.watchdog.fallback_s

    async def take_over(self) -> None:
        """See `drivers.base.PowerSetter`; memory that wears out is written only to change it."""
        self._taken = self._pending_kw = None
        self.forget()
        control, connection = self._control, self._line.connections
        for setting in (control.reversion, control.timeout):
            if setting is not None:
                await self._settle(setting)
        for setting in control.start:
            if setting.point.flash:
                await self._settle(setting)
            else:
                await self._writer.write(setting)
        await self._hold()
        if control.percent_of is not None:
            self._rated_kw = await self._writer.value(control.percent_of)
        counter = self.profile.watchdog.counter
        if counter is not None and counter.readable:
            self._count = round(await self._writer.value(counter) or 0.0)
        self._taken = connection

    async def look_after(self) -> Sequence[str]:
        """See `drivers.base.FallsBack`; taking over has looked after it, too."""
        if self._taken == self._line.connections:
            control = self._control
            moving = {point.name for point in control.cyclic}
            if self.profile.watchdog.counter is not None:
                moving.add(self.profile.watchdog.counter.name)
            modes = [s for s in control.start if s.point.readable and s.point.name not in moving]
            for setting in (control.reversion, control.timeout, *modes):
                if setting is not None:
                    await self._settle(setting)
            await self._hold()
        found, self._corrected = self._corrected, ()
        return found

    def forget(self) -> None:
        """See `drivers.base.Forgetful`."""
        self._power_kw = None
        self._written_s = self._enabled_s = self._kept_alive_s = -math.inf

    async def leave(self) -> None:
        """See `drivers.base.Leaver`: the vector ``stop``, the enabling taken back first."""
        control, self._pending_kw = self._control, None
        enable = None if control.enable is None else control.enable.point.name
        for setting in sorted(control.stop, key=lambda setting: setting.point.name != enable):
            if setting.point.readable:
                await self._writer.settle(setting)
            else:
                await self._writer.write(setting)
        self._taken = self._power_kw = None

    async def _hold(self) -> None:
        """See that the device's own functions are set as this site wants them.

        Raises:
            DeviceRefused: it does not take them over.
        """
        control = self._control
        if not control.adopt:
            for setting in control.keep:
                await self._settle(setting)
            return
        wrong = await self._otherwise(control.keep)
        if not wrong:
            return
        for setting in control.adopt:
            await self._writer.write(setting)
        looks, left = 1, await self._otherwise(control.keep)
        while left and looks < ADOPTED_LOOKS_MAX:
            await asyncio.sleep(ADOPTED_LOOK_S)
            looks, left = looks + 1, await self._otherwise(control.keep)
        if left:
            raise DeviceRefused(f"its own functions are not taken over: {left[0]}")
        self._corrected = (*self._corrected[-_CORRECTED_MAX:], *wrong)

    async def _otherwise(self, settings: Sequence[Setting]) -> list[str]:
        return [found for one in settings if (found := await self._writer.otherwise(one))]

    async def _settle(self, setting: Setting) -> None:
        found = await self._writer.settle(setting)
        if found:
            self._corrected = (*self._corrected[-_CORRECTED_MAX:], found)

    async def write_power_kw(self, power_kw: float) -> None:
        """See `drivers.base.PowerSetter`; takes over first after every new connection.

        Where the profile allows the setpoint to be written only so often, one that comes too
        early is written behind a later reading, unless another one replaces it before; a stop never
        waits.

        Raises:
            DeviceUnreachable: whether the device took the value is not known.
            DeviceRefused: the device said no.
            ProfileError: the setpoint's register cannot carry the value.
        """
        if self._taken != self._line.connections:
            await self.take_over()
        await self._keep_timer()
        await self._tell(power_kw)
        await self._keep_counter()

    async def _tell(self, power_kw: float) -> None:
        """Write the setpoint where that is due, and enable it."""
        control, watchdog = self._control, self.profile.watchdog
        now_s = asyncio.get_running_loop().time()
        known = power_kw == self._power_kw and now_s < self._written_s + watchdog.rewrite_s
        if watchdog.counter is not None and known:
            return
        self._pending_kw = power_kw
        stops = power_kw == 0.0 and self._power_kw != 0.0
        if not stops and self._writer.wait_s(control.cyclic) > 0.0:
            return
        for setting in steps.setpoint(control, power_kw, self._power_kw, self._rated_kw):
            self._power_kw = None  # until all of them are written
            await self._writer.write(setting)
        self._pending_kw, self._power_kw, self._written_s = None, power_kw, now_s
        if control.enable is not None and now_s >= self._enabled_s + watchdog.rewrite_s:
            await self._writer.write(control.enable)
            self._enabled_s = now_s

    async def _keep_timer(self) -> None:
        """Write the device's time-out again, by which it starts anew."""
        timer = self.profile.watchdog.timer
        now_s = asyncio.get_running_loop().time()
        if timer is not None and steps.due(self._kept_alive_s, self.refresh_s / 2, now_s):
            await self._writer.write(timer)
            self._kept_alive_s = now_s

    async def _keep_counter(self) -> None:
        """Advance the life counter by one where it is time."""
        watchdog = self.profile.watchdog
        now_s = asyncio.get_running_loop().time()
        if watchdog.counter is None or not steps.due(
            self._kept_alive_s, watchdog.increment_s, now_s
        ):
            return
        self._count = (self._count + 1) % watchdog.wrap
        await self._writer.write(Setting(watchdog.counter, float(self._count)))
        self._kept_alive_s = now_s
