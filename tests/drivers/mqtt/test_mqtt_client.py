"""drivers.mqtt.client: whatever a real broker does, the connection comes back or says why not."""

import asyncio
import gc
import logging
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.mqtt import client
from drivers.mqtt.client import Broker
from drivers.mqtt.party import Arrival, Message, NotSent, Tls
from tests.support import mosquitto
from tests.support.mosquitto import Listening, place, talking, with_password
from tests.support.patience import eventually
from tests.support.system import free_port

pytestmark = pytest.mark.skipif(not mosquitto.PROGRAM, reason="mosquitto is not installed")
TELL_S = 5.0


@pytest.mark.parametrize("version_5", [False, True])
async def test_what_is_published_is_heard(tmp_path: Path, *, version_5: bool) -> None:
    party = Listening()
    async with (
        mosquitto.running(tmp_path) as server,
        talking(replace(place(server.port), version_5=version_5), party) as broker,
    ):
        await eventually(lambda: broker.connected)
        await broker.publish(Message("a/b", b"1"), TELL_S)
        await broker.publish(Message("a/b", b"2", qos=0), TELL_S)
        await eventually(lambda: len(party.heard) == 2)
        assert party.heard == [Arrival("a/b", b"1", False), Arrival("a/b", b"2", False)]
        assert party.greeted == broker.connections == 1


async def test_what_the_broker_kept_is_marked(tmp_path: Path) -> None:
    early, late = Listening(), Listening()
    async with mosquitto.running(tmp_path) as server:
        async with talking(place(server.port), early) as broker:
            await eventually(lambda: broker.connected)
            await broker.publish(Message("a", b"1", retained=True), TELL_S)
        async with talking(place(server.port), late):
            await eventually(lambda: late.heard)
            assert late.heard == [Arrival("a", b"1", True)]


