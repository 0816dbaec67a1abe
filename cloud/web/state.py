"""What the trade page is shown, gathered from the services in groups; `cloud.web.live` sends it.

A group is read again when one of its topics was woken, or when its last reading is too old: gates
close and schedules are published without a word on these topics. Live values come from memory and
lie over the stored ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.prices.views import View
from cloud.exchange.read import supervision
from cloud.exchange.service import MARKET_TOPIC, PROJECTED_TOPIC, TRADES_TOPIC, Exchange
from cloud.fleet import service as fleet
from cloud.fleet.live import LIVE_TOPIC, LiveValues
from cloud.fleet.model import Newest, Site
from cloud.fleet.service import TELEMETRY_TOPIC
from cloud.kernel import events
from cloud.kernel.auth import Principal, Role
from cloud.kernel.context import Hub
from cloud.portfolio import service as portfolio
from cloud.portfolio.model import Position
from cloud.web import exchange_rows, rows
from cloud.web.groups import Groups
from cloud.web.rows import Row
from wire import clock

SITES_MAX = 50
"""Sites of one page, the first by id; ``me.sites`` says how many there are."""
TRADES_MAX = 100
ENDED_MAX = 50
"""Own orders that have ended, of the newest `TRADES_MAX`."""
HALTS_MAX = 200
EVENTS_MAX = 50
POSITION_PAGES_MAX = 10
_AHEAD_US = 14 * 86_400 * 1_000_000
"""No contract is opened longer before its delivery."""
_TOLD_OTHERWISE = frozenset({"SCHEDULE_PUBLISHED", "SCHEDULE_TAKEN"})
"""Events that a page does not list: the schedule itself is on it."""
_TOPICS_OF = {
    "market": frozenset({MARKET_TOPIC}),
    "own": frozenset({PROJECTED_TOPIC, TRADES_TOPIC}),
    "past": frozenset[str](),
    "fleet": frozenset({TELEMETRY_TOPIC}),
    "plan": frozenset({TRADES_TOPIC}),
    "live": frozenset({LIVE_TOPIC}),
}
_AGE_S_MAX = {"market": 1.0, "own": 15.0, "past": 1.5, "fleet": 5.0, "plan": 2.0, "live": 5.0}
TOPICS = Groups(_TOPICS_OF, _AGE_S_MAX).all_topics


@dataclass(frozen=True, slots=True)
class Watch:
    """What the page looks at; None: the hub's choice, the first market, the next contract."""

    market: str | None = None
    start_us: int | None = None


