"""agent.gateway.inlet: what devices push goes to control, of each point only the newest."""

import asyncio
from dataclasses import replace
from pathlib import Path

from agent.gateway.buffer import open_buffer
from agent.gateway.inlet import Inlet
from agent.gateway.latest import Latest
from agent.link import Pushed
from tests.support.control_peer import control_peer
from tests.support.patience import eventually
from wire.block import Quality, Reading
from wire.clock import SetClock

NOON_US = 1_790_000_000_000_000
FIRST = Reading("battery.soc_pct", 55.0, Quality.GOOD, NOON_US)
NEWER = replace(FIRST, at_us=NOON_US + 1, value=56.0)
LATE = replace(FIRST, at_us=NOON_US - 1)


async def test_what_a_device_pushes_reaches_control_while_it_is_linked(tmp_path: Path) -> None:
    latest, clock, path = Latest(), SetClock(NOON_US), tmp_path / "control.sock"
    async with (
        control_peer(path) as peer,
        open_buffer(tmp_path / "buffer.db", clock, 64 * 1024**2) as buffer,
        asyncio.TaskGroup() as tasks,
    ):
        inlet = Inlet(buffer, latest, clock, path, peer.site)
        assert not inlet.tell("seed", [FIRST])
        receiving = tasks.create_task(inlet.receive())
        await eventually(lambda: latest.linked)
        assert all(inlet.tell("seed", [reading]) for reading in (FIRST, NEWER, LATE))
        await eventually(lambda: bool(peer.pushed))
        receiving.cancel()
    assert peer.pushed == [Pushed("seed", (NEWER,))]