@pytest.mark.slow
async def test_subscriptions_are_back_after_each_of_100_restarts(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    party, worst_s = Listening(), 0.0
    async with mosquitto.running(tmp_path) as server, talking(place(server.port), party) as broker:
        for turn in range(100):
            await eventually(lambda: broker.connected)
            await server.stop()
            await eventually(lambda: not broker.connected)
            await server.start()
            up_s = loop.time()
            await eventually(lambda: broker.connected)
            worst_s = max(worst_s, loop.time() - up_s)
            await broker.publish(Message("turn", b"%d" % turn), TELL_S)
            await _heard(party, Arrival("turn", b"%d" % turn, False))
        assert broker.connections == 101
    assert worst_s < 10.0


async def test_a_line_closed_with_something_unwritten_makes_no_noise_when_it_is_forgotten(
    tmp_path: Path,
) -> None:
    """The library's object asks its closed line once more when it is collected."""
    async with mosquitto.running(tmp_path) as server:
        async with talking(place(server.port), Listening()) as broker:
            await eventually(lambda: broker.connected)
            assert broker._client is not None
            broker._client._client._call_socket_register_write()
        await asyncio.sleep(0)
    gc.collect()


async def test_a_broker_that_is_not_there_is_tried_again_and_found(tmp_path: Path) -> None:
    port, party = free_port(), Listening()
    async with talking(place(port), party) as broker:
        await eventually(lambda: len(party.troubles) >= 2)
        assert "refused" in party.troubles[0]
        assert party.troubles[0].startswith(f"127.0.0.1:{port}: ")
        with pytest.raises(NotSent, match="no connection"):
            await broker.publish(Message("a", b"1"), TELL_S)
        server = mosquitto.Mosquitto(tmp_path, port=port)
        try:
            await server.start()
            await eventually(lambda: broker.connected)
        finally:
            await server.stop()


async def test_a_will_is_done_when_we_vanish_and_our_own_leaving_is_such(tmp_path: Path) -> None:
    watcher = Listening()
    mortal = Listening(last_words=Message("state", b"offline", retained=True))
    async with mosquitto.running(tmp_path) as server, talking(place(server.port), watcher):
        async with talking(place(server.port), mortal) as broker:
            await eventually(lambda: broker.connected)
            assert watcher.heard == []
        await eventually(lambda: watcher.heard)
        assert watcher.heard[0].payload == b"offline"


async def test_a_client_without_a_will_says_goodbye(tmp_path: Path) -> None:
    async with mosquitto.running(tmp_path) as server:
        async with talking(place(server.port, client_id="polite"), Listening()) as broker:
            await eventually(lambda: broker.connected)
        await eventually(lambda: "Received DISCONNECT from polite" in server.log)


async def test_a_wrong_password_is_told_and_never_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    lines = with_password(tmp_path, "bess", "right", "topic readwrite #")
    async with mosquitto.running(tmp_path, lines) as server:
        wrong, right = Listening(), Listening()
        where = replace(place(server.port), username="bess", password="wrong-secret")
        async with talking(where, wrong):
            await eventually(lambda: wrong.troubles)
            assert "ot authori" in wrong.troubles[0]
        async with talking(replace(where, password="right"), right) as broker:
            await eventually(lambda: broker.connected)
    assert "wrong-secret" not in caplog.text + repr(where) + wrong.troubles[0]


async def test_what_the_broker_forbids_is_not_heard(tmp_path: Path) -> None:
    lines = with_password(tmp_path, "bess", "right", "topic readwrite own/#")
    party = Listening(topics=(("#", 1),))
    async with (
        mosquitto.running(tmp_path, lines) as server,
        talking(replace(place(server.port), username="bess", password="right"), party) as broker,
    ):
        await eventually(lambda: broker.connected)
        await broker.publish(Message("other/x", b"1"), TELL_S)
        await broker.publish(Message("own/x", b"2"), TELL_S)
        await eventually(lambda: party.heard)
        assert [arrival.topic for arrival in party.heard] == ["own/x"]


async def test_leaving_a_broker_that_hangs_takes_less_than_a_second(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with mosquitto.running(tmp_path) as server:
        async with talking(place(server.port), Listening()) as broker:
            await eventually(lambda: broker.connected)
            server.freeze()
            left_s = loop.time()
        assert loop.time() - left_s < 1.0


async def test_a_publication_to_a_broker_that_hangs_ends_in_time_and_can_be_cancelled(
    tmp_path: Path,
) -> None:
    loop = asyncio.get_running_loop()
    async with (
        mosquitto.running(tmp_path) as server,
        talking(place(server.port), Listening()) as broker,
    ):
        await eventually(lambda: broker.connected)
        server.freeze()
        with pytest.raises(NotSent, match="timed out"):
            await broker.publish(Message("a", b"1"), 0.2)
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(broker.publish(Message("a", b"1"), 30.0))
            await asyncio.sleep(0)
            left_s = loop.time()
            telling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await telling
        assert loop.time() - left_s < 1.0


@pytest.mark.slow
async def test_a_broker_that_hangs_is_given_up_and_found_again(tmp_path: Path) -> None:
    async with (
        mosquitto.running(tmp_path) as server,
        talking(replace(place(server.port), keepalive_s=2), Listening()) as broker,
    ):
        await eventually(lambda: broker.connected)
        server.freeze()
        await eventually(lambda: not broker.connected)
        await server.stop()
        await server.start()
        await eventually(lambda: broker.connected)


@pytest.mark.parametrize("tls", [None, Tls()])
async def test_leaving_while_a_peer_accepts_and_says_nothing_takes_less_than_a_second(
    tls: Tls | None,
) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        where = place(server.getsockname()[1], tls=tls)
        async with asyncio.TaskGroup() as tasks:
            keeper = tasks.create_task(Broker(where, Listening()).run())
            line, _ = await loop.sock_accept(server)
            left_s = loop.time()
            keeper.cancel()
            with pytest.raises(asyncio.CancelledError):
                await keeper
            assert loop.time() - left_s < 1.0
            line.close()


async def test_a_flood_is_bounded_and_its_loss_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "INBOX_MESSAGES_MAX", 5)
    loud, slow = Listening(topics=()), _Slow(asyncio.Event())
    async with mosquitto.running(tmp_path) as server, talking(place(server.port), loud) as speaker:
        async with talking(place(server.port), slow) as listener:
            await eventually(lambda: listener.connected and speaker.connected)
            for number in range(20):
                await speaker.publish(Message("a", b"%d" % number), TELL_S)
            await eventually(lambda: "Sending PUBLISH" in server.log)
            slow.go.set()
            await eventually(lambda: slow.heard)
        assert len(slow.heard) + listener.dropped == 20
    assert listener.dropped >= 10
    assert "came faster" in caplog.text


async def _heard(party: Listening, arrival: Arrival) -> None:
    await eventually(lambda: arrival in party.heard)


class _Slow(Listening):
    def __init__(self, go: asyncio.Event) -> None:
        super().__init__()
        self.go = go

    async def opened(self) -> None:
        await self.go.wait()
