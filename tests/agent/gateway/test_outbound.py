"""agent.gateway.outbound: what control hears first on a new connection."""

import asyncio
import socket

from agent import link
from agent.gateway.outbound import Outbound
from agent.link import ClockVerdict, Recall, Steering
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


async def test_what_control_wants_held_is_said_first_with_its_age_and_once() -> None:
    outbound = Outbound()
    outbound.put(SCHEDULE)
    outbound.hold("older")
    outbound.hold("held")
    ours, theirs = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=ours)
    reader, other = await asyncio.open_connection(sock=theirs)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        speaking = tasks.create_task(outbound.speak(writer))
        first = await link.receive(reader)
        outbound.hold("newer, of the control that listens")
        outbound.put(Steering(Mode.STANDBY, None))
        rest = [await link.receive(reader) for _ in range(2)]
        speaking.cancel()
    for each in (writer, other):
        each.close()
        await each.wait_closed()
    assert isinstance(first, Recall)
    assert first.text == "held"
    assert 0.0 <= first.age_s < 5.0
    assert not any(isinstance(message, Recall) for message in rest)
