"""A real box whose clock is wrong, a real hub whose clock is right, and a line that comes late."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.proxy import line_to
from tests.support.system import System, running_system, wait_until
from wire.clock import SHIFT_VARIABLE, SystemClock, micros, utc

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

YEARS_S = 9 * 365 * 86_400
PERIOD_S = 0.2
WITHOUT_S = 6.0
"""How long the box works before it can ask anybody for the time."""
LATELY_US = 30_000_000
EARLIEST_US = micros(datetime(2000, 1, 1, tzinfo=UTC))
"""From which the hub may be asked."""
NEAR_US = 2_000_000
"""Between a sample and our look at it there are commit, upload and answer."""


@pytest.mark.parametrize("ahead_s", [-YEARS_S, 3_600, -3_600])
async def test_samples_of_a_wrong_clock_are_at_the_hub_once_each_at_its_right_time(
    tmp_path: Path, ahead_s: int
) -> None:
    with running_system(tmp_path) as system:
        system.post("/api/v1/accounts", id="stadtwerk", name="Stadtwerk")
        system.add_site("werk-sued", "stadtwerk")
        async with line_to(system.hub_port) as line:
            line.cut()
            box = system.add_box("werk-sued", hub_port=line.port, record_period_s=PERIOD_S)
            system.start_device("inverter", box.device_port)
            began_us = SystemClock().now_us()
            command = ("agent.main", "run", "--config", str(box.config))
            system.start("agent-werk-sued", *command, **{SHIFT_VARIABLE: str(ahead_s)})
            await until((tmp_path / "werk-sued" / "control.sock").exists, "control is at work")
            await asyncio.sleep(WITHOUT_S)
            system.kill_child("agent-werk-sued", "gateway")
            await asyncio.sleep(WITHOUT_S / 2)
            line.heal()
            healed_us = SystemClock().now_us()
            await until(lambda: newest_us(system) > healed_us + 3_000_000, "samples from now")

            stamps = await asyncio.to_thread(all_us, system)
            steps_s = [(later - earlier) / 1e6 for earlier, later in pairwise(stamps)]
            assert min(steps_s) > 0.5 * PERIOD_S, "a sample came twice"
            assert max(steps_s) < 1.5 * PERIOD_S, "a sample is missing, or at a wrong time"
            assert began_us <= stamps[0] < healed_us - 4_000_000
            await until(
                lambda: abs(newest_us(system) - SystemClock().now_us()) < NEAR_US,
                "the newest sample is of now",
            )


def all_us(system: System, since_us: int = EARLIEST_US) -> list[int]:
    """Return the time of every sample of the site that the hub has since then, oldest first."""
    with system.admin() as client:
        answer = client.get(
            "/api/v1/sites/werk-sued/telemetry",
            params={"points": "ac.power_kw", "limit": 10_000, "from": utc(since_us).isoformat()},
        )
    assert answer.status_code == 200, answer.text
    series: list[dict[str, Any]] = answer.json()["points"]
    return [at_us for point in series for at_us, *_ in point["samples"]]


def newest_us(system: System) -> int:
    """Return the time of the newest sample; 0 if none is of late."""
    return max(all_us(system, SystemClock().now_us() - LATELY_US), default=0)


async def until(happened: Callable[[], bool], what: str) -> None:
    """Wait for real processes in a thread: the line of this test goes on forwarding meanwhile."""
    await asyncio.to_thread(wait_until, happened, 60.0, what)
