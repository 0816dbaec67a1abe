"""The exchange's part of ``crash`` with the whole hub: HTTP, sockets, database, projection.

A hub is forked, traded with over keep-alive connections and a socket, and killed at any moment.
Nothing is believed but what came over the wire before the kill: each answer, each trade of the
feed, and what a repeated client order id is answered after the next start.
"""

import asyncio
import json
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, cast

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from bench.crash_exchange import books_sha256
from bench.crash_exchange_truth import Answer, account
from cloud import main as hub_main
from cloud.exchange import audience, running
from cloud.exchange.journal.journal import Journal
from cloud.exchange.prices.beside import Beside
from cloud.exchange.recovery import recover
from cloud.exchange.snapshots import Snapshots
from cloud.exchange.venue.venue import Venue
from tests.support.patience import eventually
from tests.support.system import free_port
from wire.clock import SystemClock, quarter_hour_us, utc

MARKET = "PHO_AT_INTRADAY_15MIN"
ACCOUNTS = ("ada", "bob", "cyd", "dan")
ALIVE_S_MAX = 0.6
"""A hub is killed at any moment up to this after its first answer to an order."""
EARLY_BELOW = 0.15
EARLY_S_MAX = 2.0
"""So many of the hubs are killed at any moment up to this after their fork instead."""
REPEATED = 12
"""Client order ids of the life before that each trader sends once more."""
SEGMENT_BYTES = 64 * 1024
SNAPSHOT_FACTS = 1_500
START_S_MAX = 60.0
AHEAD_US = 12 * 3_600_000_000
_PRICES = tuple(84 + step / 4 for step in range(9))
_GONE = (httpx.TransportError, OSError, ConnectionClosed, InvalidHandshake, TimeoutError)
_NO_ANSWERS = frozenset({"BUSY", "STOPPING", "UNAVAILABLE", "RATE_LIMITED"})


@dataclass(slots=True)
class Result:
    """What was found after the last kill."""

    kills: int
    acknowledged: int = 0
    lost: int = 0
    duplicates: int = 0
    wrong: list[str] = field(default_factory=list)
    trades: int = 0
    repeats: int = 0
    """Client order ids that were answered in more than one life."""
    starts_compared: int = 0
    fed: int = 0
    snapshots: int = 0


@dataclass(slots=True)
class Said:
    """What came over the wire."""

    answers: dict[str, Answer] = field(default_factory=dict)
    """By client order id; only the first one."""
    sent: dict[str, int] = field(default_factory=dict)
    fed: list[list[int]] = field(default_factory=list)
    """Trades of the feed, of each connection."""


def kills(folder: Path, count: int, seed: int) -> Result:
    """Start and kill the hub `count` times; return the account.

    It forks, so call it from a process without threads.
    """
    chance, said, result, port = Random(seed), Said(), Result(count), free_port()
    keys = _prepared(folder, port)
    for _ in range(count):
        early = chance.random() < EARLY_BELOW
        hub = _forked(folder, port)
        if early:
            time.sleep(chance.uniform(0, EARLY_S_MAX))
            os.kill(hub, signal.SIGKILL)
        else:
            asyncio.run(_trade(port, keys, said, result, hub, chance))
        os.waitpid(hub, 0)
    hub = _forked(folder, port)
    asyncio.run(_settled(port, keys))
    os.kill(hub, signal.SIGTERM)
    _, status = os.waitpid(hub, 0)
    if status:
        result.wrong.append(f"the last hub ended with {status}")
    _killed_group(hub)
    result.fed = sum(map(len, said.fed))
    account(folder, result, said.answers, said.fed)
    return result


def _prepared(folder: Path, port: int) -> dict[str, str]:
    """Make accounts and keys with a hub that is stopped as usual."""
    hub = _forked(folder, port)
    keys = asyncio.run(_make_keys(folder, port))
    os.kill(hub, signal.SIGTERM)
    os.waitpid(hub, 0)
    return keys


async def _make_keys(folder: Path, port: int) -> dict[str, str]:
    async with _client(port) as client:
        await _answering(client)
        admin = (folder / "hub" / "admin.key").read_text().strip()
        client.headers["Authorization"] = f"Bearer {admin}"
        keys = {}
        for name in ACCOUNTS:
            (await client.post("/api/v1/accounts", json={"id": name})).raise_for_status()
            made = await client.post("/api/v1/keys", json={"account": name, "role": "trader"})
            keys[name] = made.raise_for_status().json()["key"]
    return keys


