"""agent.web.app: alarms are acknowledged by somebody who has the code, from the page itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from agent.gateway.latest import Latest
from agent.gateway.picture import picture
from agent.web.app import NotNow, Page, make_app
from agent.web.auth import Door
from agent.web.serve import listen, serve
from tests.agent.web.test_app import CODE, NOON_US, SITE

Seen = list[tuple[str, str, str]]


@asynccontextmanager
async def page(seen: Seen) -> AsyncIterator[httpx.AsyncClient]:
    async def acknowledge(alarm: str, who: str, note: str) -> bool:
        if alarm == "blocked":
            raise NotNow("the disk is full")
        seen.append((alarm, who, note))
        return alarm == "a1"

    stopping = asyncio.Event()
    shown = Page(Door(CODE, time.monotonic), lambda: picture(SITE, Latest(), NOON_US), stopping)
    with listen("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with asyncio.TaskGroup() as tasks:
            app = make_app(shown, acknowledge=acknowledge)
            task = tasks.create_task(serve(app, listener, stopping))
            async with httpx.AsyncClient(
                base_url=url, headers={"Authorization": f"Bearer {CODE}"}
            ) as client:
                yield client
            task.cancel()


async def test_whoever_has_the_code_may_say_that_an_alarm_was_seen() -> None:
    seen: Seen = []
    async with page(seen) as client:
        answer = await client.post(
            "/api/alarms/a1/acknowledge", json={"who": "Meyer", "note": "on my way"}
        )
        assert answer.status_code == 200
        assert seen == [("a1", "Meyer", "on my way")]


@pytest.mark.parametrize(
    ("alarm", "body", "headers", "status", "code"),
    [
        ("a1", '{"who": "M", "note": ""}', {"Authorization": "Bearer no"}, 401, "LOGIN_REQUIRED"),
        ("a1", '{"who": "M", "note": ""}', {"Origin": "http://evil"}, 403, "OTHER_ORIGIN"),
        ("a1", '{"who": "", "note": ""}', {}, 422, "BAD_MESSAGE"),
        ("a1", "nonsense", {}, 422, "BAD_MESSAGE"),
        ("a1", '{"who": "M", "note": "' + "x" * 5_000 + '"}', {}, 413, "TOO_LONG"),
        ("a2", '{"who": "M", "note": ""}', {}, 404, "NO_SUCH_ALARM"),
        ("blocked", '{"who": "M", "note": ""}', {}, 503, "NOT_NOW"),
    ],
)
async def test_anything_else_is_answered_with_a_code(
    alarm: str, body: str, headers: dict[str, str], status: int, code: str
) -> None:
    seen: Seen = []
    async with page(seen) as client:
        answer = await client.post(
            f"/api/alarms/{alarm}/acknowledge", content=body, headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert seen == [] or status == 404
