"""What the operations page is shown; for administrators, sent by `cloud.web.live`.

sections    (powers in kW, prices in ticks, instants µs; None: not known)
  me         {account, role, key_id}
  venue      {sequence, projected, closed_until, snapshot, commits, fence, live_orders,
             feed_clients, commit_p50_ms, commit_p99_ms, loop_lag_max_ms}: sequences of the
             journal; snapshot is how far the newest one reaches; times are of the last minute
  scopes     {area, product, market: […], account: [id…]}: what a halt can be of
  halts      newest first, those that are over too: [{sequence, scope, value, at_us, who, reason,
             resumed_us, resumed_by}]; scope ``stop`` is an account's kill switch
  waiting    trades that wait for a decision: [{trade_id, at_us, market, start_us, end_us,
             price_ticks, quantity_kw, buyer, seller, state, moved_us, who, mine}]; mine says
             that the reader, or another key that may be his, has asked for the cancellation
  trades     newest trades of all accounts, the same
  incidents  refusals and self-trades, newest first: [{sequence, at_us, account, action, code,
             text, who}]
  accounts   {account: {account, entered, changed, withdrawn, refused, trades, traded_wh,
             stopped}}: of the UTC day
  limits     {version, at_us, who, content}, or None; throttle is the same
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.auction import calendar as auctions
from cloud.exchange.journal import snapshot
from cloud.exchange.matching.codes import TradeState
from cloud.exchange.read import moving, supervision
from cloud.exchange.read.model import ActivityRow, HaltRow, PolicyRow, SurveillanceRow
from cloud.exchange.read.moving import MovedTrade
from cloud.exchange.service import Exchange
from cloud.kernel import keys, persons
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.market.contracts import BLOCK
from cloud.web.groups import Groups
from cloud.web.rows import Row
from cloud.web.state import Watch

HALTS_MAX = 100
TRADES_MAX = 100
INCIDENTS_MAX = 200
_WAITING = (TradeState.RECALL_ASKED, TradeState.RECALL_WAITS, TradeState.CANCEL_ASKED)
_DAY_US = 86_400_000_000
_TOPICS: dict[str, frozenset[str]] = {name: frozenset() for name in ("venue", "lists", "policies")}
_AGE_S_MAX = {"venue": 0.9, "lists": 1.9, "policies": 4.9}


@dataclass(slots=True)
class OperationsDesk:
    """One operations page's view of the hub."""

    hub: Hub
    principal: Principal
    topics: Sequence[str] = ()
    sections: dict[str, Any] = field(default_factory=dict)
    _groups: Groups = field(default_factory=lambda: Groups(_TOPICS, _AGE_S_MAX))

    async def refresh(self, watch: Watch, woken: set[str], now_s: float) -> None:
        """Read again what is too old; see `cloud.web.live.Desk`."""
        due = self._groups.due(woken, now_s)
        exchange = self.hub.service(Exchange)
        if "venue" in due:
            self.sections["venue"] = _venue(exchange)
        if due & {"lists", "policies"}:
            async with self.hub.database.reading() as connection:
                if "lists" in due:
                    self.sections |= await self._lists(connection, exchange)
                if "policies" in due:
                    for what in ("limits", "throttle"):
                        found = await supervision.policies(connection, what, limit=1)
                        self.sections[what] = _policy(found[0]) if found else None

    async def _lists(self, connection: AsyncConnection, exchange: Exchange) -> Row:
        who, now_us = self.principal, self.hub.clock.now_us()
        halts = await supervision.halts(connection, limit=HALTS_MAX)
        in_force = await supervision.halts(connection, only_in_force=True, limit=HALTS_MAX)
        stopped = {row.value for row in in_force if row.scope == "stop"}
        day_us = now_us - now_us % _DAY_US
        activity = await supervision.activity(connection, day_us, now_us + 1)
        names = [account.id for account in await keys.accounts(connection)]
        waiting = await moving.moved_trades(connection, _WAITING, limit=TRADES_MAX)
        asked = {
            row.trade_id: (await supervision.moves(connection, row.trade_id))[-1].who
            for row in waiting
            if row.state is TradeState.CANCEL_ASKED
        }
        own = await persons.keys_of_person(connection, who.key_id)
        trades = await moving.moved_trades(
            connection, tuple(TradeState), limit=TRADES_MAX, only_moved=False
        )
        incidents = await supervision.surveillance(connection, limit=INCIDENTS_MAX)
        markets = exchange.catalogue.values()
        return {
            "me": {"account": who.account, "role": who.role, "key_id": who.key_id},
            "scopes": {
                "area": sorted({market.area for market in markets}),
                "product": sorted({market.product for market in markets} | {BLOCK}),
                "market": sorted({*exchange.catalogue, *auctions.load()}),
                "account": names,
            },
            "halts": [_halt(row) for row in halts],
            "waiting": [_trade(row, asked.get(row.trade_id, ""), own) for row in waiting],
            "trades": [_trade(row, asked.get(row.trade_id, ""), own) for row in trades],
            "incidents": [_incident(row) for row in incidents],
            "accounts": _accounts(names, activity, stopped),
        }


def _venue(exchange: Exchange) -> Row:
    journal = exchange.journal
    return {
        "sequence": exchange.writer.committed_until,
        "projected": exchange.projection.sequence,
        "closed_until": journal.closed_until,
        "snapshot": max((int(path.stem) for path in snapshot.listed(journal.folder)), default=0),
        "commits": journal.commits,
        "fence": journal.fence,
        "live_orders": sum(seat.orders for seat in exchange.checks.seats.values()),
        "feed_clients": exchange.feeds.clients,
        **exchange.timings.told(),
    }


def _halt(row: HaltRow) -> Row:
    return {
        "sequence": row.sequence,
        "scope": row.scope,
        "value": row.value,
        "at_us": row.at_us,
        "who": row.who,
        "reason": row.reason,
        "resumed_us": row.resumed_us,
        "resumed_by": row.resumed_by,
    }


def _trade(row: MovedTrade, who: str, own: Collection[str]) -> Row:
    return {
        "trade_id": str(row.trade_id),
        "at_us": row.at_us,
        "market": row.contract.market,
        "start_us": row.contract.start_us,
        "end_us": row.contract.end_us,
        "price_ticks": row.price_ticks,
        "quantity_kw": row.quantity_steps * row.contract.step_kw,
        "buyer": row.buyer,
        "seller": row.seller,
        "state": row.state.value,
        "moved_us": row.moved_us,
        "who": who,
        "mine": who in own,
    }


def _incident(row: SurveillanceRow) -> Row:
    return {
        "sequence": row.sequence,
        "at_us": row.at_us,
        "account": row.account,
        "action": row.action,
        "code": row.code,
        "text": row.text,
        "who": row.who,
    }


def _accounts(names: Sequence[str], activity: Sequence[ActivityRow], stopped: set[str]) -> Row:
    done = {row.account: row for row in activity}
    counts = ("entered", "changed", "withdrawn", "refused", "trades", "traded_wh")
    return {
        name: {
            "account": name,
            "stopped": name in stopped,
            **{count: getattr(done[name], count) if name in done else 0 for count in counts},
        }
        for name in sorted({*names, *done, *stopped})
    }


def _policy(row: PolicyRow) -> Row:
    return {
        "version": row.version,
        "at_us": row.at_us,
        "who": row.who,
        "content": json.loads(row.content),
    }
