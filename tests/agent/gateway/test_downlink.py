"""agent.gateway.downlink: a schedule is saved, reaches control, and survives a restart."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.gateway.backoff import Backoff
from agent.gateway.buffer import open_buffer
from agent.gateway.downlink import Downlink, Takers
from agent.gateway.errors import BufferBlocked
from agent.gateway.hub import open_hub
from agent.gateway.inlet import Inlet
from agent.gateway.latest import Lane, Latest
from agent.gateway.line import OneKey, Way
from agent.gateway.outage import Outage
from tests.support.control_peer import ControlPeer, control_peer
from tests.support.hub_peer import KEY, HubPeer, hub_peer
from tests.support.patience import eventually
from wire.clock import QUARTER_HOUR_US, SystemClock
from wire.command import Command
from wire.order import Part, RestartOrder
from wire.schedule import Schedule, Slot

ROOMY = 64 * 1024**2
NOON_US = 1_790_000_000_000_000
SITE = "werk-sued"


def schedule(version: int, power_kw: float = 30.0, site: str = SITE) -> Schedule:
    slot = Slot(NOON_US, NOON_US + QUARTER_HOUR_US, power_kw)
    return Schedule(site=site, version=version, issued_us=NOON_US + version, slots=(slot,))


@asynccontextmanager
async def polling(
    folder: Path, port: int | None, takers: Takers | None = None
) -> AsyncIterator[Latest]:
    """Run inlet and downlink; without a port there is no hub."""
    clock = SystemClock()
    latest = Latest()

    def show(lane: Lane) -> None:
        latest.down = lane

    async with (
        open_buffer(folder / "buffer.db", clock, ROOMY) as buffer,
        open_hub(Way(url=f"http://127.0.0.1:{port}"), OneKey(KEY), clock) as hub,
        asyncio.TaskGroup() as tasks,
    ):
        inlet = Inlet(buffer, latest, clock, folder / "control.sock", SITE)
        downlink = Downlink(buffer, inlet, latest, clock, SITE)
        await downlink.restore()
        running = [tasks.create_task(inlet.receive())]
        if port is not None:
            outage = Outage("schedule", clock, Backoff(lambda low, high: min(high, 0.05)), show)
            running.append(tasks.create_task(downlink.run(hub, outage, 0.2, takers or Takers())))
        yield latest
        for task in running:
            task.cancel()


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[ControlPeer]:
    async with control_peer(tmp_path / "control.sock") as peer:
        yield peer


@pytest.fixture
async def hub() -> AsyncIterator[HubPeer]:
    async with hub_peer() as peer:
        yield peer


async def test_each_new_version_reaches_control(
    tmp_path: Path, hub: HubPeer, control: ControlPeer
) -> None:
    async with polling(tmp_path, hub.port):
        await hub.publish(schedule(1))
        assert await control.until_scheduled(1) == schedule(1)
        await hub.publish(schedule(2, -50.0))
        assert await control.until_scheduled(2) == schedule(2, -50.0)
        await hub.until(lambda: 2 in hub.polls)


async def test_the_last_schedule_is_followed_after_a_restart_without_a_hub(
    tmp_path: Path, hub: HubPeer, control: ControlPeer
) -> None:
    async with polling(tmp_path, hub.port):
        await hub.publish(schedule(5))
        await control.until_scheduled(1)
    async with polling(tmp_path, None) as latest:
        assert await control.until_scheduled(2) == schedule(5)
        assert latest.schedule == schedule(5)


async def test_a_hub_that_lost_its_data_and_counts_from_one_again_is_followed(
    tmp_path: Path, hub: HubPeer, control: ControlPeer
) -> None:
    again = Schedule(site=SITE, version=1, issued_us=NOON_US + 99, slots=())
    async with polling(tmp_path, hub.port):
        await hub.publish(schedule(57))
        await control.until_scheduled(1)
        await hub.publish(again)
        assert await control.until_scheduled(2) == again


async def test_a_schedule_of_another_site_is_not_followed(
    tmp_path: Path, hub: HubPeer, control: ControlPeer
) -> None:
    async with polling(tmp_path, hub.port) as latest:
        await control.until_connected()
        await hub.publish(schedule(1, site="hafen"))
        await eventually(lambda: latest.down.trouble)
        assert latest.schedule is None
        assert control.schedules == []


async def test_polling_comes_back_when_the_hub_does(tmp_path: Path, control: ControlPeer) -> None:
    async with hub_peer() as hub:
        port = hub.port
    async with polling(tmp_path, port) as latest:
        await eventually(lambda: latest.down.trouble)
        assert latest.down.answered_us is None
        async with hub_peer(port) as hub:
            await hub.publish(schedule(1))
            assert await control.until_scheduled() == schedule(1)
            await eventually(lambda: not latest.down.trouble)


def command(name: str) -> Command:
    return Command(
        id=name,
        order=RestartOrder(Part.GATEWAY),
        issued_us=NOON_US,
        expires_us=NOON_US + 60_000_000,
        actor="key-1",
        reason="test",
    )


async def test_commands_are_handed_over_until_the_hub_has_heard_that_they_are_held(
    tmp_path: Path, hub: HubPeer
) -> None:
    taken: list[str] = []

    async def take(commands: Sequence[Command], unreadable: Sequence[tuple[str, str]]) -> None:
        taken.extend(one.id for one in commands)
        assert list(unreadable) == []

    hub.commands = (command("one"), command("two"))
    async with polling(tmp_path, hub.port, Takers(commands=take)):
        await eventually(lambda: len(taken) >= 4)
        hub.commands = ()
    assert taken[:4] == ["one", "two", "one", "two"]


async def test_commands_that_cannot_be_written_down_leave_the_poll_alive(
    tmp_path: Path, hub: HubPeer
) -> None:
    asked: list[str] = []

    async def full(commands: Sequence[Command], unreadable: Sequence[tuple[str, str]]) -> None:
        asked.extend(one.id for one in commands)
        raise BufferBlocked("the disk is full")

    hub.commands = (command("one"),)
    async with polling(tmp_path, hub.port, Takers(commands=full)) as latest:
        await eventually(lambda: len(asked) >= 3)
        assert "the disk is full" in latest.down.trouble
        hub.commands = ()
        await eventually(lambda: not latest.down.trouble)


async def test_who_watches_and_what_is_granted_is_told_with_every_answer(
    tmp_path: Path, hub: HubPeer
) -> None:
    watched: list[tuple[str, ...]] = []
    granted: list[int | None] = []
    hub.watch, hub.grant_bytes_s = ("ac.power_kw", "battery.soc_pct"), 125_000
    takers = Takers(watch=watched.append, grant=granted.append)
    async with polling(tmp_path, hub.port, takers):
        await eventually(lambda: watched and granted)
    assert watched[0] == ("ac.power_kw", "battery.soc_pct")
    assert granted[0] == 125_000


async def test_a_poll_that_knows_who_watches_is_not_answered_early(
    tmp_path: Path, hub: HubPeer
) -> None:
    hub.watch = ("ac.power_kw",)
    async with polling(tmp_path, hub.port) as latest:
        latest.watch = ("ac.power_kw",)
        await eventually(lambda: len(hub.polls) >= 2)
        begun = len(hub.polls)
        await hub.watching("ac.power_kw", "battery.soc_pct")
        await eventually(lambda: len(hub.polls) > begun)
