"""The live feed of the pages: one WebSocket, one state document, what changed of it.

Every message is a JSON object with ``kind`` and ``at_us``, the hub's clock.

    hub to page
      snapshot  state: all sections; the first message
      update    state: the sections that changed, see `cloud.web.changes`; at most 4 a second
      beat      nothing; a second after the last message, so that silence means an outage
      refused   code, message: a message of the page that could not be followed
    page to hub, the trade page only
      watch     market, start_us: what to look at; null leaves the choice to the hub

    sections    (prices in ticks of 0.01 EUR/MWh, powers in kW, + = sell = discharge, instants µs)
      me         {account, role, sites}: sites counts all that the account has
      markets    [{code, area, product, step_kw, length_us}]
      watch      {market, start_us}: whose contracts, depth and tape these are
      contracts  {start_us: {start_us, end_us, closes_us, phase, bid_ticks, ask_ticks, last_ticks,
                 last_us}}: what can be traded now
      depth      {market, start_us, bids: [[ticks, kw, own_kw, aon_kw]…], asks: […]}, best first;
                 kw can be had in part, aon_kw as a whole or not at all, own_kw is of both
      tape       {market, start_us, complete, trades: [[at_us, ticks, kw]…]}, oldest first;
                 complete: these are all trades of the contract
      session    {market, start_us, mark_ticks, mark_source, open_ticks, high_ticks, low_ticks,
                 vwap_ticks, volume_wh, trades, indices: {name: ticks}} of the same contract
      halts      halts in force and the account's kill switch (scope ``stop``), newest first:
                 [{scope, value, at_us, who, reason}]
      positions  {site: {start_us: kw}}: own net positions
      orders     own orders that live, newest first: [{order_id, initial_id, market, start_us,
                 end_us, step_kw, site, side, kind, execution, validity, valid_until_us, state,
                 price_ticks, delta_ticks, quantity_kw, filled_kw, open_kw, shown_kw, display_kw,
                 revision, reason, text, at_us, changed_us, ending}]; shown_kw stands in the book
      ended      own orders that ended lately, the same
      trades     own newest trades, newest first: [{trade_id, order_id, market, start_us, end_us,
                 closes_us, site, side, price_ticks, quantity_kw, self_trade, state, at_us}]
      account    {cash_eur, sold_mwh, bought_mwh}: of own deliveries from today on, + = received
      sites      {id: {id, name, power_kw, energy_kwh, points: {name: [value, quality, at_us]}}};
                 at_us is when the value was last good: its age is shown
      schedules  {site: {version, issued_us, slots: [[start_us, end_us, power_kw]…]}}
      events     newest first: [{id, at_us, site, code, severity, text}]

The other pages have sections of their own: `cloud.web.fleet_desk`, `cloud.web.site_desk`.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from fastapi import WebSocket, WebSocketDisconnect, status

from cloud.kernel import keys
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.kernel.errors import NotFound, Unavailable
from cloud.web import changes
from cloud.web.state import Watch
from wire import fields
from wire.fields import BadMessage

UPDATE_GAP_S = 0.25
BEAT_S = 1.0
CHECK_KEY_S = 30.0
"""A revoked key loses its open sockets no later."""
SEND_TIMEOUT_S = 10.0
"""Who takes longer to read is cut off; a page comes back by itself and gets a snapshot."""
FEEDS_MAX = 500
"""Open sockets of one hub process."""
WATCH_CHARACTERS_MAX = 500
_LISTEN_S = 60.0


class Desk(Protocol):
    """One page's view of the hub."""

    topics: Sequence[str]
    """What to listen to on the bus."""
    sections: dict[str, Any]

    async def refresh(self, watch: Watch, woken: set[str], now_s: float) -> None:
        """Bring the sections up to date: what was woken, or is too old by the loop's time.

        Raises:
            NotFound: what the page is about is gone, or may not be seen any more.
        """
        ...


@dataclass(slots=True)
class Feeds:
    """How many sockets are open."""

    count: int = 0


@dataclass(slots=True)
class _Feed:
    """One page's socket: what it watches, and what woke since the last look."""

    websocket: WebSocket
    hub: Hub
    principal: Principal
    desk: Desk
    watch: Watch = field(default_factory=Watch)
    woken: set[str] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)


