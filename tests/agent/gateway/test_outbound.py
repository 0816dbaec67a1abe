"""agent.gateway.outbound: what control hears first on a new connection."""

import asyncio
import socket

from agent import link
from agent.gateway.outbound import Outbound
from agent.link import ClockVerdict, Steering
from tests.support.messages import SCHEDULE
from wire.order import Mode
from wire.report import ClockState


async def test_the_clock_and_what_operators_want_come_before_the_schedule() -> None:
    told = (
        ClockVerdict(ClockState.SYNCHRONISED, 0),
        Steering(Mode.STANDBY, None),
        SCHEDULE,
    )
    outbound = Outbound()
    for message in reversed(told):
        outbound.put(message)
    ours, theirs = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=ours)
    reader, other = await asyncio.open_connection(sock=theirs)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        speaking = tasks.create_task(outbound.speak(writer))
        heard = tuple([await link.receive(reader) for _ in told])
        speaking.cancel()
    for each in (writer, other):
        each.close()
        await each.wait_closed()
    assert heard == told
