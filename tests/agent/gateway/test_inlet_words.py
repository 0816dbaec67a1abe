"""agent.gateway.inlet: what control is told, on every connection or only once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.link import ClockVerdict, Leave, Override, Steering
from tests.support.control_peer import ControlPeer, control_peer
from tests.support.inlets import NOON_US, SITE, running
from tests.support.patience import eventually
from wire.order import Mode
from wire.report import ClockState
from wire.schedule import Schedule


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[ControlPeer]:
    async with control_peer(tmp_path / "control.sock") as listening:
        yield listening


async def test_control_is_told_the_schedule_on_every_connection(
    tmp_path: Path, peer: ControlPeer
) -> None:
    schedule = Schedule(site=SITE, version=3, issued_us=NOON_US, slots=())
    async with running(tmp_path) as bench:
        bench.inlet.send_schedule(schedule)
        assert await peer.until_scheduled(1) == schedule
        peer.hang_up()
        assert await peer.until_scheduled(2) == schedule


async def test_control_is_told_what_operators_want_and_about_the_clock_on_every_connection(
    tmp_path: Path, peer: ControlPeer
) -> None:
    verdict = ClockVerdict(ClockState.CORRECTED, 7_000_000)
    steering = Steering(Mode.AUTOMATIC, Override("c-1", 20.0, NOON_US))
    async with running(tmp_path) as bench:
        bench.inlet.say(steering)
        bench.inlet.say(verdict)
        await peer.until_wished(2)
        assert peer.wishes == [verdict, steering]
        peer.hang_up()
        await peer.until_wished(4)
        assert peer.wishes == [verdict, steering] * 2


async def test_control_is_asked_to_leave_once_and_only_if_it_is_there(
    tmp_path: Path, peer: ControlPeer
) -> None:
    async with running(tmp_path) as bench:
        assert not bench.inlet.send_leave("nobody is there yet")
        await eventually(lambda: bench.latest.linked)
        assert bench.inlet.send_leave("new settings")
        await peer.until_wished(1)
        peer.hang_up()
        await peer.until_connected(2)
        await eventually(lambda: bench.latest.linked)
        peer.sample(NOON_US)
        await peer.until(stored=0)
        assert peer.wishes == [Leave("new settings")]
