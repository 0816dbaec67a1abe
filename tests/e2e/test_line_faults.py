"""Nothing is lost and nothing doubled on a line that fails in every way a line can fail.

A real hub, a real box without its control, a proxy between them. What the box has measured is
compared with what the hub's query API tells, sample by sample.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import pytest

from cloud.kernel.context import Hub
from tests.support.hub import add_site, enrolled_box, opened_hub, serving
from tests.support.patience import eventually
from tests.support.proxy import Line, line_to
from tests.support.truth import SITE, Measuring, differences, measuring, told_by

SHORT_S = 1.5
LONG_S = 60.0
PERIOD_S = 0.05
LONG_PERIOD_S = 0.25
SLOW_BYTES_S = 64_000 / 8


@dataclass(slots=True)
class Way:
    """A box that measures, its line, and the hub at the other end."""

    hub: Hub
    line: Line
    box: Measuring

    async def measure_for(self, seconds: float, period_s: float = PERIOD_S) -> None:
        """Store a block every `period_s`."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + seconds
        while loop.time() < end_s:
            await self.box.measure()
            await asyncio.sleep(period_s)

    async def check(self, timeout_s: float = 60) -> None:
        """Wait until the hub has acknowledged all; then it has all, once."""
        await self.box.measure()
        await self.box.until_acknowledged(timeout_s)
        told = await told_by(self.hub, min(at_us for _, at_us, _ in self.box.truth))
        assert differences(self.box.truth, told) == (0, 0)
        assert len(told) == len(self.box.truth)


class Fault(Protocol):
    """A way in which a line fails for some seconds, while the box measures every `period_s`."""

    async def __call__(self, way: Way, seconds: float, period_s: float = PERIOD_S) -> None: ...


@asynccontextmanager
async def on_the_way(folder: Path) -> AsyncIterator[Way]:
    for name in ("hub", "box"):
        (folder / name).mkdir()
    async with opened_hub(folder / "hub") as hub:
        await add_site(hub, SITE)
        async with serving(hub) as url, enrolled_box(hub, SITE) as enrolled:
            port = urlsplit(url).port
            assert port is not None
            async with (
                line_to(port) as line,
                measuring(folder / "box", enrolled, line.port, hub.clock) as box,
            ):
                await box.measure()
                await box.until_acknowledged()
                yield Way(hub, line, box)


@pytest.fixture
async def way(tmp_path: Path) -> AsyncIterator[Way]:
    async with on_the_way(tmp_path) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have silence noticed in a twentieth of the time, and pauses end as soon."""
    monkeypatch.setattr("agent.gateway.line.ANSWER_TIMEOUT_S", 0.4)
    monkeypatch.setattr("agent.gateway.backoff.CAP_S", 0.5)
    monkeypatch.setattr("agent.gateway.meter.JITTER_S_MAX", 0.1)


async def black_hole(way: Way, seconds: float, period_s: float = PERIOD_S) -> None:
    way.line.cut()
    await way.measure_for(seconds, period_s)
    assert way.line.swallowed_bytes > 0


async def refusal(way: Way, seconds: float, period_s: float = PERIOD_S) -> None:
    way.line.refuse()
    before = way.line.connections
    await way.measure_for(seconds, period_s)
    assert way.line.connections > before


async def half_closed(way: Way, seconds: float, period_s: float = PERIOD_S) -> None:
    way.line.close_half()
    await way.measure_for(seconds, period_s)


FAULTS = (black_hole, refusal, half_closed)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.usefixtures("impatient")
async def test_an_outage_costs_no_sample_and_doubles_none(way: Way, fault: Fault) -> None:
    await way.measure_for(0.5)
    await fault(way, SHORT_S)
    assert way.box.latest.up.trouble
    way.line.heal()
    await way.measure_for(0.5)
    await way.check()
    await eventually(lambda: not way.box.latest.up.trouble)


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_outages_of_a_minute_in_their_full_length_cost_no_sample(tmp_path: Path) -> None:
    async def outage(way: Way, fault: Fault) -> None:
        await fault(way, LONG_S, LONG_PERIOD_S)
        way.line.heal()
        await way.check(timeout_s=120)

    async with AsyncExitStack() as opened:
        ways = []
        for fault in FAULTS:
            (tmp_path / fault.__name__).mkdir()
            ways.append(await opened.enter_async_context(on_the_way(tmp_path / fault.__name__)))
        async with asyncio.TaskGroup() as tasks:
            for way, fault in zip(ways, FAULTS, strict=True):
                tasks.create_task(outage(way, fault))


@pytest.mark.usefixtures("impatient")
async def test_an_answer_lost_after_delivery_doubles_nothing(way: Way) -> None:
    way.line.lose_answers(10)
    while way.line.answers_lost < 10:
        await way.measure_for(0.2)
    await way.check()


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
async def test_a_line_that_loses_every_twentieth_answer_loses_no_sample(way: Way) -> None:
    way.line.lose_share(0.05)
    loop = asyncio.get_running_loop()
    end_s = loop.time() + 20
    while way.line.answers_lost < 5 and loop.time() < end_s:
        await way.measure_for(0.2, period_s=0.01)
    assert way.line.answers_lost >= 5
    await way.check()


@pytest.mark.slow
async def test_a_line_of_64_kbit_s_carries_a_backlog_completely(way: Way) -> None:
    way.line.cut()
    for _ in range(400):
        await way.box.measure(samples=30)
    way.line.heal()
    way.line.throttle(SLOW_BYTES_S)
    await way.check(timeout_s=100)
    assert not way.box.latest.up.trouble


async def test_a_line_that_flaps_all_the_time_still_brings_everything(
    way: Way, impatient: None
) -> None:
    for _ in range(10):
        await way.measure_for(0.1)
        way.line.reset()
        await way.measure_for(0.1)
        way.line.refuse()
        await way.measure_for(0.05)
        way.line.heal()
    await way.check()
