"""A SunSpec device: walked after each connection, then read and dispatched as plain Modbus.

The chain of models is looked at again all the time, one model for each slow reading: a device
that shows only its name while it starts is complete as soon as it is, and a map that moves
without a new connection is noticed. What the device does not have is a reading of quality BAD, and
so is what its head and its length do not agree about, or what a curve does not use.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from drivers.base import Identified, Pace, Rate
from drivers.errors import DeviceRefused, DeviceUnreachable, ProfileError
from drivers.modbus.device import ModbusDevice
from drivers.modbus.inverter import ModbusInverter
from drivers.modbus.line import Line, Refusal
from drivers.point import Coding, Kind
from drivers.profile import Profile
from drivers.sunspec import resolve
from drivers.sunspec.curves import Curves
from drivers.sunspec.discover import Ask, Chain, Heads, Walk, walk
from wire.block import Quality, Reading
from wire.clock import Clock

WALK_S = 1.0
"""No call walks longer than this; the next one goes on where it ended."""
LOOKS_INCOMPLETE = 4
"""So many models are looked at for each slow reading while some of the profile's are not there."""
_NAMES_SHOWN = 8

_logger = logging.getLogger(__name__)


def prepared(profile: Profile) -> Callable[[Line, Clock], "SunSpecDevice"]:
    """Return what makes the device of a profile once there is a line to it.

    Raises:
        ProfileError: the profile names points that the standard does not have.
    """
    where = resolve.places(profile.points)
    kind = SunSpecDevice if profile.control is None else SunSpecInverter
    return lambda line, clock: kind(profile, where, line, clock)


class SunSpecDevice:
    """A `drivers.base.Driver` and `drivers.base.Identified`: a device that is read."""

    def __init__(self, profile: Profile, where: resolve.Where, line: Line, clock: Clock) -> None:
        self.profile = profile
        self._line = line
        self._clock = clock
        self._where = where
        self._names = {
            rate: tuple(
                point.name
                for point in profile.points
                if point.readable and point.rate is rate and point.coding is not Coding.STRING
            )
            + tuple(each.name for each in profile.sums if each.rate is rate)
            for rate in Rate
        }
        self._stroll = _Stroll(line, resolve.heads(where))
        self._chain: Chain | None = None
        self._device: ModbusDevice | None = None
        self._curves = Curves({}, 0)
        self._mapped = -1
        """Which connection the map is of."""
        self._told = ""
        self._unused: dict[Rate, tuple[str, ...]] = {}
        """Points that their curves do not use, as they were told last."""

    @property
    def pace(self) -> Pace:
        return self.profile.pace

    @property
    def identity(self) -> Mapping[str, str]:
        """See `drivers.base.Identified`."""
        return self._device.identity if isinstance(self._device, Identified) else {}

    async def read(self, rate: Rate) -> Sequence[Reading]:
        """See `drivers.base.Driver`; until the walk is done, every reading is of quality LOST."""
        device = await self._known()
        if device is None:
            return self._missing(rate, Quality.LOST)
        read = await device.read(rate)
        self._tell_unused(rate, self._curves.inactive(read))
        readings = self._with_sums(rate, self._curves.shown(read))
        if rate is Rate.SLOW:
            await self._look_again()
        if [reading.point for reading in readings] == list(self._names[rate]):
            return readings
        given = {reading.point: reading for reading in readings}
        return [given.get(bad.point, bad) for bad in self._missing(rate, Quality.BAD)]

    def _with_sums(self, rate: Rate, readings: Sequence[Reading]) -> Sequence[Reading]:
        """Return the readings with the sums of them, which the curves may have a part in."""
        sums = [each for each in self.profile.sums if each.rate is rate]
        if not sums:
            return readings
        given = {reading.point: reading for reading in readings}
        now_us = self._clock.now_us()
        return [*readings, *(each.reading(given, now_us) for each in sums)]

    def _missing(self, rate: Rate, quality: Quality) -> list[Reading]:
        now_us = self._clock.now_us()
        return [Reading(name, None, quality, now_us) for name in self._names[rate]]

    async def _known(self) -> ModbusDevice | None:
        """Return the device by its map, walked anew after each connection; None: not done yet."""
        if self._device is not None and self._mapped == self._line.connections:
            return self._device
        self._device = None
        chain = await self._stroll.finish(WALK_S)
        if chain is not None:
            self._take(chain)
        return self._device

    async def _look_again(self) -> None:
        """Look at one more model; where the map is another one by now, walk at once."""
        for _ in range(LOOKS_INCOMPLETE if self._told else 1):
            chain = await self._stroll.step()
            if chain is not None and chain != self._chain:
                self._device = None
                return

    def _take(self, chain: Chain) -> None:
        """Make the device of what the walk found."""
        self._chain, self._mapped = chain, self._line.connections
        points, most = self.profile.points, self.profile.link.max_registers
        found = resolve.resolved(points, self._where, chain, most)
        absent = [point.name for point in points if point.name not in found]
        self._tell(chain, absent)
        there = {name: each.point for name, each in found.items()}
        try:
            profile = self.profile.resolved(there)
        except ProfileError:  # it cannot be dispatched with these models, but read
            profile = replace(self.profile, control=None).resolved(there)
        self._curves = Curves(found, most)
        profile = replace(profile, points=self._curves.read(profile.points), sums=())
        if profile.control is None:
            self._device = ModbusDevice(profile, self._line, self._clock)
        else:
            self._device = ModbusInverter(profile, profile.control, self._line, self._clock)

    def _tell(self, chain: Chain, absent: Sequence[str]) -> None:
        """Log what is wrong with the map when it is news, and its end."""
        said = [chain.trouble] if chain.trouble else []
        if absent:
            listed = ", ".join(absent[:_NAMES_SHOWN]) + (", …" if absent[_NAMES_SHOWN:] else "")
            said.append(f"no {listed} in the models it has: {chain.described()}")
        looked = (place for name in absent for place in self._where[name])
        said += resolve.faults(looked, chain)[:_NAMES_SHOWN]
        told = "; ".join(said)
        if told and told != self._told:
            _logger.warning("%s: %s", self.profile.head.id, told)
        elif self._told and not told:
            _logger.info("%s: all its models are there", self.profile.head.id)
        self._told = told

    def _tell_unused(self, rate: Rate, names: tuple[str, ...]) -> None:
        """Log which points their curves do not use when that is news."""
        if names == self._unused.get(rate, ()):
            return
        self._unused[rate] = names
        listed = ", ".join(names[:_NAMES_SHOWN]) + (", …" if names[_NAMES_SHOWN:] else "")
        _logger.info(
            "%s: not among the active points of its curve: %s",
            self.profile.head.id,
            listed or "none",
        )


