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
        if self.fast["ac.power_kw"] is not None:
            self.fast["ac.power_kw"] = power_kw
