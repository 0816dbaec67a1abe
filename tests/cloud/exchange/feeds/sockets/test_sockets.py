"""The three sockets over real connections: who gets in, what comes, what is answered."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from cloud.kernel import keys
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role, Scope
from tests.support.feed_hub import clients, ended, subscriber
from tests.support.hub import NOON_US, add_key

BOOK, TRADES, ORDERS = "/ws/book/AT", "/ws/trades", "/ws/orders"


async def narrowed(hub: Hub, role: Role, *scopes: Scope) -> str:
    await add_key(hub, "stadtwerk")
    async with hub.database.transaction() as connection:
        return await keys.add_key(connection, "stadtwerk", role, NOON_US, scopes=scopes)


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
        ('{"type":"delete","id":"a","order_id":1,"order_id":2}', "each name once"),
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


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ({"type": "shout", "id": "a"}, "a"),
        ({"id": "a"}, "a"),
        ({"type": "subscribe", "id": "a", "resume": 7}, "a"),
        ({"type": "shout", "id": "x" * 65}, ""),
        ({"type": "shout", "id": 5}, ""),
    ],
)
async def test_what_cannot_be_understood_is_answered_with_the_id_of_the_client(
    hub: Hub, url: str, message: dict[str, Any], named: str
) -> None:
    async with subscriber(hub, url, ORDERS, await add_key(hub, "ada")) as socket:
        await socket.until("orders")
        await socket.socket.send(json.dumps(message))
        answer = await socket.until("answer", ok=False)
        assert (answer["id"], answer["code"]) == (named, "INVALID")


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
