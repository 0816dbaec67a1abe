"""A control loop over devices in memory, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from agent import link
from agent.archive.trace import Trace
from agent.control.cycle import Cycle, Plan
from agent.control.outbox import Outbox
from agent.control.port import Port
from agent.control.sources import Sources, resolve
from agent.control.witness import Archived, Witness
from agent.latches import Kept
from agent.status import Status
from agent.timekeeping import SteadyClock
from tests.support.inverters import InverterInMemory, MeterInMemory
from tests.support.plants import RULES
from tests.support.virtual import EPOCH_US, VirtualClock
from wire.block import Block
from wire.clock import Clock
from wire.schedule import FrequencyService, Schedule, Slot
from wire.sync import Event

PLAN = Plan(
    site="s",
    boot="b",
    rules=RULES,
    sources=(Sources("pcs", {}),),  # made anew of the devices
    period_s=0.1,
    record_period_s=1.0,
)
HOUR_US = 3_600_000_000


@dataclass(slots=True)
class Site:
    """A running control loop over devices in memory."""

    inverter: InverterInMemory
    cycle: Cycle
    outbox: Outbox
    alive_s: list[float] = field(default_factory=list)

    async def items(self) -> list[Block | Event | Trace]:
        """Return what was put into the outbox, as the gateway would read it."""
        return [item.content for item in await self.stamped()]

    async def stamped(self) -> list[link.Item]:
        """Return the same with what the clock was ahead of the loop's time."""
        reader = asyncio.StreamReader()
        reader.feed_data(b"".join(frame for _, frame in self.outbox.after(-1, 100_000)))
        messages = [await link.receive(reader) for _ in range(len(self.outbox))]
        return [message for message in messages if isinstance(message, link.Item)]

    async def events(self, source: str | None = None) -> list[str]:
        events = [item for item in await self.items() if isinstance(item, Event)]
        return [event.code for event in events if source in (None, event.source)]

    def status(self) -> Status:
        status = self.cycle.status()
        assert status is not None
        return status

    def codes(self) -> list[str]:
        return [reason.code for reason in self.status().reasons]


@asynccontextmanager
async def running(
    inverter: InverterInMemory | None = None,
    *,
    meters: Sequence[tuple[str, MeterInMemory]] = (),
    units: Sequence[tuple[str, InverterInMemory]] = (),
    plan: Plan = PLAN,
    system: Clock | None = None,
    archived: Archived | None = None,
    told: bool = True,
) -> AsyncIterator[Site]:
    """Run control over an inverter called ``pcs``, others (`units`, of its size) and meters.

    `told`: the gateway has said at once that nothing is latched.
    """
    loop = asyncio.get_running_loop()
    clock = SteadyClock(system or VirtualClock(), loop.time)
    inverter = inverter or InverterInMemory(clock)
    devices: list[tuple[str, MeterInMemory]] = [*meters, ("pcs", inverter), *units]
    names = {device: {*driver.fast, *driver.slow} for device, driver in devices}
    setters = ["pcs", *(unit for unit, _ in units)]
    plan = replace(plan, sources=tuple(resolve(names, s, setters=setters) for s in setters))
    if units:
        limits = plan.rules.limits
        limits = replace(
            limits, units=tuple(replace(limits.units[0], unit=setter) for setter in setters)
        )
        plan = replace(plan, rules=replace(plan.rules, limits=limits))
    ports = [Port(device, driver, clock) for device, driver in devices]
    outbox = Outbox(10_000_000, lambda: clock.offset_us)
    alive_s: list[float] = []
    witness = Witness(outbox, plan.boot, archived)
    cycle = Cycle(plan, ports, outbox, clock, lambda: alive_s.append(loop.time()), witness=witness)
    async with asyncio.TaskGroup() as tasks:
        work = [tasks.create_task(port.run()) for port in ports]
        work.append(tasks.create_task(cycle.run()))
        if told:
            cycle.take_kept(Kept())
        yield Site(inverter, cycle, outbox, alive_s)
        for task in work:
            task.cancel()


def schedule(
    power_kw: float, version: int = 1, capacity_kw: float = 0.0, site: str = "s"
) -> Schedule:
    fcr = FrequencyService(
        "fcr_ce", EPOCH_US, EPOCH_US + HOUR_US, capacity_kw, ((-0.2, 1.0), (0.2, -1.0))
    )
    return Schedule(
        site=site,
        version=version,
        issued_us=EPOCH_US,
        slots=(Slot(EPOCH_US, EPOCH_US + HOUR_US, power_kw),),
        services=(fcr,) if capacity_kw else (),
    )
