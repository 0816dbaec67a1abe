"""A short test at the running box: page, gateway, control and a simulated inverter, all real."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from agent.prequalify import judge, live, rulesets
from agent.prequalify.box import Box, Document, opened
from agent.prequalify.errors import Halted, Silent
from agent.prequalify.judge import Case
from agent.prequalify.main import STOPPED
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
        Stage(hz=49.8, lasts_s=6.0, until=Until.REACHED),
    ),
)


def awarded(now_us: int, ruleset: str, capacity_kw: float) -> Schedule:
    start_us, end_us = now_us - HOUR_US, now_us + HOUR_US
    rules = rulesets.load(ruleset)
    return Schedule(
        site=SITE,
        version=1,
        issued_us=start_us,
        slots=(Slot(start_us, end_us, 0.0),),
        services=(FrequencyService(rules.product, start_us, end_us, capacity_kw, rules.curve),),
    )


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[LoneBox]:
    with lone_box(tmp_path) as box:
        yield box


@asynccontextmanager
async def running(
    lone: LoneBox, *, award: str, capacity_kw: float = CAPACITY_KW
) -> AsyncIterator[tuple[Box, HubPeer]]:
    async with hub_peer() as hub:
        lone.write_settings(hub_port=hub.port)
        text = lone.config.read_text()
        text = text.replace('"gw-1"', '"gw-test"').replace('"key-1"', '"gwk-test"')
        if capacity_kw == CAPACITY_KW:  # no real-time scheduling here, nor a second meter
            text = text.replace("[[devices]]", '[frequency]\narming = "off"\n\n[[devices]]')
        lone.config.write_text(text)
        lone.start_inverter()
        lone.start_control()
        lone.start_gateway()
        if award:
            await hub.publish(awarded(SystemClock().now_us(), award, capacity_kw))
        async with opened("127.0.0.1", lone.page_port, CODE) as box:
            yield box, hub
        lone.system.kill("gateway")  # else its long question holds the hub's end up


async def ready(box: Box, ruleset: str = "tennet") -> float:
    """Return the capacity once the box works and holds the product."""
    async with asyncio.timeout(40.0):
        while True:
            try:
                return await live.awarded(box, rulesets.load(ruleset))
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
    async with running(lone, award="tennet") as (box, _):
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
async def test_ctrl_c_ends_the_injection_at_once_and_a_command_that_is_killed_ends_by_itself(
    lone: LoneBox,
) -> None:
    """The sine begins to swing at once, so the plant is in the middle of an answer."""
    async with running(lone, award="fcr_n") as (box, _):
        await ready(box, "fcr_n")
        command = begun(lone, "stopped")
        await until(box, live.PICTURE, answers)
        assert (await box.ask("GET", live.INJECTION))["id"] == "prequalify-sine"
        command.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(command.wait, 20.0) == STOPPED, lone.system.log("stopped")
        assert (await box.ask("GET", live.INJECTION))["id"] == ""
        (line,) = [
            line for line in lone.system.log("stopped").splitlines() if "phoenyra-agent:" in line
        ]
        assert "stopped; the plant answers the measured frequency again" in line
        await until(box, live.PICTURE, lambda found: not answers(found))
        begun(lone, "killed")
        await until(box, live.PICTURE, answers)
        lone.system.kill("killed")
        await until(box, live.INJECTION, lambda found: not found["id"])
        await until(box, live.PICTURE, lambda found: not answers(found))
    assert not list((lone.system.folder / "reports").glob("*"))


def begun(lone: LoneBox, name: str) -> subprocess.Popen[bytes]:
    """Start the command itself, as a person would."""
    where = ("--config", str(lone.config), "--output", str(lone.system.folder / "reports"))
    return lone.system.start(
        name, "agent.main", "prequalify", "fcr_n", "--test", "sine", "--meter-lag-s", "0.2", *where
    )


def answers(picture: Document) -> bool:
    """Say whether the plant answers a test, and not its meter."""
    reasons = (picture["control"] or {}).get("reasons", ())
    return any(one["code"] == "RESPONSE" and "a test says" in one["text"] for one in reasons)


@pytest.mark.slow
async def test_a_box_that_holds_no_product_is_not_tested(lone: LoneBox) -> None:
    async with running(lone, award="") as (box, _):
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
    async with running(lone, award="tennet", capacity_kw=400.0) as (box, _):
        await until(box, live.PICTURE, lambda found: "ARM_POWER" in codes(found))
        with pytest.raises(Halted, match="fcr_ce is not armed: "):
            await live.awarded(box, rulesets.load("tennet"))


def codes(picture: Document) -> list[str]:
    return [reason["code"] for reason in (picture["control"] or {}).get("reasons", ())]
