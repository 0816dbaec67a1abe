"""A test frequency over the page: who may say one, how far ahead, and of which test."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from agent.gateway.latest import Latest
from agent.gateway.picture import picture
from agent.injection import Injection
from agent.web.app import Page, make_app
from agent.web.auth import Door
from agent.web.injecting import PATH, Injector
from agent.web.serve import listen, serve
from tests.agent.web.test_app import CODE, NOON_US, SITE


class Clock:
    def __init__(self) -> None:
        self.us = NOON_US

    def now_us(self) -> int:
        return self.us


@asynccontextmanager
async def page(
    told: list[Injection], clock: Clock, *, listens: bool = True
) -> AsyncIterator[httpx.AsyncClient]:
    def send(injection: Injection) -> bool:
        told.append(injection)
        return listens

    stopping = asyncio.Event()
    shown = Page(Door(CODE, time.monotonic), lambda: picture(SITE, Latest(), NOON_US), stopping)
    with listen("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with asyncio.TaskGroup() as tasks:
            app = make_app(shown, injector=Injector(send, clock))
            task = tasks.create_task(serve(app, listener, stopping))
            headers = {"Authorization": f"Bearer {CODE}"}
            async with httpx.AsyncClient(base_url=url, headers=headers) as client:
                yield client
            task.cancel()


def piece(name: str = "a", ahead_s: float = 3.0, hz: float = 49.8) -> dict[str, object]:
    return {"id": name, "points": [[NOON_US, hz], [NOON_US + round(ahead_s * 1e6), hz]]}


async def test_a_piece_is_handed_to_control_and_shown_while_it_lasts() -> None:
    told: list[Injection] = []
    clock = Clock()
    async with page(told, clock) as client:
        answer = await client.post(PATH, json=piece())
        assert answer.status_code == 200
        assert answer.json() == {
            "now_us": NOON_US,
            "id": "a",
            "hz": 49.8,
            "ends_us": NOON_US + 3_000_000,
        }
        assert told == [Injection("a", ((NOON_US, 49.8), (NOON_US + 3_000_000, 49.8)))]
        clock.us += 3_000_001
        assert (await client.get(PATH)).json()["id"] == ""


async def test_ending_a_test_tells_control_and_ending_nothing_is_no_fault() -> None:
    told: list[Injection] = []
    async with page(told, Clock()) as client:
        assert (await client.delete(PATH)).status_code == 200
        assert told == []
        await client.post(PATH, json=piece())
        assert (await client.delete(PATH)).json()["id"] == ""
        assert told[-1] == Injection("a", ())


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (piece(ahead_s=5.1), 422, "TOO_FAR_AHEAD"),
        (piece(hz=44.0), 422, "BAD_MESSAGE"),
        (piece(ahead_s=0.0), 422, "BAD_MESSAGE"),
        ({"id": "a"}, 422, "BAD_MESSAGE"),
        ({}, 422, "BAD_MESSAGE"),
    ],
)
async def test_a_wrong_piece_is_refused_and_nobody_is_told(
    body: dict[str, object], status: int, code: str
) -> None:
    told: list[Injection] = []
    async with page(told, Clock()) as client:
        answer = await client.post(PATH, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert told == []


async def test_only_one_test_runs_at_a_time() -> None:
    told: list[Injection] = []
    async with page(told, Clock()) as client:
        await client.post(PATH, json=piece("a"))
        assert (await client.post(PATH, json=piece("b"))).json()["code"] == "OTHER_TEST"
        assert (await client.post(PATH, json=piece("a"))).status_code == 200
        await client.delete(PATH)
        assert (await client.post(PATH, json=piece("b"))).status_code == 200


async def test_without_control_nothing_can_be_tested() -> None:
    async with page([], Clock(), listens=False) as client:
        assert (await client.post(PATH, json=piece())).json()["code"] == "CONTROL_AWAY"
        assert (await client.get(PATH)).json()["id"] == ""


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_nobody_without_the_code_may_ask_say_or_end_a_test(method: str) -> None:
    async with page([], Clock()) as client:
        answer = await client.request(method, PATH, headers={"Authorization": "Bearer no"})
        assert answer.status_code == 401
