"""A short test at the running box: page, gateway, control and a simulated inverter, all real."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from agent.prequalify import judge, live, rulesets
from agent.prequalify.box import Box, Document, opened
from agent.prequalify.errors import Halted, Silent
from agent.prequalify.judge import Case
from agent.prequalify.rulesets import Trial
from agent.prequalify.stages import Stage, Until
from tests.support.agents import SITE, LoneBox, lone_box
from tests.support.hub_peer import HubPeer, hub_peer
from wire.clock import SystemClock
from wire.schedule import FrequencyService, Schedule, Slot

CODE = "technician-1"
CAPACITY_KW = 40.0
HOUR_US = 3_600_000_000
SHORT = Trial(
    id="short",
    title={"en": "short", "de": "kurz"},
    judge=("steps",),
    stages=(
        Stage(hz=50.0, lasts_s=11.0),
        Stage(hz=49.8, lasts_s=12.0, until=Until.REACHED),
        Stage(hz=50.0, lasts_s=6.0, until=Until.REACHED),
    ),
)


def awarded(now_us: int) -> Schedule:
    start_us, end_us = now_us - HOUR_US, now_us + HOUR_US
    curve = rulesets.load("tennet").curve
    return Schedule(
        site=SITE,
        version=1,
        issued_us=start_us,
        slots=(Slot(start_us, end_us, 0.0),),
        services=(FrequencyService("fcr_ce", start_us, end_us, CAPACITY_KW, curve),),
    )


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[LoneBox]:
    with lone_box(tmp_path) as box:
        yield box


@asynccontextmanager
async def running(
    lone: LoneBox, *, award: bool, strict: bool = False
) -> AsyncIterator[tuple[Box, HubPeer]]:
    async with hub_peer() as hub:
        lone.write_settings(hub_port=hub.port)
        text = lone.config.read_text()
        text = text.replace('"gw-1"', '"gw-test"').replace('"key-1"', '"gwk-test"')
        if not strict:  # no network time here: the clock is only known within seconds
            text = text.replace("[[devices]]", '[frequency]\narming = "off"\n\n[[devices]]')
        lone.config.write_text(text)
        lone.start_inverter()
        lone.start_control()
        lone.start_gateway()
        if award:
            await hub.publish(awarded(SystemClock().now_us()))
        async with opened("127.0.0.1", lone.page_port, CODE) as box:
            yield box, hub
        lone.system.kill("gateway")  # else its long question holds the hub's end up


async def ready(box: Box) -> float:
    """Return the capacity once the box works and holds the product."""
    async with asyncio.timeout(40.0):
        while True:
            try:
                return await live.awarded(box, rulesets.load("tennet"))
            except (Silent, Halted):
                await asyncio.sleep(0.1)


async def until(box: Box, path: str, happened: Callable[[Document], bool]) -> None:
    """Ask until something is so; a page tells nobody by itself."""
    async with asyncio.timeout(30.0):
        async for _ in every(0.2):
            with suppress(Silent):  # it is still starting
                if happened(await box.ask("GET", path)):
                    return


async def every(period_s: float) -> AsyncIterator[None]:
    while True:
        yield
        await asyncio.sleep(period_s)


@pytest.mark.slow
async def test_a_short_profile_at_the_running_box_passes_and_leaves_nothing_behind(
    lone: LoneBox,
) -> None:
    async with running(lone, award=True) as (box, _):
        capacity_kw = await ready(box)
        assert capacity_kw == CAPACITY_KW
        case = Case(ruleset=rulesets.load("tennet"), capacity_kw=capacity_kw)
        shares: list[float] = []
        series = await live.run(box, SHORT, case.target, shares.append)
        found = {one.code: one for one in judge.judged(series, SHORT, case)}
        assert len(series) > 50
        assert max(series.power_kw) > 0.9 * CAPACITY_KW
        assert found["start"].passed, found
        assert found["half"].passed, found
        assert found["full"].passed, found
        assert shares == sorted(shares)
        assert (await box.ask("GET", live.INJECTION))["id"] == ""


@pytest.mark.slow
async def test_a_test_that_is_stopped_ends_at_once_and_one_that_dies_ends_by_itself(
    lone: LoneBox,
) -> None:
    async with running(lone, award=True) as (box, _):
        target = Case(ruleset=rulesets.load("tennet"), capacity_kw=await ready(box)).target
        begun = asyncio.Event()

        def progress(_share: float) -> None:
            begun.set()

        async with asyncio.timeout(60.0), asyncio.TaskGroup() as tasks:
            task = tasks.create_task(live.run(box, SHORT, target, progress))
            await begun.wait()
            assert (await box.ask("GET", live.INJECTION))["id"] == "prequalify-short"
            task.cancel()
        assert (await box.ask("GET", live.INJECTION))["id"] == ""
        now_us = int((await box.ask("GET", live.INJECTION))["now_us"])
        piece = {"id": "dies", "points": [[now_us, 49.8], [now_us + 4_000_000, 49.8]]}
        await box.ask("POST", live.INJECTION, piece)
        await until(box, live.INJECTION, lambda found: not found["id"])
        await until(box, live.PICTURE, lambda found: found["control"]["response_kw"] < 4.0)


@pytest.mark.slow
async def test_a_box_that_holds_no_product_is_not_tested(lone: LoneBox) -> None:
    async with running(lone, award=False) as (box, _):
        says = ""
        async with asyncio.timeout(40.0):
            while "not awarded" not in says:
                try:
                    await live.awarded(box, rulesets.load("tennet"))
                except (Silent, Halted) as error:
                    says = str(error)
                await asyncio.sleep(0.1)


@pytest.mark.slow
async def test_a_product_that_is_not_armed_is_not_tested_and_the_reason_is_told(
    lone: LoneBox,
) -> None:
    async with running(lone, award=True, strict=True) as (box, _):
        await until(box, live.PICTURE, lambda found: "ARM_CLOCK" in codes(found))
        with pytest.raises(Halted, match="fcr_ce is not armed: the clock"):
            await live.awarded(box, rulesets.load("tennet"))


def codes(picture: Document) -> list[str]:
    return [reason["code"] for reason in (picture["control"] or {}).get("reasons", ())]
