"""Real processes: whatever dies, the simulated inverter stands at its chosen safe value in time.

The power is read at the inverter itself, past the line that is cut.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.agents import SITE, LoneBox, lone_box
from tests.support.gateway_peer import gateway, until_told
from tests.support.proxy import line_to
from tests.support.system import free_port, read_registers, wait_until
from wire.clock import SystemClock
from wire.schedule import Fallback, Schedule, Slot

pytestmark = pytest.mark.slow

TIME_OUT_S = 10.0
"""Of the reference inverter; written and read back when it is taken over."""
SLACK_S = 1.0
LOOK_S = 1.0
"""What a busy machine may add to the looking."""
READ_INPUT = 4


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LoneBox]:
    with lone_box(tmp_path) as box:
        yield box


def power_kw(device_port: int) -> float:
    """Return the power that flows at the inverter, in our sign."""
    words = read_registers(device_port, READ_INPUT, 0, 2)
    raw = (words[0] << 16 | words[1]) - (1 << 32 if words[0] & 0x8000 else 0)
    return -raw / 1_000


def at_once(box: LoneBox) -> None:
    """Let the schedule be followed without a ramp that would take its time."""
    settings = box.config.read_text()
    box.config.write_text(settings.replace("[control]\n", "[control]\nramp_pct_per_s = 100\n"))


async def stands_still(device_port: int) -> float:
    """Wait until no power flows; return how long it took."""
    began_s = time.monotonic()
    await asyncio.to_thread(
        wait_until, lambda: abs(power_kw(device_port)) < 0.01, 60.0, "no power flows"
    )
    return time.monotonic() - began_s


async def test_peer_defect_8_control_killed_while_it_charges_leaves_the_inverter_at_0_in_time(
    box: LoneBox,
) -> None:
    at_once(box)
    await asyncio.to_thread(box.start_inverter)
    await asyncio.to_thread(box.start_control)
    async with gateway(box) as peer:
        await peer.ask_for(-100.0)
        await until_told(-100.0, box.device_port)
    assert power_kw(box.device_port) < 0.0
    box.system.kill("control")
    assert await stands_still(box.device_port) <= TIME_OUT_S + SLACK_S + LOOK_S


async def test_peer_defect_8_a_line_that_swallows_every_byte_at_full_export_leaves_0_in_time(
    box: LoneBox,
) -> None:
    at_the_inverter = box.device_port
    await asyncio.to_thread(box.start_inverter)
    async with line_to(at_the_inverter) as line:
        box.device_port = line.port
        box.write_settings()
        at_once(box)
        await asyncio.to_thread(box.start_control)
        async with gateway(box, 60.0) as peer:
            await peer.ask_for(100.0)
            await until_told(100.0, at_the_inverter)
            await asyncio.to_thread(
                wait_until, lambda: power_kw(at_the_inverter) > 99.0, 20.0, "it gives all it has"
            )
            line.cut()
            took_s = await stands_still(at_the_inverter)
            assert took_s <= TIME_OUT_S + SLACK_S + LOOK_S
            line.heal()
            await until_told(100.0, at_the_inverter)


async def test_i14_without_hub_and_gateway_the_schedule_ends_then_its_fall_back_then_0_is_told(
    box: LoneBox,
) -> None:
    box.write_settings(hub_port=free_port())
    at_once(box)
    await asyncio.to_thread(box.start_inverter)
    await asyncio.to_thread(box.start_control)
    async with gateway(box, 60.0) as peer:
        await peer.status(lambda s: any(r.code == "NO_SCHEDULE" for r in s.reasons))
        now_us = SystemClock().now_us()
        ends_us = now_us + 8_000_000
        schedule = Schedule(
            site=SITE,
            version=1,
            issued_us=now_us,
            slots=(Slot(now_us - 1_000_000, ends_us, 20.0),),
            fallback=Fallback(-15.0, ends_us + 5_000_000),
        )
        await peer.hand(schedule)
        await until_told(20.0, box.device_port)
    await until_told(-15.0, box.device_port)
    assert SystemClock().now_us() >= ends_us
    await until_told(0.0, box.device_port)
    assert SystemClock().now_us() >= ends_us + 5_000_000
    assert await stands_still(box.device_port) < 20.0


async def test_without_hub_and_gateway_the_schedule_goes_on_and_the_inverter_is_kept_alive(
    box: LoneBox,
) -> None:
    box.write_settings(hub_port=free_port())
    await asyncio.to_thread(box.start_inverter)
    await asyncio.to_thread(box.start_control)
    async with gateway(box) as peer:
        await peer.ask_for(20.0)
        await until_told(20.0, box.device_port)
    await asyncio.sleep(TIME_OUT_S + 2.0)
    assert await asyncio.to_thread(power_kw, box.device_port) == pytest.approx(20.0, abs=0.01)
