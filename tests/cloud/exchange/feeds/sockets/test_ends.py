"""How sockets end: each with a code and a reason, and without a trace in the hub."""

import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from cloud.exchange.feeds import feeds as feed_limits
from cloud.exchange.feeds import socket as sockets
from cloud.exchange.feeds import stream
from cloud.exchange.feeds.desk import MESSAGE_CHARACTERS_MAX
from cloud.exchange.feeds.feeds import TradingFeeds
from cloud.exchange.feeds.signer import Signer
from cloud.kernel import keys
from cloud.kernel.context import Hub
from cloud.kernel.instants import iso
from tests.support.feed_hub import clients, ended, subscriber
from tests.support.hub import add_key, admin_key, client_of, clock_of

BOOK, TRADES, ORDERS = "/ws/book/AT", "/ws/trades", "/ws/orders"


async def test_silence_is_filled_with_beats(
    hub: Hub, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "BEAT_S", 0.01)
    async with subscriber(hub, url, TRADES, await add_key(hub, "ada")) as socket:
        for _ in range(3):
            await socket.until("beat")


async def test_a_key_that_ends_takes_its_sockets_along(hub: Hub, url: str) -> None:
    key = await add_key(hub, "ada")
    async with subscriber(hub, url, ORDERS, key) as socket:
        await socket.until("orders")
        async with client_of(hub, admin_key(hub)) as admin:
            await admin.delete(f"/api/v1/keys/{keys.id_of(key)}")
        assert await ended(socket) == (1008, "KEY_ENDED: the key is not valid now")
    await clients(hub, 0)


async def test_a_key_that_expires_while_its_socket_is_open_enters_no_order_any_more(
    hub: Hub, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "CHECK_KEY_S", 3_600.0)  # the watch comes too late
    clock = clock_of(hub)
    async with client_of(hub, admin_key(hub)) as admin:
        await add_key(hub, "ada")
        body = {"account": "ada", "role": "trader", "expires_at": iso(clock.at_us + 60_000_000)}
        key = (await admin.post("/api/v1/keys", json=body)).json()["key"]
    async with subscriber(hub, url, ORDERS, key) as socket:
        await socket.until("orders")
        clock.at_us += 60_000_000
        await socket.enter("1", "BUY", 5_000, 1)
        assert (await socket.until("answer"))["code"] == "KEY_ENDED"
        hub.bus.wake(keys.CHANGED_TOPIC)
        assert await ended(socket) == (1008, "KEY_ENDED: the key is not valid now")
    await clients(hub, 0)


async def test_a_hub_that_stops_says_so(hub: Hub, url: str) -> None:
    async with subscriber(hub, url, TRADES, await add_key(hub, "ada")) as socket:
        await socket.hear()
        hub.bus.close()
        assert await ended(socket) == (1012, "STOPPING: the hub is stopping")


async def test_one_account_opens_no_more_than_its_share(
    hub: Hub, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_limits, "CLIENTS_PER_ACCOUNT_MAX", 1)
    ada, bob = await add_key(hub, "ada"), await add_key(hub, "bob")
    async with subscriber(hub, url, TRADES, ada) as first:
        await first.hear()
        async with subscriber(hub, url, TRADES, ada) as second:
            assert await ended(second) == (1013, "TOO_MANY: too many open sockets")
        async with subscriber(hub, url, TRADES, bob) as other:
            await other.hear()
    await clients(hub, 0)
    async with subscriber(hub, url, TRADES, ada) as again:
        await again.hear()


async def test_too_large_a_message_and_too_many_faults_end_a_socket(hub: Hub, url: str) -> None:
    key = await add_key(hub, "ada")
    async with subscriber(hub, url, ORDERS, key) as socket:
        await socket.socket.send("x" * (MESSAGE_CHARACTERS_MAX + 1))
        assert (await ended(socket))[0] == 1009
    async with subscriber(hub, url, ORDERS, key) as socket:
        for _ in range(sockets.FAULTS_MAX):
            await socket.socket.send(b"bytes")
        assert await ended(socket) == (1008, "BAD_MESSAGES: too many said nothing")
    await clients(hub, 0)


async def test_who_reads_too_slowly_is_sent_away_and_nobody_else_notices(
    hub: Hub, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The messages are large, for the kernel takes some megabytes for a client that is asleep."""
    monkeypatch.setattr(sockets, "SEND_TIMEOUT_S", 0.5)
    monkeypatch.setattr(sockets, "CLOSE_TIMEOUT_S", 0.1)
    key, feeds, signer = await add_key(hub, "ada"), hub.service(TradingFeeds), hub.service(Signer)
    headers = {"X-API-Key": key}
    async with (
        subscriber(hub, url, TRADES, key) as good,
        connect(url + TRADES, additional_headers=headers, compression=None, max_queue=1) as slow,
        asyncio.timeout(60),
    ):
        await clients(hub, 2)
        number = 0
        while feeds.clients == 2:
            number += 1
            data: stream.Data = {"type": "trade", "large": "x" * 200_000}
            feeds._trades.add("AT", data, signer.sealed)
            assert (await good.until("trade"))["seq"] == number, "the other one misses nothing"
        with pytest.raises(ConnectionClosed):
            while True:
                await slow.recv()


def test_a_client_that_leaves_too_much_unread_is_ended_with_the_reason() -> None:
    woken: list[int] = []
    client = stream.Client(lambda: woken.append(1))
    for number in range(stream.QUEUE_MESSAGES_MAX):
        client.offer(f"message {number}")
    assert client.ended is None
    client.offer("one more")
    assert client.ended == (1013, stream.SLOW)
    assert not client.queue, "what waited is let go"
    client.offer("nothing comes any more")
    assert not client.queue
    assert woken
    client.end(1008, "the first reason stands")
    assert client.ended == (1013, stream.SLOW)
    large = stream.Client(lambda: None)
    large.offer("x" * (stream.QUEUE_CHARACTERS_MAX + 1))
    assert large.ended == (1013, stream.SLOW)
