"""agent.gateway.timekeeper: a wrong clock loses nothing, doubles nothing, and is put right."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.gateway.backoff import Backoff
from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.hub import open_hub
from agent.gateway.inlet import Inlet
from agent.gateway.latest import Latest
from agent.gateway.line import OneKey, Way
from agent.gateway.machine import Machine
from agent.gateway.meter import Meter
from agent.gateway.outage import Outage
from agent.gateway.restamp import doubted_boots
from agent.gateway.timekeeper import Timekeeper
from agent.gateway.uplink import Uplink
from agent.link import ClockVerdict
from agent.timekeeping import SteadyClock
from tests.support.control_peer import ControlPeer, control_peer
from tests.support.hub_peer import GATEWAY, KEY, HubPeer, hub_peer
from tests.support.patience import eventually
from tests.support.virtual import MovedClock
from wire.report import ClockState
from wire.sync import Event

NOON_US = 1_790_000_000_000_000
HOUR_US = 3_600_000_000
NEAR_US = 50_000
"""How right a stamp has to be in the end."""
ROOMY = 64 * 1024**2


@dataclass(slots=True)
class Box:
    """A machine, its control and its gateway; the gateway starts and dies in `gateway`."""

    folder: Path
    hub: HubPeer
    control: ControlPeer
    system: MovedClock
    boot_id: str = "run-1"
    synchronised: bool = False
    true_us: dict[tuple[str, int], int] = field(default_factory=dict)
    """When each sample was really taken."""

    @property
    def off_us(self) -> int:
        """Return how far the system's clock is behind the true time."""
        assert isinstance(self.hub.clock, MovedClock)
        return self.hub.clock.start_us - self.system.start_us

    @property
    def now_us(self) -> int:
        """The true time, which is the hub's."""
        return self.hub.clock.now_us()

    def sample(self, count: int = 1) -> None:
        """Have control sample, with its own clock, which is the system's."""
        for _ in range(count):
            self.true_us[self.control.boot, self.control.samples] = self.now_us
            self.control.offset_us = self.system.start_us
            self.control.sample(self.system.now_us())

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator["Gateway"]:
        clock = SteadyClock(self.system, asyncio.get_running_loop().time)
        latest, machine = Latest(), Machine(boot_id=self.boot_id, synchronised=self.kept)
        async with (
            open_buffer(self.folder / "buffer.db", clock, ROOMY) as buffer,
            open_hub(Way(url=self.hub.url), OneKey(KEY), clock) as hub,
        ):
            keeper = Timekeeper(clock, buffer, latest, machine)
            path = self.folder / "control.sock"
            inlet = Inlet(buffer, latest, clock, path, self.control.site, keeper)
            await keeper.begin(inlet.send_clock)
            outage = Outage("up", clock, Backoff(lambda low, _high: low), lambda _lane: None)
            meter = Meter(own_bytes_s=None)
            uplink = Uplink(
                buffer, hub, GATEWAY, outage, clock=clock, meter=meter, ready=keeper.ready
            )
            async with asyncio.TaskGroup() as tasks:
                work = [
                    tasks.create_task(part)
                    for part in (
                        keeper.watch(),
                        keeper.mend(),
                        keeper.inquire(hub),
                        inlet.receive(),
                        inlet.commit(0.05),
                        uplink.run(),
                    )
                ]
                try:
                    yield Gateway(buffer, latest)
                finally:
                    for task in work:
                        task.cancel()

    def kept(self) -> bool:
        return self.synchronised

    async def until_uploaded(self, count: int) -> None:
        await self.hub.until(lambda: len(self.hub.samples()) >= count)

    def worst_us(self) -> int:
        """Return how far the stamps at the hub are from the truth, at most.

        Every sample has to be there, once, in order.
        """
        assert self.hub.samples() == list(self.true_us)
        stamps = [at_us for block in self.hub.blocks() for at_us in block.at_us]
        return max(
            abs(at_us - true_us)
            for at_us, true_us in zip(stamps, self.true_us.values(), strict=True)
        )

    def told(self, code: str) -> list[Event]:
        return [event for event in self.hub.events() if event.code == code]


@dataclass(slots=True)
class Gateway:
    buffer: Buffer
    latest: Latest


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.gateway.timekeeper.LOOK_S", 0.02)
    monkeypatch.setattr("agent.gateway.timekeeper.ASK_AGAIN_S_MIN", 0.05)
    monkeypatch.setattr("agent.gateway.timekeeper.ASK_AGAIN_S_MAX", 0.1)
    monkeypatch.setattr("agent.gateway.inlet.RETRY_S", 0.02)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    up_us = round(asyncio.get_running_loop().time() * 1e6)
    async with hub_peer() as hub, control_peer(tmp_path / "control.sock") as control:
        hub.clock = MovedClock(NOON_US - up_us)
        yield Box(tmp_path, hub, control, MovedClock(NOON_US - up_us))


def refuse(box: Box, *, time: bool) -> None:
    """Have the hub answer, or not answer, what time it is."""
    box.hub.tells_time = not time


def in_state(gateway: Gateway, state: ClockState) -> Callable[[], bool]:
    return lambda: gateway.latest.clock.state is state


async def test_a_clock_that_a_time_service_keeps_is_trusted_at_once_and_nobody_is_asked(
    box: Box,
) -> None:
    box.synchronised = True
    async with box.gateway() as gateway:
        box.sample(5)
        await box.until_uploaded(5)
        assert gateway.latest.clock == ClockVerdict(ClockState.SYNCHRONISED, 0)
        assert await doubted_boots(gateway.buffer) == ()
    assert box.worst_us() < 1_000
    assert box.hub.times == 0
    assert box.hub.events() == []


