"""A hub whose sockets are fed by a real venue behind its writer and its journal."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from cloud.exchange.facts import Fact
from cloud.exchange.feeds import routes
from cloud.exchange.feeds.envelope import verified
from cloud.exchange.feeds.feeds import TradingFeeds
from cloud.exchange.feeds.routes import Counter
from cloud.exchange.feeds.signer import Signer
from cloud.exchange.journal.journal import Journal
from cloud.exchange.matching.codes import Execution, Side, State
from cloud.exchange.recovery import recover
from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.commands import Entry, Switch
from cloud.exchange.venue.venue import Venue
from cloud.exchange.writer import Writer
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.kernel.errors import Refused
from tests.support.feeds import MARKETS, market_data
from tests.support.hub import application, serving
from tests.support.patience import eventually
from tests.support.venues import Pit, quarter

IN_TIME_S = 20.0
FIRST = 8
"""The quarter-hours from this one on are open while the hub's clock stands at noon."""


class Desk:
    """Takes orders in the venue's own units: ticks, steps, the number of a quarter-hour."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._pit = Pit()

    def entry(self, account: str, body: Mapping[str, Any]) -> Entry:
        return self._pit.entry(
            account,
            Side[body["side"]],
            int(body["price_ticks"]),
            int(body["steps"]),
            Execution(body.get("execution", "NON")),
            of=quarter(FIRST + int(body.get("quarter", 0))),
            client_order_id=body.get("client_order_id", ""),
        )

    async def act(
        self, principal: Principal, action: str, body: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        if action == "enter":
            answers = await self.writer.ask(self.entry(principal.account, body))
        else:
            to = {"hibernate": State.HIBERNATED, "activate": State.ACTIVE}.get(
                action, State.INACTIVE
            )
            command = Switch(
                account=principal.account,
                order_id=int(body["order_id"]),
                to=to,
                revision=body.get("revision"),
            )
            answers = await self.writer.ask(command)
        return _told(answers[-1])


def _told(answer: Answer) -> Mapping[str, Any]:
    if answer.code:
        raise Refused(answer.code, answer.text)
    return {
        "order_id": str(answer.order_id),
        "state": answer.state,
        "revision": answer.revision,
        "filled_steps": answer.filled_steps,
        "ratio": 10.0,
    }


@asynccontextmanager
async def trading(hub: Hub, folder: Path) -> AsyncIterator[tuple[str, Desk]]:
    """Run venue, writer and journal of the hub, and serve its feeds; yield its URL."""
    journal, venue, prices = Journal(folder / "exchange"), Venue(), market_data()
    recover(journal, venue)
    feeds = TradingFeeds(hub.service(Signer), prices, MARKETS, hub.clock.now_us())

    def committed(_first: int, facts: Sequence[Fact]) -> None:
        feeds.committed(facts, prices.take(facts))

    writer = Writer(venue, journal, hub.clock, committed)
    desk = Desk(writer)
    for service in (feeds, Counter(desk)):
        hub.provide(service)
    application(hub).include_router(routes.router)
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(writer.run())
            async with serving(hub) as url:
                yield url.replace("http", "ws", 1), desk
            task.cancel()
    finally:
        journal.close()


class Subscriber:
    """A client that believes no message without a good signature."""

    def __init__(self, socket: ClientConnection, hub: Hub) -> None:
        self.socket = socket
        self._hub = hub

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(IN_TIME_S):
            text = await self.socket.recv()
        assert isinstance(text, str)
        ring = self._hub.service(Signer).ring
        return dict(verified(text, ring, self._hub.clock.now_us()))

    async def until(self, kind: str, **wanted: object) -> dict[str, Any]:
        """Hear until a message of this type has what is wanted; return it."""
        while True:
            data = await self.hear()
            if data["type"] == kind and wanted.items() <= data.items():
                return data

    async def say(self, **message: object) -> None:
        await self.socket.send(json.dumps(message))

    async def enter(self, name: str, side: str, price_ticks: int, steps: int, **more: Any) -> None:
        await self.say(
            type="enter", id=name, side=side, price_ticks=price_ticks, steps=steps, **more
        )


@asynccontextmanager
async def subscriber(hub: Hub, url: str, path: str, key: str) -> AsyncIterator[Subscriber]:
    """Open a feed with a key."""
    headers = {"X-API-Key": key}
    async with connect(url + path, additional_headers=headers, compression=None) as socket:
        yield Subscriber(socket, hub)


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
