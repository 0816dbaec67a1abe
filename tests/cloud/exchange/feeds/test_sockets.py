"""The three sockets over real connections: who gets in, what comes, and how they end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from cloud.exchange.feeds import feeds as feed_limits
from cloud.exchange.feeds import socket as sockets
from cloud.exchange.feeds import stream
from cloud.exchange.feeds.desk import MESSAGE_CHARACTERS_MAX
from cloud.exchange.feeds.feeds import TradingFeeds
from cloud.exchange.feeds.signer import Signer
from cloud.kernel import keys
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role, Scope
from tests.support.feed_hub import IN_TIME_S, Desk, Subscriber, subscriber, trading
from tests.support.hub import NOON_US, add_key, admin_key, client_of, opened_hub
from tests.support.patience import eventually

BOOK, TRADES, ORDERS = "/ws/book/AT", "/ws/trades", "/ws/orders"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with opened_hub(tmp_path) as opened:
        yield opened


@pytest.fixture
async def floor(hub: Hub, tmp_path: Path) -> AsyncIterator[tuple[str, Desk]]:
    async with trading(hub, tmp_path) as found:
        yield found


@pytest.fixture
def url(floor: tuple[str, Desk]) -> str:
    return floor[0]


async def narrowed(hub: Hub, role: Role, *scopes: Scope) -> str:
    await add_key(hub, "stadtwerk")
    async with hub.database.transaction() as connection:
        return await keys.add_key(connection, "stadtwerk", role, NOON_US, scopes=scopes)


async def ended(socket: Subscriber) -> tuple[int, str]:
    """Hear until the hub closes; return code and reason."""
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(IN_TIME_S):
            while True:
                await socket.socket.recv()
    frame = closed.value.rcvd
    assert frame is not None
    return frame.code, frame.reason


async def clients(hub: Hub, count: int) -> None:
    """Return when this many sockets are open."""
    feeds = hub.service(TradingFeeds)
    await eventually(lambda: feeds.clients == count, IN_TIME_S)


async def test_an_order_is_answered_told_shown_and_traded(hub: Hub, url: str) -> None:
    ada, bob = await add_key(hub, "ada"), await add_key(hub, "bob")
    async with (
        subscriber(hub, url, ORDERS, ada) as seller,
        subscriber(hub, url, ORDERS, bob) as buyer,
        subscriber(hub, url, BOOK, bob) as book,
        subscriber(hub, url, TRADES, bob) as trades,
    ):
        assert (await seller.hear())["orders"] == []
        assert [(await trades.hear())["market"] for _ in range(2)] == ["AT", "DE"]
        await seller.enter("a", "SELL", 5_000, 10)
        answer = await seller.until("answer", id="a")
        assert answer["result"] == {
            "order_id": "1",
            "state": "ACTI",
            "revision": 1,
            "filled_steps": 0,
            "ratio": 10,
        }
        shown = await book.until("book")
        assert (shown["asks"], shown["bids"]) == ([[50, 0.25]], [])
        await buyer.until("orders")
        await buyer.enter("b", "BUY", 5_100, 4)
        assert (await buyer.until("order", event="filled"))["trade_price"] == 50
        delta = await book.until("book_delta")
        assert (delta["asks"], delta["seq"]) == ([[50, 0.15]], shown["seq"] + 1)
        assert (await trades.until("trade"))["quantity"] == 0.1
        assert (await seller.until("order", event="partially_filled"))["open"] == 0.15
        await seller.say(type="delete", id="c", order_id="1")
        assert (await seller.until("order", event="deleted"))["state"] == "IACT"
        assert (await seller.until("answer", id="c"))["ok"] is True
        assert (await book.until("book_delta"))["asks"] == [[50, 0]]


async def test_a_repeated_client_order_id_gets_the_first_answer_and_changes_nothing(
    hub: Hub, url: str
) -> None:
    async with subscriber(hub, url, ORDERS, await add_key(hub, "ada")) as socket:
        for name in ("first", "second"):
            await socket.enter(name, "SELL", 5_000, 10, client_order_id="mine")
        answers = [await socket.until("answer", id=name) for name in ("first", "second")]
        assert answers[0]["result"] == answers[1]["result"]
        await socket.say(type="subscribe")
        assert len((await socket.until("orders"))["orders"]) == 1


async def test_many_orders_may_wait_for_their_answers_at_once(hub: Hub, url: str) -> None:
    async with subscriber(hub, url, ORDERS, await add_key(hub, "ada")) as socket:
        for number in range(300):
            await socket.enter(f"n{number}", "SELL", 5_000 + number, 1)
        answers: dict[str, str] = {}
        while len(answers) < 300:
            data = await socket.until("answer")
            answers[data["id"]] = data["result"]["order_id"]
        assert answers == {f"n{number}": str(number + 1) for number in range(300)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a JSON object"),
        ("no json", "a JSON object"),
        ("[]", "a JSON object"),
        ('{"type":"enter"}', "id"),
        ('{"type":"enter","id":"ü"}', "id"),
        ('{"type":"shout","id":"a"}', "type"),
        ('{"type":{},"id":"a"}', "type"),
        ('{"type":"enter","id":"a","x":NaN}', "a JSON object"),
        ("[" * 60_000, "a JSON object"),
        ('{"type":"subscribe","resume":[{"epoch":"x"}]}', "seq"),
        ('{"type":"subscribe","resume":7}', "a list"),
        ('{"type":"subscribe","markets":["AT"]}', "known are"),
    ],
)
async def test_what_cannot_be_understood_is_answered_and_changes_nothing(
    hub: Hub, url: str, text: str, says: str
) -> None:
    async with subscriber(hub, url, ORDERS, await add_key(hub, "ada")) as socket:
        await socket.until("orders")
        await socket.socket.send(text)
        answer = await socket.until("answer", ok=False)
        assert (answer["code"], says in answer["message"]) == ("INVALID", True), answer
        await socket.enter("next", "SELL", 5_000, 1)
        await socket.until("answer", id="next", ok=True)


async def test_a_refusal_has_the_code_that_http_has(hub: Hub, url: str) -> None:
    async with subscriber(hub, url, ORDERS, await add_key(hub, "ada")) as socket:
        await socket.say(type="delete", id="x", order_id="99")
        answer = await socket.until("answer", id="x")
        assert (answer["ok"], answer["code"]) == (False, "ORDER_UNKNOWN")
        await socket.enter("late", "SELL", 5_000, 1, quarter=-8)
        assert (await socket.until("answer", id="late"))["code"] == "CONTRACT_CLOSED"


async def test_who_only_reads_enters_nothing(hub: Hub, url: str) -> None:
    viewer = await add_key(hub, "ada", Role.VIEWER)
    reader = await narrowed(hub, Role.TRADER, Scope.ORDERS_READ)
    for key in (viewer, reader):
        async with subscriber(hub, url, ORDERS, key) as socket:
            await socket.enter("a", "SELL", 5_000, 1)
            assert (await socket.until("answer", id="a"))["code"] == "FORBIDDEN"
    async with subscriber(hub, url, TRADES, await add_key(hub, "ada")) as socket:
        await socket.enter("a", "SELL", 5_000, 1)
        assert (await socket.until("answer", id="a"))["code"] == "FORBIDDEN"


async def test_a_socket_opens_with_a_key_of_its_scope_only(hub: Hub, url: str) -> None:
    market = await narrowed(hub, Role.VIEWER, Scope.MARKET_READ)
    orders = await narrowed(hub, Role.VIEWER, Scope.ORDERS_READ)
    opened = {(path, key) for path in (BOOK, TRADES) for key in (market,)} | {(ORDERS, orders)}
    for path in (BOOK, TRADES, ORDERS):
        for key in (market, orders, "", "pho_x"):
            if (path, key) in opened:
                async with subscriber(hub, url, path, key):
                    continue
            with pytest.raises(InvalidStatus):
                async with connect(url + path, additional_headers={"X-API-Key": key}):
                    pass
    await clients(hub, 0)


async def test_an_unknown_market_is_closed_with_those_that_are_known(hub: Hub, url: str) -> None:
    async with subscriber(hub, url, "/ws/book/ATLANTIS", await add_key(hub, "ada")) as socket:
        assert await ended(socket) == (1008, "MARKET_UNKNOWN: AT, DE are known")


async def test_a_filter_and_a_place_to_resume_from_are_followed(hub: Hub, url: str) -> None:
    key = await add_key(hub, "ada")
    async with subscriber(hub, url, ORDERS, key) as trader:
        for number in range(3):
            await trader.enter(f"n{number}", "SELL", 5_000, 10, quarter=number)
            await trader.until("answer", id=f"n{number}")
        async with subscriber(hub, url, BOOK + "?auto=false", key) as book:
            await book.say(type="subscribe", contracts=["2026-11-21T14:15:00Z"])
            first = await book.hear()
            assert (first["type"], first["contract"]) == ("book", 2)
        for number in range(3):
            await trader.enter(f"m{number}", "BUY", 4_000, 10, quarter=number)
            await trader.until("answer", id=f"m{number}")
        async with subscriber(hub, url, BOOK + "?auto=false", key) as book:
            place = {name: first[name] for name in ("contract", "epoch", "seq")}
            await book.say(type="subscribe", contracts=["2026-11-21T14:15:00Z"], resume=[place])
            missed = await book.hear()
            assert (missed["type"], missed["contract"]) == ("book_delta", 2)
            assert missed["seq"] == first["seq"] + 1
            await book.say(type="subscribe", contracts=["tomorrow"])
            assert (await book.hear())["code"] == "INVALID"
            await trader.enter("again", "BUY", 4_100, 10, quarter=1)
            assert (await book.hear())["bids"] == [[41, 0.25]], "the old wish still stands"


async def test_silence_is_filled_with_beats(
    hub: Hub, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "BEAT_S", 0.01)
    async with subscriber(hub, url, TRADES, await add_key(hub, "ada")) as socket:
        for _ in range(3):
            await socket.until("beat")


async def test_a_key_that_ends_takes_its_sockets_along(
    hub: Hub, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "CHECK_KEY_S", 0.01)
    key = await add_key(hub, "ada")
    async with subscriber(hub, url, ORDERS, key) as socket:
        await socket.until("orders")
        async with client_of(hub, admin_key(hub)) as admin:
            await admin.delete(f"/api/v1/keys/{keys.id_of(key)}")
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
