"""From the journal to the read model: orders, trades and positions as rows.

The projection reads what is committed in the journal's file and writes it together with its own
place in one transaction, so each record counts once, whatever is killed when. It lags behind the
answers by one database commit; whoever must see his own order waits for `caught_up`.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from cloud.exchange import journal_v1 as journals
from cloud.exchange import store
from cloud.exchange.book import Ending, Side
from cloud.exchange.journal_v1 import Frame, Journal, JournalUnusable
from cloud.exchange.records import Closed, Placed, Record, Trade, Withdrawn
from cloud.kernel.bus import Bus
from cloud.kernel.database import Database
from cloud.portfolio import service as portfolio
from cloud.portfolio.model import Entry

JOURNAL_TOPIC = "exchange.journal"
"""Woken after each commit to the journal."""
PROJECTED_TOPIC = "exchange.projected"
"""Woken when orders are in the read model."""
FRAMES_MAX = 200
"""Commits in one transaction; the database is free for others between two."""
_CAUGHT_UP_TIMEOUT_S = 2.0
_NAP_S = 60.0

Row = dict[str, Any]


@dataclass(slots=True)
class Changes:
    """What records do to the read model."""

    orders: list[Row] = field(default_factory=list)
    trades: list[Row] = field(default_factory=list)
    fills: list[Row] = field(default_factory=list)
    """(id, steps, at_us): resting orders that traded."""
    endings: list[Row] = field(default_factory=list)
    """(id, ending, at_us): orders that left without trading."""
    entries: list[Entry] = field(default_factory=list)


def changes_of(records: Iterable[Record]) -> Changes:
    """Return what records do, in their order. Pure."""
    changes = Changes()
    for record in records:
        match record:
            case Placed():
                changes.orders.append(_order(record))
                for trade in record.trades:
                    changes.trades.append(_trade(record, trade))
                    changes.fills.append(
                        {"id": trade.maker_id, "steps": trade.quantity_steps, "us": record.at_us}
                    )
                    changes.entries += _entries(record, trade)
            case Withdrawn():
                changes.endings.append(_ending(record.order_id, Ending.CANCELLED, record.at_us))
            case Closed():
                changes.endings += [
                    _ending(order_id, Ending.EXPIRED, record.at_us) for order_id in record.expired
                ]
    return changes


class Projection:
    """One task; its place in the journal is a row beside what it wrote."""

    def __init__(self, journal: Journal, database: Database, bus: Bus) -> None:
        self._journal = journal
        self._database = database
        self._bus = bus
        self._number = 0
        """Of the last record that is in the read model."""
        self._offset = 0
        """Where the next frame begins."""

    async def open(self) -> None:
        """Find the place where the last run ended.

        Raises:
            JournalUnusable: the read model is ahead of the journal, so the file is not the one
                that it was made from.
        """
        async with self._database.reading() as connection:
            place = await store.place(connection)
        if place.offset > self._journal.end or place.number >= self._journal.next_number:
            raise JournalUnusable(
                f"{self._journal.path}: it ends with record {self._journal.next_number - 1}, and"
                f" the database has read record {place.number}; they do not belong together"
            )
        self._number, self._offset = place

    async def run(self) -> None:
        """Follow the journal until cancelled, or until the hub stops."""
        while not self._bus.closed:
            seen = self._bus.version(JOURNAL_TOPIC)
            while frames := await asyncio.to_thread(self._read):
                await self._apply(frames)
            await self._bus.wait(JOURNAL_TOPIC, seen, _NAP_S)

    async def caught_up(self) -> None:
        """Return when all that is committed now is in the read model, or after two seconds."""
        target = self._journal.next_number - 1
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + _CAUGHT_UP_TIMEOUT_S
        seen = self._bus.version(PROJECTED_TOPIC)
        while self._number < target and not self._bus.closed:
            if (left_s := deadline_s - loop.time()) <= 0:
                return
            seen = await self._bus.wait(PROJECTED_TOPIC, seen, left_s)

    def _read(self) -> list[Frame]:
        frames = journals.read(self._journal.path, self._offset, self._journal.end)
        return list(islice(frames, FRAMES_MAX))

    async def _apply(self, frames: Sequence[Frame]) -> None:
        if frames[0].first != self._number + 1:
            raise JournalUnusable(
                f"{self._journal.path}: record {self._number + 1} is expected next, and"
                f" {frames[0].first} is there; database and journal do not belong together"
            )
        changes = changes_of(record for frame in frames for record in frame.records)
        number = frames[-1].first + len(frames[-1].records) - 1
        async with self._database.transaction() as connection:
            await store.add(connection, changes.orders, changes.trades)
            await store.change(connection, changes.fills, changes.endings)
            await portfolio.apply(connection, changes.entries)
            await store.save_place(connection, store.Place(number, frames[-1].end))
        self._number, self._offset = number, frames[-1].end
        self._bus.wake(PROJECTED_TOPIC)
        if changes.trades:
            self._bus.wake(portfolio.CHANGED_TOPIC)


def _order(order: Placed) -> Row:
    return {
        "order_id": order.order_id,
        "at_us": order.at_us,
        "account": order.account,
        "client_order_id": order.client_order_id,
        "site": order.site,
        "market": order.market,
        "start_us": order.start_us,
        "side": int(order.side),
        "price_ticks": order.price_ticks,
        "quantity_steps": order.quantity_steps,
        "step_kw": order.step_kw,
        "wh_per_step": order.wh_per_step,
        "execution": order.execution.value,
        "filled_steps": order.filled_steps,
        "ending": None if order.ending is None else order.ending.value,
        "ended_us": None if order.ending is None else order.at_us,
    }


def _trade(taker: Placed, trade: Trade) -> Row:
    parties = [
        (taker.order_id, taker.account, taker.site),
        (trade.maker_id, trade.maker_account, trade.maker_site),
    ]
    buyer, seller = parties if taker.side is Side.BUY else reversed(parties)
    return {
        "trade_id": trade.trade_id,
        "at_us": taker.at_us,
        "market": taker.market,
        "start_us": taker.start_us,
        "price_ticks": trade.price_ticks,
        "quantity_steps": trade.quantity_steps,
        "step_kw": taker.step_kw,
        "wh_per_step": taker.wh_per_step,
        "aggressor": int(taker.side),
        **dict(zip(("buy_order", "buy_account", "buy_site"), buyer, strict=True)),
        **dict(zip(("sell_order", "sell_account", "sell_site"), seller, strict=True)),
    }


def _entries(taker: Placed, trade: Trade) -> list[Entry]:
    """Return both sides of a trade: what is sold is positive."""
    sign = 1 if taker.side is Side.SELL else -1

    def entry(account: str, site: str | None, sign: int) -> Entry:
        return Entry(
            account=account,
            site=site,
            market=taker.market,
            start_us=taker.start_us,
            power_kw=sign * trade.quantity_steps * taker.step_kw,
            energy_wh=sign * trade.quantity_steps * taker.wh_per_step,
            price_ticks=trade.price_ticks,
        )

    return [
        entry(taker.account, taker.site, sign),
        entry(trade.maker_account, trade.maker_site, -sign),
    ]


def _ending(order_id: int, ending: Ending, at_us: int) -> Row:
    return {"id": order_id, "why": ending.value, "us": at_us}
