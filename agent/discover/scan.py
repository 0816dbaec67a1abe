"""Asking everything that is to be asked, not faster than allowed, and collecting who answers."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from agent.discover import modbus, probe
from agent.discover.report import Found
from agent.discover.targets import Service, Target
from drivers.errors import DriverError
from drivers.modbus.config import Parity
from drivers.modbus.endpoint import SerialEndpoint, TcpEndpoint
from drivers.profile import Profile, load
from wire.clock import Clock

IN_FLIGHT_MAX = 32
"""Hosts that are asked at the same time."""
REFERENCE = "reference-inverter"
"""Its way to talk is the plainest: long enough requests, no pauses."""
SERIAL_MANNERS = (
    (9_600, Parity.EVEN, 1),
    (9_600, Parity.NONE, 1),
    (19_200, Parity.EVEN, 1),
    (19_200, Parity.NONE, 1),
    (115_200, Parity.NONE, 1),
    (38_400, Parity.NONE, 1),
)
"""How lines are set, the usual ones first."""

Step = Callable[[str, int], None]
"""Told after each question: where, and how many were found so far."""


class Scan:
    """One search; `units` empty means those at which devices answer as delivered."""

    def __init__(self, clock: Clock, units: Sequence[int], step: Step) -> None:
        self.found: list[Found] = []
        self._clock = clock
        self._profiles: Sequence[Profile] = modbus.candidates()
        self._named = bool(units)
        self._units = list(units) or modbus.usual_units(self._profiles)
        self._step = step
        self._link = load(REFERENCE).link

    async def network(self, targets: Sequence[Target], per_s: float) -> None:
        """Ask every target; at most `per_s` connections are begun in a second."""
        free = asyncio.Semaphore(IN_FLIGHT_MAX)
        async with asyncio.TaskGroup() as tasks:
            for target in targets:
                await free.acquire()
                tasks.create_task(self._look(target, free), name=str(target))
                await asyncio.sleep(1.0 / per_s)

    async def serial(self, path: str, manners_count: int = len(SERIAL_MANNERS)) -> None:
        """Ask the units of a serial line, in one manner after the other until one is answered.

        Raises:
            NobodyThere: the port cannot be opened.
        """
        for baud, parity, stop_bits in SERIAL_MANNERS[:manners_count]:
            endpoint = SerialEndpoint(path, baud, parity, stop_bits)
            line = (
                ("kind", "modbus_rtu"),
                ("serial", path),
                ("baud", baud),
                ("parity", parity.value),
                ("stop_bits", stop_bits),
            )
            before = len(self.found)
            with modbus.held(endpoint, self._link):
                for unit in [unit for unit in self._units if 1 <= unit <= 247]:
                    await self._unit(endpoint, unit, line)
                    self._step(f"{path} {baud} {parity} unit {unit}", len(self.found))
            if len(self.found) > before:
                return

    def questions(self, path: str) -> int:
        """Return how many questions a search of a serial line has at most."""
        return len(SERIAL_MANNERS) * len([unit for unit in self._units if 1 <= unit <= 247])

    async def _look(self, target: Target, free: asyncio.Semaphore) -> None:
        async with AsyncExitStack() as stack:
            stack.callback(free.release)
            match target.service:
                case Service.MODBUS:
                    await self._modbus(target)
                case Service.OPCUA:
                    self._note(target, await probe.opcua(target))
                case Service.MQTT:
                    self._note(target, await probe.mqtt(target))
            self._step(str(target), len(self.found))

    def _note(self, target: Target, said: str | None) -> None:
        if said is not None:
            self.found.append(Found(where=str(target), service=target.service, text=said))

    async def _modbus(self, target: Target) -> None:
        endpoint = TcpEndpoint(target.host, target.port)
        line = (("kind", "modbus_tcp"), ("host", target.host), ("port", target.port))
        try:
            with modbus.held(endpoint, self._link):
                asked = [await self._asked(endpoint, unit) for unit in self._units]
        except modbus.NobodyThere:
            return
        units = [one for one in asked if one is not None]
        for one in units if self._named else modbus.distinct(units):
            self.found.append(_found(str(target), one, line))
        if not units:
            text = "something listens, no Modbus unit answers"
            self.found.append(Found(where=str(target), service=target.service, text=text))

    async def _unit(
        self, endpoint: SerialEndpoint, unit: int, line: tuple[tuple[str, str | int], ...]
    ) -> None:
        one = await self._asked(endpoint, unit)
        if one is not None:
            self.found.append(_found(endpoint.path, one, line))

    async def _asked(self, endpoint: TcpEndpoint | SerialEndpoint, unit: int) -> modbus.Unit | None:
        try:
            return await modbus.ask_unit(endpoint, unit, self._profiles, self._link, self._clock)
        except DriverError:
            return None


def _found(where: str, one: modbus.Unit, line: tuple[tuple[str, str | int], ...]) -> Found:
    return Found(
        where=where,
        service=Service.MODBUS,
        text=one.text,
        unit=one.unit,
        profile=one.fits[0] if one.fits else "",
        others=one.fits[1:],
        identity=one.identity,
        line=line,
    )
