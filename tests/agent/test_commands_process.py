"""A real box under command: real processes, a simulated inverter, a hub that speaks `wire.sync`."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.commanded import CommandedBox, commanded_box
from tests.support.commands import SECOND_US
from wire.clock import SystemClock
from wire.command import COMMANDS_MAX, State
from wire.order import Mode, ModeOrder, Part, RestartOrder, SetpointOrder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
KILLS = 6


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[CommandedBox]:
    async with commanded_box(tmp_path) as box:
        await box.start()
        yield box


def until(seconds: float) -> int:
    return SystemClock().now_us() + round(seconds * SECOND_US)


async def test_the_same_setpoint_a_hundred_times_is_one_change_of_the_register(
    box: CommandedBox,
) -> None:
    before = len(box.tap.changes())
    order = box.ordered("c-1", SetpointOrder(6.0, until(600)))
    await box.hub.send(*[order] * COMMANDS_MAX)
    result = await box.hub.result("c-1")
    assert (result.state, result.read_back_kw) == (State.DONE, 6.0)
    heard = len(box.hub.results)
    await box.hub.send(*[order] * COMMANDS_MAX)
    await box.hub.until(lambda: len(box.hub.results) > heard)
    await asyncio.sleep(1)
    assert box.tap.changes()[before:] == [6.0]
    ends = [one for one in box.hub.results if one.state.final]
    assert {(one.id, one.state) for one in ends} == {("c-1", State.DONE)}


async def test_a_setpoint_outlives_the_gateway_and_ends_by_itself(box: CommandedBox) -> None:
    assert (await box.ask("c-1", SetpointOrder(6.0, until(12)))).state is State.DONE
    box.system.kill_child("agent", "gateway\0")
    await asyncio.sleep(1)
    assert box.tap.changes()[-1] == 6.0
    await box.tap.until(lambda: box.tap.changes()[-1] == 0.0)


async def test_control_that_is_killed_is_told_again_what_is_wanted(box: CommandedBox) -> None:
    assert (await box.ask("c-1", SetpointOrder(6.0, until(600)))).state is State.DONE
    assert (await box.ask("m-1", ModeOrder(Mode.STANDBY))).state is State.DONE
    assert box.tap.changes()[-1] == 0.0
    assert (await box.ask("c-2", SetpointOrder(7.0, until(600)))).state is State.DONE
    box.system.kill_child("agent", "control\0")
    writes = len(box.tap.writes)
    await box.tap.until(lambda: len(box.tap.writes) > writes and box.tap.changes()[-1] == 7.0)


async def test_an_expired_setpoint_is_never_written(box: CommandedBox) -> None:
    late = box.ordered("c-1", SetpointOrder(6.0, until(-1)))
    await box.hub.send(late)
    assert (await box.hub.result("c-1")).state is State.EXPIRED
    assert 6.0 not in box.tap.changes()


async def test_a_gateway_killed_at_random_moments_has_nothing_done_twice(
    box: CommandedBox,
) -> None:
    chance = random.Random(20_261_121)
    for kill in range(KILLS):
        order = box.ordered(f"r-{kill}", RestartOrder(Part.CONTROL))
        await box.hub.send(order)
        await asyncio.sleep(chance.random() * 2.5)
        box.system.kill_child("agent", "gateway\0")
        await box.hub.send(order)
        result = await box.hub.result(order.id)
        assert result.state is State.DONE, result.text
        await box.hub.send(order)
    await box.ready()
    begun = box.system.log("agent").count("control of site")
    assert begun == 1 + KILLS
