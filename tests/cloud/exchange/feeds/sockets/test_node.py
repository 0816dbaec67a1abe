"""A client that shares no code with the hub: plain Node reads the feeds and checks each message."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cloud.exchange.feeds.signer import Signer
from cloud.kernel.context import Hub
from tests.support.feed_hub import Desk, trading
from tests.support.hub import add_key, admin_key, client_of
from tests.support.npm import needs_node

READER = Path(__file__).parents[4] / "support" / "feed_reader.js"
ROTATIONS = 6
ORDERS_EACH = 50
GIVEN_UP_S = 60.0

pytestmark = needs_node


class Node:
    """A Node process that follows one feed."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def line(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(GIVEN_UP_S):
            return (await self.process.stdout.readline()).decode().rstrip("\n")

    async def hear(self) -> dict[str, Any]:
        """Return the data of the next message; a bad signature or an end fails the test."""
        line = await self.line()
        assert line.startswith("{"), line
        data: dict[str, Any] = json.loads(line)
        return data

    async def say(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode() + b"\n")
        await self.process.stdin.drain()


def write_keys(hub: Hub, path: Path, **more: str) -> None:
    """Write what the reader knows: the ring's keys, and those that will be in it."""
    known = {key.kid: key.secret.hex() for key in hub.service(Signer).ring.keys}
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(known | more))
    draft.replace(path)


@asynccontextmanager
async def reading(hub: Hub, url: str, path: str, known: Path) -> AsyncIterator[Node]:
    key = await add_key(hub, "ada")
    process = await asyncio.create_subprocess_exec(
        *("node", str(READER), "read", url + path, str(known), key),
        stdin=PIPE,
        stdout=PIPE,
        env={"ANY_AGE": "1", "PATH": "/usr/local/bin:/usr/bin:/bin"},
        limit=2**20,
    )
    try:
        yield Node(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def entered(desk: Desk, number: int) -> None:
    side = ("SELL", "BUY")[number % 2]
    body = {"side": side, "price_ticks": 5_000, "steps": 1 + number // 2 % 7}
    await desk.writer.ask(desk.entry(f"account-{number % 2}", body))


async def test_keys_are_rotated_under_load_and_a_node_client_misses_nothing(
    hub: Hub, tmp_path: Path
) -> None:
    known = tmp_path / "known.json"
    write_keys(hub, known)
    async with (
        trading(hub, tmp_path) as (url, desk),
        reading(hub, url, "/ws/trades", known) as node,
        client_of(hub, admin_key(hub)) as admin,
        asyncio.timeout(GIVEN_UP_S),
    ):
        assert [(await node.hear())["type"] for _ in range(2)] == ["trades", "trades"]
        for turn in range(ROTATIONS):
            for number in range(ORDERS_EACH):
                await entered(desk, number)
            secret = bytes([turn] * 32).hex()
            write_keys(hub, known, **{f"key-{turn}": secret})
            body = {"kid": f"key-{turn}", "secret": secret, "encoding": "hex", "overlap_s": 60}
            answer = await admin.post("/admin/ws_hmac/rotate", json=body)
            assert answer.json()["active"] == f"key-{turn}"
        for number in range(ORDERS_EACH):
            await entered(desk, number)
        trades = (ROTATIONS + 1) * ORDERS_EACH // 2
        heard = [await node.hear() for _ in range(trades)]
        assert [data["seq"] for data in heard] == list(range(1, trades + 1))
        assert {data["type"] for data in heard} == {"trade"}


async def test_a_node_client_trades_and_sees_its_book(hub: Hub, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    write_keys(hub, known)
    async with (
        trading(hub, tmp_path) as (url, _desk),
        reading(hub, url, "/ws/orders", known) as trader,
        reading(hub, url, "/ws/book/AT", known) as book,
    ):
        assert (await trader.hear())["orders"] == []
        order = {"type": "enter", "id": "n-1", "side": "SELL", "price_ticks": -5, "steps": 3}
        await trader.say(json.dumps(order))
        told = sorted([await trader.hear(), await trader.hear()], key=lambda data: data["type"])
        assert (told[0]["id"], told[0]["ok"], told[1]["event"]) == ("n-1", True, "added")
        shown = await book.hear()
        assert shown["asks"] == [[-0.05, 0.075]]


async def test_a_node_client_that_has_the_wrong_secret_believes_nothing(
    hub: Hub, tmp_path: Path
) -> None:
    known = tmp_path / "known.json"
    kid = hub.service(Signer).ring.keys[0].kid
    write_keys(hub, known, **{kid: "00" * 32})
    async with (
        trading(hub, tmp_path) as (url, _desk),
        reading(hub, url, "/ws/trades", known) as node,
    ):
        assert (await node.line()).startswith("BAD signature")