def _forked(folder: Path, port: int) -> int:
    """Start a hub in a process group of its own, which has its snapshots' processes too."""
    child = os.fork()
    if child:
        return child
    os.setpgid(0, 0)
    try:
        log = os.open(folder / "hub.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ["PHOENYRA_HUB_DATA_DIR"] = str(folder / "hub")
        os.environ["PHOENYRA_HUB_PORT"] = str(port)
        vars(running).update(
            Journal=partial(Journal, segment_bytes=SEGMENT_BYTES),
            recover=partial(_recover, folder / "starts.log"),
        )
        vars(audience).update(Snapshots=partial(Snapshots, facts_min=SNAPSHOT_FACTS))
        os._exit(hub_main.main(["serve"]))
    finally:
        os._exit(1)


def _recover(log: Path, journal: Journal, beside: Beside) -> None:
    """Recover as the hub does, and say with which books."""
    recover(journal, beside)
    books = books_sha256(cast("Venue", beside.venue))
    with log.open("a") as starts:
        starts.write(f"{journal.next_sequence - 1} {books}\n")


def _killed_group(hub: int) -> None:
    """End what a hub has left behind."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(hub, signal.SIGKILL)


async def _trade(
    port: int, keys: dict[str, str], said: Said, result: Result, hub: int, chance: Random
) -> None:
    """Trade over every line at once until the hub is gone."""
    async with _client(port) as client:
        await _answering(client)
    before = len(said.answers) + result.repeats
    async with asyncio.TaskGroup() as tasks:
        for name in ACCOUNTS[:2]:
            for lane in range(2):
                tasks.create_task(_over_http(port, keys[name], f"{name}-{lane}", said, result))
        for name in ACCOUNTS[2:]:
            tasks.create_task(_over_a_socket(port, keys[name], name, said, result))
        tasks.create_task(_feed(port, keys["ada"], said))
        await eventually(lambda: len(said.answers) + result.repeats > before, START_S_MAX)
        await asyncio.sleep(chance.uniform(0, ALIVE_S_MAX))
        os.kill(hub, signal.SIGKILL)


def _client(port: int, key: str = "") -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30)


async def _answering(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(START_S_MAX):
        while True:
            with suppress(httpx.TransportError):
                if (await client.get("/healthz")).status_code == 200:
                    return
            await asyncio.sleep(0.02)


def _next(name: str, number: int) -> dict[str, Any]:
    """Return the order of this number, the same each time but for its quarter-hour."""
    chance = Random(f"{name} {number}")
    start_us = quarter_hour_us(SystemClock().now_us()) + AHEAD_US
    return {
        "market": MARKET,
        "delivery_start": utc(start_us).isoformat(),
        "side": chance.choice(("BUY", "SELL")),
        "quantity_mwh": round(0.00025 * chance.randint(1, 40), 5),
        "limit_price_eur_mwh": chance.choice(_PRICES),
        "time_in_force": chance.choice(("GFD", "GFD", "GFD", "IOC", "FOK")),
        "client_order_id": f"{name}-{number}",
    }


def _numbers(name: str, said: Said) -> range:
    """Return what to send: what may not have been answered once more, then new orders."""
    return range(max(0, said.sent.get(name, 0) - REPEATED), 1_000_000)


async def _over_http(port: int, key: str, name: str, said: Said, result: Result) -> None:
    with suppress(*_GONE):
        async with _client(port, key) as client:
            for number in _numbers(name, said):
                said.sent[name] = max(said.sent.get(name, 0), number + 1)
                order = _next(name, number)
                answer = await client.post("/api/orders", json=order)
                _note(order, answer.json(), answer.status_code, said, result)


async def _over_a_socket(port: int, key: str, name: str, said: Said, result: Result) -> None:
    """Keep a few orders on their way at a time."""
    with suppress(*_GONE):
        async with _socket(port, key, "/ws/orders?auto=false") as line:
            waiting: dict[str, dict[str, Any]] = {}
            for number in _numbers(name, said):
                said.sent[name] = max(said.sent.get(name, 0), number + 1)
                order = waiting[str(number)] = _next(name, number)
                await line.send(json.dumps({"type": "enter", "id": str(number), **order}))
                while len(waiting) >= 8:
                    data = await _data(line)
                    if data["type"] == "answer":
                        told = data["result"] if data["ok"] else data
                        status = 200 if data["ok"] else 409
                        _note(waiting.pop(data["id"]), told, status, said, result)


def _note(order: dict[str, Any], told: Any, status: int, said: Said, result: Result) -> None:
    """Keep the first answer to a client order id; a later one must be the same."""
    name = order["client_order_id"]
    if told.get("code") in _NO_ANSWERS:
        return
    answer = (200 if status == 200 else 409, told.get("order_id"), told.get("code", ""))
    first = said.answers.setdefault(name, answer)
    result.repeats += first is not answer
    if first != answer:
        result.wrong.append(f"{name} was answered {first}, then {answer}")


def _socket(port: int, key: str, path: str) -> connect:
    return connect(
        f"ws://127.0.0.1:{port}{path}",
        additional_headers={"Authorization": f"Bearer {key}"},
        proxy=None,
    )


async def _data(line: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await line.recv())["data"]
    return found


async def _feed(port: int, key: str, said: Said) -> None:
    """Follow the public trades; what is told must be in the journal, and without a gap."""
    seen: list[int] = []
    said.fed.append(seen)
    with suppress(*_GONE):
        async with _socket(port, key, "/ws/trades") as line:
            while True:
                data = await _data(line)
                if data["type"] == "trades":
                    seen += [int(trade["trade_id"]) for trade in data["trades"]]
                elif data["type"] == "trade":
                    seen.append(int(data["trade_id"]))


async def _settled(port: int, keys: dict[str, str]) -> None:
    """Wait until the last hub shows all that its journal holds; own orders wait for it."""
    async with _client(port, keys["ada"]) as client:
        await _answering(client)
        (await client.get("/api/orders", params={"limit": 1})).raise_for_status()


if __name__ == "__main__":
    where, how_many, with_seed = sys.argv[1:]
    print(json.dumps(asdict(kills(Path(where), int(how_many), int(with_seed)))))
