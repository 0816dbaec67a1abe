"""drivers.rest: whatever the HTTP device does, a value is the right one or none, and in time."""

import asyncio
import gzip
import json
import logging
from pathlib import Path

import pytest

from drivers import told
from drivers.base import Rate
from drivers.payload import BYTES_MAX
from drivers.rest.device import RestDevice, open_rest
from tests.support import rest_peer as peers
from tests.support.rest_peer import RestPeer, Trick, rest_peer
from tests.support.rest_site import (
    GOOD,
    NOW_US,
    PROFILE,
    config,
    polling,
    until,
    until_silent,
)
from tests.support.system import free_port
from wire.block import Quality, Reading
from wire.clock import SetClock


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "BACK_OFF_S_MAX", 0.1)


async def test_values_arrive_by_their_paths_in_our_units(tmp_path: Path) -> None:
    async with rest_peer() as peer, polling(tmp_path, peer) as device:
        power, setpoint = await until(device)
        (soc,) = await device.read(Rate.SLOW)
    assert power == Reading("ac.power_kw", 1.5, Quality.GOOD, NOW_US)
    assert setpoint.value == 0.0
    assert soc.value == 55.5
    assert peer.connections == 1


async def test_one_resource_is_asked_once_for_all_its_points(tmp_path: Path) -> None:
    async with rest_peer() as peer, polling(tmp_path, peer) as device:
        await until(device)
        assert {path for _, path, _, _ in peer.requests} == {"/status"}
        assert len(peer.requests) <= 2


@pytest.mark.parametrize(
    "document",
    [
        {"soc": 1},
        {"ac": [{"power": "1500"}]},
        {"ac": [{"power": None}]},
        {"ac": [{"power": True}]},
        {"ac": [{"power": 2e6}]},
        [],
        5,
    ],
)
async def test_a_value_that_is_not_there_or_none_is_bad(tmp_path: Path, document: object) -> None:
    async with rest_peer() as peer, polling(tmp_path, peer, document) as device:
        readings = await until(device, Quality.BAD)
        assert readings[0].value is None


async def test_numbers_may_be_texts_where_the_profile_says_so(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(PROFILE.replace("[watchdog]", "texts = true\n[watchdog]"))
    document = {"ac": [{"power": "1500"}], "set": "0"}
    async with rest_peer() as peer, polling(tmp_path, peer, document) as device:
        assert (await until(device))[0].value == 1.5


async def test_a_value_has_the_time_that_its_source_states(tmp_path: Path) -> None:
    site = PROFILE.replace("[watchdog]", 'timestamps = "source"\ntimestamp = "t"\n[watchdog]')
    (tmp_path / "mine.toml").write_text(site)
    document = {**GOOD, "t": (NOW_US - 5_000_000) // 1_000}
    async with rest_peer() as peer, polling(tmp_path, peer, document) as device:
        assert (await until(device))[0].at_us == NOW_US - 5_000_000
        for impossible in (0, "2099-01-01T00:00:00Z", None):
            peer.body = json.dumps({**document, "t": impossible}).encode()
            assert (await until(device, Quality.BAD))[0].value is None
            peer.body = json.dumps({**document, "t": NOW_US}).encode()
            await until(device)


NONSENSE: dict[str, tuple[Trick, Quality | str]] = {
    "hangs": (peers.hang, "no answer within 0.3 s"),
    "hangs up": (peers.hang_up, "http://127"),
    "speaks no http": (peers.say(b"\x00\xff" * 50), "http://127"),
    "stops in the middle": (
        peers.say(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"),
        "http://127",
    ),
    "drips": (peers.drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 99, 0.05), "no answer within 0.3 s"),
    "is out of order": (peers.say(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"), "answers 500"),
    "sends elsewhere": (
        peers.say(b"HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
        "answers 302",
    ),
    "knows us not": (
        peers.say(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"),
        "not know our key",
    ),
    "has endless headers": (peers.say(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 60_000), "http://127"),
    "answers too much": (
        peers.say(
            f"HTTP/1.1 200 OK\r\nContent-Length: {BYTES_MAX + 1}\r\n\r\n".encode()
            + b" " * (BYTES_MAX + 1)
        ),
        "longer than",
    ),
    "answers compressed": (
        peers.say(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
            + gzip.compress(b" " * 10_000_000)
        ),
        "compressed",
    ),
    "has no such page": (
        peers.say(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
        Quality.BAD,
    ),
    "answers no json": (
        peers.say(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"),
        Quality.BAD,
    ),
    "answers a bomb": (
        peers.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"[" * 5_000),
        Quality.BAD,
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_a_device_that_misbehaves_costs_its_answer_and_recovers(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    trick, outcome = NONSENSE[name]
    async with rest_peer() as peer, polling(tmp_path, peer) as device:
        await until(device)
        peer.tricks.extend([trick] * 3)
        with caplog.at_level(logging.INFO):
            if isinstance(outcome, Quality):
                await until(device, outcome)
            else:
                assert outcome in await until_silent(device)
            assert (await until(device))[0].value == 1.5
    assert len(caplog.records) <= 1


async def test_a_device_that_is_off_is_found_when_it_comes_on(tmp_path: Path) -> None:
    port = free_port()
    async with open_rest(config(tmp_path, port), SetClock(NOW_US)) as device:
        assert isinstance(device, RestDevice)
        assert "http://127.0.0.1" in await until_silent(device)
        peer = RestPeer(body=json.dumps(GOOD).encode())
        async with await asyncio.start_server(peer.converse, "127.0.0.1", port):
            await until(device)


@pytest.mark.slow
async def test_a_device_that_restarts_a_hundred_times_is_always_found_again(
    tmp_path: Path,
) -> None:
    port = free_port()
    async with open_rest(config(tmp_path, port), SetClock(NOW_US)) as device:
        assert isinstance(device, RestDevice)
        for _ in range(100):
            peer = RestPeer(body=json.dumps(GOOD).encode())
            async with await asyncio.start_server(peer.converse, "127.0.0.1", port):
                await until(device)
            peer.hang_up()
            await until_silent(device)


async def test_a_hung_device_lets_go_at_once_when_we_are_cancelled(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(PROFILE.replace("timeout_s = 0.3", "timeout_s = 30"))
    async with rest_peer() as peer:
        peer.tricks.extend([peers.hang] * 9)
        writing = asyncio.Event()

        async def use() -> None:
            async with polling(tmp_path, peer) as device:
                writing.set()
                await device.write_power_kw(1.0)

        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(use())
            await writing.wait()
            await asyncio.sleep(0.2)
            began_s = loop.time()
            task.cancel()
        assert task.cancelled()
        assert loop.time() - began_s < 1.0
