"""agent.web.app: nothing is told without the code; with it, the picture, live."""

import asyncio
import html
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from agent.gateway.latest import Latest
from agent.gateway.picture import Site, picture
from agent.web import app as web
from agent.web.app import Page, make_app
from agent.web.auth import Door
from agent.web.serve import listen, serve
from tests.support.control_peer import status
from wire.clock import SetClock

CODE = "blue-horse-42"
NOON_US = 1_790_000_000_000_000
SITE = Site(
    site="werk-sued",
    name="Werk <Süd>",
    discharge_kw_max=100,
    charge_kw_max=90,
    soc_min_pct=10,
    soc_max_pct=90,
    buffer_bytes_max=2 * 1024**3,
    has_hub=True,
)


class Running:
    """A served page and what it shows."""

    def __init__(self, url: str, latest: Latest, clock: SetClock) -> None:
        self.url = url
        self.latest = latest
        self.clock = clock

    def client(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=10)

    @asynccontextmanager
    async def signed_in(self) -> AsyncIterator[httpx.AsyncClient]:
        async with self.client() as client:
            answer = await client.post("/login", data={"code": CODE})
            assert answer.status_code == 303
            yield client


@asynccontextmanager
async def running() -> AsyncIterator[Running]:
    clock = SetClock(NOON_US)
    latest = Latest(status=status(NOON_US), linked=True)
    stopping = asyncio.Event()
    page = Page(Door(CODE, time.monotonic), lambda: picture(SITE, latest, clock.now_us()), stopping)
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(serve(make_app(page), listener, stopping))
            try:
                yield Running(f"http://127.0.0.1:{port}", latest, clock)
            finally:
                task.cancel()


@pytest.fixture
async def box() -> AsyncIterator[Running]:
    async with running() as served:
        yield served


@pytest.mark.parametrize("path", ["/api/picture", "/api/stream", "/metrics"])
async def test_nothing_is_told_without_the_code(box: Running, path: str) -> None:
    async with box.client() as client:
        answer = await client.get(path)
    assert answer.status_code == 401
    assert answer.json()["code"] == "LOGIN_REQUIRED"


async def test_the_home_page_leads_a_stranger_to_the_sign_in(box: Running) -> None:
    async with box.client() as client:
        answer = await client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        form = await client.get("/login")
        assert "Werk &lt;Süd&gt;" in form.text
        assert CODE not in form.text


async def test_health_is_open_and_says_only_ok(box: Running) -> None:
    async with box.client() as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_no_documentation_is_served_that_would_load_from_elsewhere(box: Running) -> None:
    async with box.client() as client:
        for path in ("/docs", "/redoc", "/openapi.json"):
            assert (await client.get(path)).status_code == 404


async def test_signing_in_opens_the_page_with_a_cookie_no_script_can_read(box: Running) -> None:
    async with box.client() as client:
        answer = await client.post("/login", data={"code": CODE})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("phoenyra_werk-sued=")
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        home = await client.get("/")
        assert home.status_code == 200
        assert home.headers["cache-control"] == "no-store"
        words = re.search(r'<meta name="words" content="(.*?)">', home.text)
        assert words is not None
        assert json.loads(html.unescape(words[1]))["words"]["login.title"] == "Anmelden"


async def test_a_wrong_code_is_refused_and_the_sixth_has_to_wait(box: Running) -> None:
    async with box.client() as client:
        answers = [await client.post("/login", data={"code": "wrong"}) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        assert "Der Code stimmt nicht" in answers[0].text
        assert "Eine Minute warten" in answers[5].text
        assert (await client.post("/login", data={"code": CODE})).status_code == 429


async def test_programs_send_the_code_and_are_braked_like_people(box: Running) -> None:
    async with box.client(authorization=f"Bearer {CODE}") as client:
        for _ in range(10):
            assert (await client.get("/api/picture")).status_code == 200
    async with box.client(authorization="Bearer wrong") as client:
        codes = [(await client.get("/metrics")).status_code for _ in range(6)]
        assert codes == [401] * 5 + [429]


async def test_signing_out_ends_the_session_on_the_box(box: Running) -> None:
    async with box.signed_in() as client:
        token = client.cookies["phoenyra_werk-sued"]
        assert (await client.post("/logout")).headers["location"] == "/login"
        client.cookies.set("phoenyra_werk-sued", token)
        assert (await client.get("/api/picture")).status_code == 401


@pytest.mark.parametrize("path", ["/login", "/logout"])
async def test_a_form_of_another_site_is_refused(box: Running, path: str) -> None:
    async with box.client(origin="http://evil.example") as client:
        answer = await client.post(path, data={"code": CODE})
        assert (answer.status_code, answer.json()["code"]) == (403, "OTHER_ORIGIN")


async def test_a_body_without_end_is_cut_off(box: Running) -> None:
    async with box.client() as client:
        answer = await client.post("/login", content=b"code=" + b"x" * 10_000)
        assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LONG")


async def test_every_answer_forbids_the_browser_to_load_from_elsewhere(box: Running) -> None:
    async with box.signed_in() as client:
        for path in ("/", "/login", "/static/home.js", "/api/picture", "/nothing-here"):
            headers = (await client.get(path)).headers
            assert headers["content-security-policy"].startswith("default-src 'self'")
            assert headers["x-content-type-options"] == "nosniff"
            assert "server" not in headers


async def test_the_stream_carries_the_newest_picture_twice_a_second(box: Running) -> None:
    async with box.signed_in() as client, client.stream("GET", "/api/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        setpoints: list[float] = []
        async for line in answer.aiter_lines():
            if not line.startswith("data: "):
                continue
            setpoints.append(json.loads(line[6:])["control"]["setpoint_kw"])
            box.latest.status = replace(status(NOON_US), setpoint_kw=-20.0)
            if len(setpoints) == 2:
                break
        assert setpoints == [31.5, -20.0]


async def test_an_open_stream_does_not_keep_the_process_from_ending() -> None:
    async with AsyncExitStack() as left_open, asyncio.timeout(5), running() as box:
        client = await left_open.enter_async_context(box.signed_in())
        stream = client.stream("GET", "/api/stream")
        answer = await left_open.enter_async_context(stream)
        assert answer.status_code == 200


async def test_only_so_many_streams_are_open_at_once(
    box: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "STREAMS_MAX", 1)
    async with box.signed_in() as client, client.stream("GET", "/api/stream") as first:
        await anext(first.aiter_lines())
        answer = await client.get("/api/stream")
        assert (answer.status_code, answer.json()["code"]) == (503, "STREAMS_MAX")


async def test_the_language_can_be_chosen_and_is_remembered(box: Running) -> None:
    async with box.client() as client:
        assert "Access code" in (await client.get("/login?lang=en")).text
        assert "Access code" in (await client.get("/login")).text
        assert "Zugangscode" in (await client.get("/login?lang=de")).text


async def test_figures_are_told_in_the_exposition_format(box: Running) -> None:
    async with box.client(authorization=f"Bearer {CODE}") as client:
        text = (await client.get("/metrics")).text
    assert "phoenyra_agent_setpoint_kw 31.5" in text
    assert 'phoenyra_agent_value{device="inverter",point="battery.soc_pct"} 64.2' in text
    assert "phoenyra_agent_linked 1.0" in text