class SunSpecInverter(SunSpecDevice):
    """A device that also takes power: a `drivers.base.PowerSetter`."""

    @property
    def refresh_s(self) -> float:
        return self.profile.refresh_s

    @property
    def power_share_max(self) -> float:
        return self.profile.power_share_max

    async def take_over(self) -> None:
        """See `drivers.base.PowerSetter`."""
        await (await self._setter()).take_over()

    async def write_power_kw(self, power_kw: float) -> None:
        """See `drivers.base.PowerSetter`."""
        await (await self._setter()).write_power_kw(power_kw)

    @property
    def fallback_s(self) -> float | None:
        """See `drivers.base.FallsBack`."""
        return self.profile.watchdog.fallback_s

    async def look_after(self) -> Sequence[str]:
        """See `drivers.base.FallsBack`."""
        return await (await self._setter()).look_after()

    def forget(self) -> None:
        """See `drivers.base.Forgetful`."""
        if isinstance(self._device, ModbusInverter):
            self._device.forget()

    async def leave(self) -> None:
        """See `drivers.base.Leaver`."""
        await (await self._setter()).leave()

    async def _setter(self) -> ModbusInverter:
        device = await self._known()
        if device is None:
            raise DeviceUnreachable(f"{self.profile.head.id}: its models are still being read")
        if not isinstance(device, ModbusInverter):
            assert self._chain is not None, "a device is made of a chain"
            raise DeviceRefused(
                f"{self.profile.head.id}: the device cannot be dispatched with the models it has:"
                f" {self._chain.described()}"
            )
        return device


class _Stroll:
    """A walk that may be left and taken up again, as long as the connection is the same."""

    def __init__(self, line: Line, heads: Heads) -> None:
        self._line = line
        self._heads = heads
        self._walk: Walk | None = None
        self._ask = Ask(0, 0)
        self._connection = -1

    async def finish(self, seconds: float) -> Chain | None:
        """Walk to the end, but not longer than this; the chain, or None when it is not over."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + seconds
        chain = await self.step()
        while chain is None and loop.time() < until_s:
            chain = await self.step()
        return chain

    async def step(self) -> Chain | None:
        """Ask for the next registers; the chain when these were the last."""
        if self._walk is None or self._connection != self._line.connections:
            self._walk = walk(heads=self._heads)
            self._ask = next(self._walk)
            self._connection = self._line.connections
        answer = await self._line.read(Kind.HOLDING, self._ask.start, self._ask.count)
        if self._connection != self._line.connections:
            self._walk = None
            return None
        try:
            self._ask = self._walk.send(None if isinstance(answer, Refusal) else answer)
        except StopIteration as end:
            self._walk = None
            chain: Chain = end.value
            return chain
        return None