async def follow(websocket: WebSocket, hub: Hub, principal: Principal, desk: Desk) -> None:
    """Serve an accepted socket until the page leaves, or its key is revoked."""
    feeds = hub.service(Feeds)
    if feeds.count >= FEEDS_MAX:
        await websocket.close(status.WS_1013_TRY_AGAIN_LATER, "too many open pages")
        return
    feeds.count += 1
    feed = _Feed(websocket, hub, principal, desk)
    try:
        async with asyncio.TaskGroup() as tasks:
            others = [tasks.create_task(_listen(feed, topic)) for topic in desk.topics]
            others.append(tasks.create_task(_send(feed)))
            await _receive(feed)
            for task in others:
                task.cancel()
    finally:
        feeds.count -= 1


async def _listen(feed: _Feed, topic: str) -> None:
    seen = feed.hub.bus.version(topic)
    while True:
        version = await feed.hub.bus.wait(topic, seen, _LISTEN_S)
        if version != seen:
            seen = version
            feed.woken.add(topic)
            feed.news.set()


async def _receive(feed: _Feed) -> None:
    """Take what the page wants to look at until it leaves."""
    try:
        while True:
            text = await feed.websocket.receive_text()
            try:
                feed.watch = _watch(text)
            except BadMessage as error:
                await _say(feed, kind="refused", code="INVALID", message=str(error))
                continue
            feed.woken.update(feed.desk.topics)
            feed.news.set()
    except WebSocketDisconnect:
        return


def _watch(text: str) -> Watch:
    if len(text) > WATCH_CHARACTERS_MAX:
        raise BadMessage("message", text, f"at most {WATCH_CHARACTERS_MAX} characters are expected")
    document = fields.parse(text)
    if document.get("kind") != "watch":
        raise BadMessage("message.kind", document.get("kind"), "watch is expected")
    market, start_us = document.get("market"), document.get("start_us")
    return Watch(
        market=None if market is None else fields.text(document, "market", "message"),
        start_us=None if start_us is None else fields.integer(document, "start_us", "message"),
    )


async def _send(feed: _Feed) -> None:
    """Send what changed, no more often than every `UPDATE_GAP_S`, and a beat in between."""
    loop = asyncio.get_running_loop()
    desk = feed.desk
    sent: changes.State | None = None
    check_s = loop.time() + CHECK_KEY_S
    try:
        while not feed.hub.bus.closed:
            began_s = loop.time()
            feed.news.clear()
            woken, feed.woken = feed.woken, set()
            await desk.refresh(feed.watch, woken, began_s)
            await _say_changes(feed, sent, desk.sections)
            sent = dict(desk.sections)
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await feed.news.wait()
            await asyncio.sleep(began_s + UPDATE_GAP_S - loop.time())
            if loop.time() >= check_s:
                check_s = loop.time() + CHECK_KEY_S
                if not await _still_valid(feed):
                    await _end(feed, status.WS_1008_POLICY_VIOLATION, "the key is not valid now")
                    return
        await _end(feed, status.WS_1012_SERVICE_RESTART, "the hub is stopping")
    except TimeoutError:
        await _end(feed, status.WS_1013_TRY_AGAIN_LATER, "the page reads too slowly")
    except NotFound as error:
        await _end(feed, status.WS_1008_POLICY_VIOLATION, str(error))
    except Unavailable:
        await _end(feed, status.WS_1013_TRY_AGAIN_LATER, "the database does not answer in time")
    except WebSocketDisconnect:
        return


async def _say_changes(feed: _Feed, before: changes.State | None, after: changes.State) -> None:
    if before is None:
        await _say(feed, kind="snapshot", state=after)
    elif changed := changes.between(before, after):
        await _say(feed, kind="update", state=changed)
    else:
        await _say(feed, kind="beat")


async def _end(feed: _Feed, code: int, reason: str) -> None:
    with suppress(WebSocketDisconnect):
        await feed.websocket.close(code, reason)


async def _say(feed: _Feed, **message: object) -> None:
    text = fields.compact({"at_us": feed.hub.clock.now_us(), **message})
    async with asyncio.timeout(SEND_TIMEOUT_S):
        await feed.websocket.send_text(text)


async def _still_valid(feed: _Feed) -> bool:
    async with feed.hub.database.reading() as connection:
        now_us = feed.hub.clock.now_us()
        key_id = feed.principal.key_id
        return await keys.principal_of_id(connection, key_id, now_us) is not None