async def test_an_unsynchronised_clock_that_the_hub_confirms_is_left_as_it_is(box: Box) -> None:
    box.system.start_us += 1_500_000
    async with box.gateway() as gateway:
        box.sample(5)
        await box.until_uploaded(5)
        assert gateway.latest.clock == ClockVerdict(ClockState.CONFIRMED, 0)
    assert 1_450_000 < box.worst_us() < 1_550_000
    assert box.hub.events() == []


async def test_without_a_hub_that_tells_the_time_everything_waits_and_nothing_is_lost(
    box: Box,
) -> None:
    refuse(box, time=True)
    async with box.gateway() as gateway:
        box.sample(5)
        await box.control.until(stored=4)
        await eventually(lambda: box.hub.times > 3)
        assert gateway.latest.clock.state is ClockState.UNKNOWN
        assert await doubted_boots(gateway.buffer) == ("run-1",)
        assert box.hub.uploads == []
        refuse(box, time=False)
        await box.until_uploaded(5)
    assert box.worst_us() < NEAR_US


async def test_a_time_that_is_not_signed_with_our_key_is_not_believed(box: Box) -> None:
    box.hub.lies = True
    box.system.start_us = 0
    async with box.gateway() as gateway:
        await eventually(lambda: box.hub.times > 3)
        assert gateway.latest.clock.state is ClockState.UNKNOWN


async def test_a_boot_in_1970_is_put_right_once_the_hub_has_told_the_time(box: Box) -> None:
    box.system.start_us = 0
    refuse(box, time=True)
    async with box.gateway() as gateway:
        box.sample(20)
        await box.control.until(stored=19)
        refuse(box, time=False)
        await eventually(in_state(gateway, ClockState.CORRECTED))
        box.sample(20)
        await box.until_uploaded(40)
        assert isinstance(await box.control.until_wished(1), ClockVerdict)
        assert abs(gateway.latest.clock.correction_us - box.off_us) < NEAR_US
        await box.hub.until(lambda: len(box.told("CLOCK_WRONG")) == 1)
    assert box.worst_us() < NEAR_US
    assert abs(box.told("CLOCK_WRONG")[0].at_us - box.now_us) < 5_000_000


async def test_a_boot_in_1970_is_put_right_once_a_time_service_sets_the_clock(box: Box) -> None:
    right_us, box.system.start_us = box.system.start_us, 0
    refuse(box, time=True)
    async with box.gateway() as gateway:
        box.sample(20)
        await box.control.until(stored=19)
        box.system.start_us = right_us
        box.sample(20)
        box.synchronised = True
        await box.until_uploaded(40)
        assert gateway.latest.clock == ClockVerdict(ClockState.SYNCHRONISED, 0)
    assert box.worst_us() < NEAR_US


@pytest.mark.parametrize("by_us", [HOUR_US, -HOUR_US])
async def test_a_clock_set_wrong_while_running_changes_no_stamp(box: Box, by_us: int) -> None:
    async with box.gateway() as gateway:
        box.sample(10)
        await box.until_uploaded(10)
        box.system.start_us += by_us
        box.sample(10)
        await eventually(in_state(gateway, ClockState.CORRECTED))
        box.sample(10)
        await box.until_uploaded(30)
        assert abs(gateway.latest.clock.correction_us + by_us) < NEAR_US
        verdict = await box.control.until_wished(1)
        assert isinstance(verdict, ClockVerdict)
        box.system.start_us -= by_us
        await eventually(in_state(gateway, ClockState.CONFIRMED))
        assert gateway.latest.clock.correction_us == 0
        box.sample(10)
        await box.until_uploaded(40)
    assert box.worst_us() < NEAR_US


async def test_the_truth_outlives_the_gateway_but_not_the_machine(box: Box) -> None:
    box.system.start_us = 0
    async with box.gateway() as gateway:
        await eventually(in_state(gateway, ClockState.CORRECTED))
        box.sample(5)
        await box.until_uploaded(5)
    refuse(box, time=True)
    async with box.gateway() as gateway:
        assert gateway.latest.clock.state is ClockState.CORRECTED, "known before anybody is asked"
        box.sample(5)
        await box.until_uploaded(10)
    box.boot_id = "run-2"
    async with box.gateway() as gateway:
        assert gateway.latest.clock.state is ClockState.UNKNOWN
    assert box.worst_us() < NEAR_US
    assert len(box.told("CLOCK_WRONG")) == 1, "told once, not at each start"


async def test_samples_of_a_run_that_nobody_can_know_are_sent_as_they_are_and_told(
    box: Box,
) -> None:
    right_us, box.system.start_us = box.system.start_us, 1_000_000_000_000_000
    refuse(box, time=True)
    async with box.gateway():
        box.sample(5)
        await box.control.until(stored=4)
    box.system.start_us, box.boot_id = right_us, "run-2"
    refuse(box, time=False)
    async with box.gateway():
        await box.hub.until(lambda: len(box.told("CLOCK_UNKNOWN")) == 1)
        await box.until_uploaded(5)
    async with box.gateway():
        box.sample(1)
        await box.until_uploaded(6)
    (event,) = box.told("CLOCK_UNKNOWN")
    assert "frames from 2001-09-09 " in event.text
    assert box.hub.blocks()[0].at_us[0] < NOON_US
    assert len(box.hub.samples()) == 6


async def test_a_time_service_that_the_hub_contradicts_keeps_the_stamps_but_not_the_silence(
    box: Box,
) -> None:
    box.synchronised = True
    box.system.start_us += HOUR_US
    async with box.gateway() as gateway:
        box.sample(5)
        await box.until_uploaded(5)
        assert gateway.latest.clock == ClockVerdict(ClockState.SYNCHRONISED, 0)
    assert HOUR_US - NEAR_US < box.worst_us() < HOUR_US + NEAR_US