@dataclass(slots=True)
class Desk:
    """One page's view of the hub; keeps the last reading of each group."""

    hub: Hub
    principal: Principal
    topics: Sequence[str] = TOPICS
    sections: dict[str, Any] = field(default_factory=dict)
    _groups: Groups = field(default_factory=lambda: Groups(_TOPICS_OF, _AGE_S_MAX))
    _stored: list[tuple[Site, Sequence[Newest]]] = field(default_factory=list)
    """The sites that are shown, each with the values of the telemetry store."""

    async def refresh(self, watch: Watch, woken: set[str], now_s: float) -> None:
        """Read again what was woken or is too old.

        Args:
            now_s: the event loop's time.
        """
        due = self._groups.due(woken, now_s)
        if "own" in due:
            self.sections |= await self._own()
        if "past" in due:
            self.sections |= await self._past()
        if due & {"fleet", "plan"}:
            async with self.hub.database.reading() as connection:
                sites = await fleet.visible_sites(connection, self.principal)
                if "fleet" in due:
                    self.sections |= await self._fleet(connection, sites)
                if "plan" in due:
                    self.sections |= await _plan(connection, sites[:SITES_MAX])
        if due & {"fleet", "live"}:
            self.sections |= self._sites()
        if due & {"market", "own"}:
            self.sections |= self._market(watch)

    def _market(self, watch: Watch) -> Row:
        exchange = self.hub.service(Exchange)
        now_us = self.hub.clock.now_us()
        code = watch.market if watch.market in exchange.catalogue else None
        market = exchange.catalogue[code or next(iter(exchange.catalogue))]
        contracts = market.open_contracts(now_us)
        start_us = watch.start_us
        if start_us is None and contracts:
            start_us = contracts[0].start_us
        view = exchange.view(market.code, start_us)
        trades = [] if view is None else exchange.newest_trades(market.code, view.listed.contract)
        key = market.code, start_us
        rules = ((each, each.rule_at(now_us)) for each in exchange.catalogue.values())
        return {
            "markets": [exchange_rows.market(each, rule.step_kw) for each, rule in rules if rule],
            "watch": {"market": market.code, "start_us": start_us},
            "contracts": {
                str(each.start_us): exchange_rows.contract(
                    each, exchange.view(market.code, each.start_us), now_us
                )
                for each in contracts
            },
            "depth": exchange_rows.depth(key, view, self.sections["orders"]),
            "tape": exchange_rows.tape(key, view, trades),
            "session": exchange_rows.session(key, view, _indices(exchange, view)),
        }

    async def _own(self) -> Row:
        exchange = self.hub.service(Exchange)
        account = self.principal.account
        orders = await exchange.orders(account, only_open=True)
        trades = await exchange.trades(account, limit=TRADES_MAX)
        positions = await self._positions()
        return {
            "orders": [exchange_rows.order(each) for each in orders],
            "trades": [exchange_rows.trade(each) for each in trades],
            "positions": rows.positions(positions),
            "account": rows.account(positions),
        }

    async def _past(self) -> Row:
        """Return what has ended lately, and which halts last."""
        account = self.principal.account
        newest = await self.hub.service(Exchange).orders(account, limit=TRADES_MAX)
        async with self.hub.database.reading() as connection:
            halts = await supervision.halts(connection, only_in_force=True, limit=HALTS_MAX)
        ended = [each for each in newest if each.ending is not None][:ENDED_MAX]
        return {
            "ended": [exchange_rows.order(each) for each in ended],
            "halts": exchange_rows.halts_of(halts, account),
        }

    async def _positions(self) -> list[Position]:
        """Return own positions from today's midnight on; an administrator's are everybody's.

        Midnight is that of the first market's area: the day that a trader means by "today".
        """
        exchange = self.hub.service(Exchange)
        zone = next(iter(exchange.catalogue.values())).zone
        today = clock.utc(self.hub.clock.now_us()).astimezone(zone)
        from_us = clock.micros(today.replace(hour=0, minute=0, second=0, microsecond=0, fold=0))
        account = None if self.principal.role is Role.ADMIN else self.principal.account
        found: dict[tuple[str, str | None, str, int], Position] = {}
        async with self.hub.database.reading() as connection:
            for _ in range(POSITION_PAGES_MAX):
                page = await portfolio.positions(
                    connection, account=account, from_us=from_us, to_us=from_us + _AHEAD_US
                )
                found.update(((p.account, p.site, p.market, p.start_us), p) for p in page)
                if len(page) < portfolio.POSITIONS_MAX:
                    break
                from_us = page[-1].start_us
        return list(found.values())

    async def _fleet(self, connection: AsyncConnection, sites: Sequence[Site]) -> Row:
        shown = sites[:SITES_MAX]
        happened = [
            event
            for site in shown
            for event in await events.newest(
                connection, site=site.id, limit=EVENTS_MAX, without=_TOLD_OTHERWISE
            )
        ]
        happened.sort(key=lambda event: event.id, reverse=True)
        who = self.principal
        self._stored = [(site, await fleet.newest(connection, site.id)) for site in shown]
        return {
            "me": {"account": who.account, "role": who.role, "sites": len(sites)},
            "events": [rows.event(event) for event in happened[:EVENTS_MAX]],
        }

    def _sites(self) -> Row:
        """Return the newer of stored and live values, and go on watching them."""
        live = self.hub.service(LiveValues)
        for site, _ in self._stored:
            live.watch(site.id, rows.POINTS)
        return {
            "sites": {
                site.id: rows.site(site, live.over(site.id, stored))
                for site, stored in self._stored
            }
        }


def _indices(exchange: Exchange, view: View | None) -> dict[str, int | None]:
    """Return the indices of a contract's delivery in ticks; None while there is no volume."""
    board = exchange.prices.board
    return {
        name: None if view is None else board.index(view.listed.contract, name).price_ticks
        for name in exchange.prices.rules.indices
    }


async def _plan(connection: AsyncConnection, sites: Sequence[Site]) -> Row:
    found = {site.id: await fleet.newest_schedule(connection, site.id) for site in sites}
    return {
        "schedules": {
            site: rows.schedule(schedule)
            for site, schedule in found.items()
            if schedule is not None
        }
    }
