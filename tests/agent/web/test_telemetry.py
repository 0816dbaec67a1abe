"""agent.web.telemetry: only the right key is heard, and a message is taken once and whole."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import httpx
import pytest

from agent.gateway.latest import Latest
from agent.gateway.picture import Site, picture
from agent.web.app import Page, make_app
from agent.web.auth import Door
from agent.web.serve import listen, serve
from agent.web.telemetry import ANSWERS_MAX, BODY_BYTES_MAX, PATH, Desk, Sender
from drivers.document import open_document
from drivers.push.intake import read_intake
from wire.block import Reading
from wire.clock import SetClock

NOW_US = 1_790_000_000_000_000
KEY, OTHER = "key-of-the-seed-device", "key-of-another-device"
SITE = Site(
    site="werk-sued",
    name="",
    discharge_kw_max=100,
    charge_kw_max=90,
    soc_min_pct=10,
    soc_max_pct=90,
    buffer_bytes_max=2 * 1024**3,
    has_hub=False,
)
GOOD = {"soc_percent": 55, "active_power_mw": -0.5}


@dataclass(slots=True)
class Control:
    """What reached control."""

    url: str = ""
    listens: bool = True
    now_s: float = 100.0
    told: list[tuple[str, Sequence[Reading]]] = field(default_factory=list)

    def tell(self, device: str, readings: Sequence[Reading]) -> bool:
        if self.listens:
            self.told.append((device, readings))
        return self.listens

    def client(self, key: str = KEY) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers={"X-API-Key": key}, timeout=10)


def desk_of(control: Control) -> Desk:
    intake = read_intake(open_document("seed-push"))
    senders = [Sender("seed", KEY.encode(), intake), Sender("other", OTHER.encode(), intake)]
    return Desk(senders, control.tell, SetClock(NOW_US), lambda: control.now_s)


@pytest.fixture
async def control() -> AsyncIterator[Control]:
    side = Control()
    stopping = asyncio.Event()
    page = Page(Door("c" * 9, time.monotonic), lambda: picture(SITE, Latest(), NOW_US), stopping)
    with listen("127.0.0.1", 0) as listener:
        side.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(serve(make_app(page, desk_of(side)), listener, stopping))
            try:
                yield side
            finally:
                task.cancel()


async def test_a_pushed_message_reaches_control_in_our_units(control: Control) -> None:
    async with control.client() as client:
        answer = await client.post(PATH, json=GOOD)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 2, "bad": [], "live": True, "certain_time": True}
    ((device, readings),) = control.told
    assert device == "seed"
    assert {r.point: r.value for r in readings} == {"battery.soc_pct": 55.0, "ac.power_kw": -500.0}


async def test_the_key_says_which_device_speaks_in_either_header(control: Control) -> None:
    async with httpx.AsyncClient(base_url=control.url) as client:
        for headers in ({"X-API-Key": OTHER}, {"Authorization": f"Bearer {OTHER}"}):
            assert (await client.post(PATH, json=GOOD, headers=headers)).status_code == 202
    assert [device for device, _ in control.told] == ["other", "other"]


@pytest.mark.parametrize("key", ["", "wrong", KEY + "x", KEY[:-1], "ä"])
async def test_without_the_right_key_nothing_is_heard(control: Control, key: str) -> None:
    async with httpx.AsyncClient(base_url=control.url) as client:
        answer = await client.post(PATH, json=GOOD, headers=[(b"X-API-Key", key.encode())])
    assert (answer.status_code, answer.json()["code"]) == (401, "KEY_REQUIRED")
    assert control.told == []
    assert KEY not in answer.text


async def test_the_pages_own_code_is_no_key_of_a_device(control: Control) -> None:
    async with control.client("c" * 9) as client:
        assert (await client.post(PATH, json=GOOD)).status_code == 401


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "no JSON in UTF-8"),
        (b'{"soc_percent": NaN}', "NaN is no number"),
        (b'{"soc_percent": 1, "soc_percent": 2}', "comes twice"),
        (b"[" * 5_000, "nested deeper than 8"),
        (b'{"soc_percent": "high"}', "battery.soc_pct: 'high' is no number"),
        (b'{"soc_percent": 5, "timestamp": "1970-01-01T00:00:00Z"}', "cannot be true"),
        (b'{"soc_percent": 5, "timestamp": "2099-01-01T00:00:00Z"}', "cannot be true"),
        (b"{}", "no value is in it"),
    ],
)
async def test_a_bad_message_is_refused_whole_with_one_line(
    control: Control, body: bytes, says: str
) -> None:
    async with control.client() as client:
        answer = await client.post(PATH, content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "BAD_TELEMETRY")
    assert says in answer.json()["message"]
    assert control.told == []


async def test_a_huge_message_is_cut_off(control: Control) -> None:
    async with control.client() as client:
        answer = await client.post(PATH, content=b" " * (BODY_BYTES_MAX + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LONG")


async def test_a_message_sent_again_is_answered_again_and_taken_once(control: Control) -> None:
    async with control.client() as client:
        for _ in range(3):
            answer = await client.post(PATH, json=GOOD, headers={"Idempotency-Key": "m-1"})
            assert (answer.status_code, answer.json()["accepted"]) == (202, 2)
        other = await client.post(PATH, json={"soc_percent": 1}, headers={"Idempotency-Key": "m-1"})
    assert (other.status_code, other.json()["code"]) == (422, "KEY_USED")
    assert len(control.told) == 1


async def test_a_message_that_was_refused_may_be_sent_again_under_its_key(control: Control) -> None:
    async with control.client() as client:
        control.listens = False
        away = await client.post(PATH, json=GOOD, headers={"Idempotency-Key": "m-1"})
        assert (away.status_code, away.headers["retry-after"]) == (503, "1")
        control.listens = True
        answer = await client.post(PATH, json=GOOD, headers={"Idempotency-Key": "m-1"})
    assert answer.status_code == 202
    assert len(control.told) == 1


async def test_an_idempotency_key_without_end_is_refused(control: Control) -> None:
    async with control.client() as client:
        answer = await client.post(PATH, json=GOOD, headers={"Idempotency-Key": "x" * 129})
    assert (answer.status_code, answer.json()["code"]) == (422, "BAD_KEY")


def test_answers_are_kept_only_so_many() -> None:
    control = Control()
    desk = desk_of(control)
    sender = desk.sender(KEY)
    assert sender is not None
    for number in range(ANSWERS_MAX + 1):
        control.now_s += 1.0
        desk.answer(sender, f"m-{number}", b'{"soc_percent": 5}')
    desk.answer(sender, "m-1", b'{"soc_percent": 5}')
    assert len(control.told) == ANSWERS_MAX + 1
    desk.answer(sender, "m-0", b'{"soc_percent": 5}')
    assert len(control.told) == ANSWERS_MAX + 2


def test_a_device_that_floods_waits_and_the_others_do_not() -> None:
    control = Control()
    desk = desk_of(control)
    flooding, calm = desk.sender(KEY), desk.sender(OTHER)
    assert flooding is not None
    assert calm is not None
    body = b'{"soc_percent": 5}'
    statuses = [desk.answer(flooding, "", body)[0] for _ in range(12)]
    assert statuses == [202] * 10 + [429] * 2
    assert desk.answer(calm, "", body)[0] == 202
    control.now_s += 0.2
    assert [desk.answer(flooding, "", body)[0] for _ in range(3)] == [202, 202, 429]


def test_what_is_refused_is_counted_and_told_once_in_an_hour(
    caplog: pytest.LogCaptureFixture,
) -> None:
    control = Control()
    desk = desk_of(control)
    sender = desk.sender(KEY)
    assert sender is not None
    for _ in range(50):
        control.now_s += 1.0
        assert desk.answer(sender, "", b'{"soc_percent": NaN}')[0] == 422
    assert (sender.refused, len(caplog.records)) == (50, 1)
    control.now_s += 3_600.0
    desk.answer(sender, "", b"{")
    assert "51 times by now: no JSON" in caplog.messages[-1]


async def test_a_key_is_never_shown() -> None:
    assert KEY not in repr(desk_of(Control()).sender(KEY))
