"""An inverter in memory that implements the driver Protocols and misbehaves on demand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from drivers.base import Pace, Rate
from drivers.errors import DeviceRefused, DeviceUnreachable
from wire.block import Quality, Reading
from wire.clock import Clock


@dataclass(slots=True)
class MeterInMemory:
    """A device that is read: answers with `fast` and `slow` after `delay_s`."""

    clock: Clock
    fast: dict[str, float | None] = field(default_factory=lambda: {"grid.frequency_hz": 50.0})
    slow: dict[str, float | None] = field(default_factory=dict)
    once: dict[str, float | None] = field(default_factory=dict)
    age_s: float = 0.0
    """How old the values are when they are told."""
    delay_s: float = 0.002
    hangs: bool = False
    unplugged: bool = False
    reads: list[tuple[float, Rate]] = field(default_factory=list)
    pace: Pace = field(default_factory=Pace)

    async def read(self, rate: Rate) -> Sequence[Reading]:
        values = {Rate.FAST: self.fast, Rate.SLOW: self.slow, Rate.ONCE: self.once}[rate]
        if not values:
            return []
        await self._line()
        self.reads.append((asyncio.get_running_loop().time(), rate))
        at_us = self.clock.now_us() - round(self.age_s * 1e6)
        return [
            Reading(point, value, Quality.BAD if value is None else Quality.GOOD, at_us)
            for point, value in values.items()
        ]

    async def _line(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(self.delay_s)
        if self.unplugged:
            raise DeviceUnreachable("no connection")


@dataclass(slots=True)
class InverterInMemory(MeterInMemory):
    """A device that also takes power, follows it at once, and notes every write."""

    fast: dict[str, float | None] = field(
        default_factory=lambda: {
            "ac.power_kw": 0.0,
            "grid.frequency_hz": 50.0,
            "battery.soc_pct": 50.0,
        }
    )
    slow: dict[str, float | None] = field(
        default_factory=lambda: {"battery.max_discharge_kw": 100.0, "battery.max_charge_kw": 100.0}
    )
    refresh_s: float = 3.0
    power_share_max: float = 1.0
    refuses: bool = False
    refuses_power: bool = False
    deaf: bool = False
    """What is written is acknowledged and ignored."""
    idle: bool = False
    """Setpoints are kept and shown, and no power follows."""
    shows_setpoint: bool = False
    """It tells the setpoint that it has."""
    timeout_s: float | None = None
    """It falls back to 0 kW when nobody has written for so long; None: never."""
    fallback_s: float | None = 9.0
    wrong: list[str] = field(default_factory=list)
    """What of its own protection is not as it was chosen, until it is looked after."""
    identity: dict[str, str] = field(default_factory=dict)
    forgot: int = 0
    looks: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    take_overs: list[float] = field(default_factory=list)
    writes: list[tuple[float, float]] = field(default_factory=list)

    async def take_over(self) -> None:
        await self._line()
        if self.refuses:
            raise DeviceRefused("pcs.timeout_s: illegal value")
        self.take_overs.append(asyncio.get_running_loop().time())

    async def write_power_kw(self, power_kw: float) -> None:
        await self._line()
        if self.refuses_power:
            raise DeviceRefused("pcs.set_power_kw: illegal value")
        self.writes.append((asyncio.get_running_loop().time(), power_kw))
        if not self.deaf:
            self.keep(power_kw)

    def keep(self, power_kw: float) -> None:
        """Take a setpoint, from us or from somebody else."""
        if self.shows_setpoint:
            self.fast["pcs.set_power_kw"] = power_kw
        if self.fast["ac.power_kw"] is not None and not self.idle:
            self.fast["ac.power_kw"] = power_kw

    async def read(self, rate: Rate) -> Sequence[Reading]:
        now_s = asyncio.get_running_loop().time()
        written_s = self.writes[-1][0] if self.writes else now_s
        if self.timeout_s is not None and now_s - written_s > self.timeout_s:
            self.fast["ac.power_kw"] = 0.0
        return await MeterInMemory.read(self, rate)

    async def look_after(self) -> Sequence[str]:
        await self._line()
        self.looks.append(asyncio.get_running_loop().time())
        found, self.wrong = tuple(self.wrong), []
        return found

    def forget(self) -> None:
        self.forgot += 1

    async def leave(self) -> None:
        await self._line()
        self.left.append(asyncio.get_running_loop().time())
