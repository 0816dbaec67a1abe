"""A box's alarms at the box and at the hub: after any outage they are the same rows."""

import random
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from agent.gateway import ledger
from agent.gateway.alarms import Alarms
from agent.gateway.buffer import Buffer
from agent.gateway.latest import Latest
from cloud.fleet.operation import alarms as hub_alarms
from cloud.kernel.context import Hub
from tests.support.buffers import BATCH, opened
from tests.support.hub import Box, clock_of
from tests.support.operation import SECOND_US, tell_result
from wire.alarm import Alarm
from wire.command import State
from wire.order import AcknowledgeOrder
from wire.sync import Severity

STEPS = 40
PAIRS = (("DEVICE_LOST", "DEVICE_BACK"), ("DEVICE_REFUSED", "DEVICE_AGREES"))


class Site:
    """A box's real buffer and alarms, and the line to the hub, which is down at times."""

    def __init__(self, buffer: Buffer, box: Box, operator: httpx.AsyncClient) -> None:
        self.buffer = buffer
        self.box = box
        self.operator = operator
        self.latest = Latest()
        self.alarms = Alarms(buffer, self.latest, box.hub.clock)

    async def happen(self, code: str, source: str) -> None:
        await self.buffer.report(code, Severity.ALARM, code.lower(), source)
        await self.read()

    async def read(self) -> None:
        while await self.alarms.read():
            continue

    async def acknowledge_here(self, alarm: Alarm, note: str) -> None:
        await self.alarms.acknowledge(alarm.id, "technician", note, self.box.hub.clock.now_us())

    async def acknowledge_there(self, alarm: Alarm, note: str) -> None:
        """Acknowledge at the hub, if the hub has heard of the alarm."""
        path = f"/api/v1/alarms/{self.box.gateway}/{alarm.id}/acknowledge"
        answer = await self.operator.post(path, json={"note": note})
        assert answer.status_code in (200, 404)

    async def talk(self, *, answer_lost: bool = False) -> None:
        """Upload what waits, do what the hub asks; a lost answer leaves it all for later."""
        state = await self.buffer.state()
        while frames := await self.buffer.batch(state.acked, BATCH):
            ack = await self.box.upload(frames, after=state.acked, epoch=state.epoch)
            if answer_lost:
                return
            await self.buffer.release(ack.seq)
            state = await self.buffer.state()
        for command in (await self.box.downlink()).commands:
            order = command.order
            assert isinstance(order, AcknowledgeOrder)
            await self.alarms.acknowledge(order.alarm, order.who, order.note, order.at_us)
            await tell_result(self.box, command.id, State.DONE)


async def rows_of(hub: Hub, box: Box) -> Mapping[str, Alarm]:
    async with hub.database.reading() as connection:
        found = await hub_alarms.listed(connection, hub_alarms.Filter(limit=1_000))
    return {row.alarm.id: row.alarm for row in found if row.gateway == box.gateway}


@pytest.mark.parametrize("seed", range(6))
async def test_after_any_outage_box_and_hub_have_the_same_alarms(
    hub: Hub, box: Box, operator: httpx.AsyncClient, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    (tmp_path / "box").mkdir()
    async with opened(tmp_path / "box") as buffer:
        site = Site(buffer, box, operator)
        await site.alarms.restore()
        for step in range(STEPS):
            clock_of(hub).at_us += SECOND_US
            known = await buffer.look_up(ledger.read_alarms)
            match dice.choice(["begin", "end", "here", "there", "talk", "lost"]):
                case "begin":
                    await site.happen(dice.choice(PAIRS)[0], f"inverter-{dice.randrange(2)}")
                case "end":
                    await site.happen(dice.choice(PAIRS)[1], f"inverter-{dice.randrange(2)}")
                case "here" if known:
                    await site.acknowledge_here(dice.choice(known), f"here at {step}")
                case "there" if known:
                    await site.acknowledge_there(dice.choice(known), f"there at {step}")
                case "talk":
                    await site.talk()
                case "lost":
                    await site.talk(answer_lost=True)
        for _ in range(3):
            await site.talk()
        at_box = {alarm.id: alarm for alarm in await buffer.look_up(ledger.read_alarms)}
        assert at_box, "something has happened"
        assert await rows_of(hub, box) == at_box
