"""The exchange around the hub's life: recovered from its journal, then kept alive by its tasks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cloud.exchange import clock_watch, exposure, policies, tenure
from cloud.exchange.api.desk import SocketDesk
from cloud.exchange.auction.service import Auctions
from cloud.exchange.batteries import Batteries
from cloud.exchange.feeds.routes import Counter
from cloud.exchange.journal.journal import Journal
from cloud.exchange.recovery import recover
from cloud.exchange.room import Room, lookup_of, rules_of
from cloud.exchange.service import Exchange
from cloud.exchange.silence import Silences
from cloud.exchange.standstill import Standstills
from cloud.exchange.upgrade import upgrade
from cloud.kernel import pauses
from cloud.kernel.context import Hub
from cloud.market import catalogue as markets
from cloud.market.series.reference import DayAheadPrices

JOURNAL_FOLDER = "exchange"
FIRST_JOURNAL_FILE = "exchange.journal"
"""Of the first version; read once, see `upgrade`."""


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[None]:
    """Run the exchange of this hub while the block lasts.

    Raises:
        BadMarkets, BadRules, BadPolicy: an operator's file is wrong.
        JournalUnusable: damaged, of a newer program, in use, or not this database's.
        ReplayDiffers: this program would have decided otherwise than the journal says.
    """
    settings = hub.settings
    catalogue = markets.load(settings.markets_file)
    rules = rules_of(settings.prices_file)
    policies.check(settings.policy_file, catalogue)
    folder = settings.data_dir / JOURNAL_FOLDER
    first = settings.data_dir / FIRST_JOURNAL_FILE
    await asyncio.to_thread(upgrade, first, folder, lookup_of(catalogue))
    journal = await asyncio.to_thread(Journal, folder)
    room = Room(catalogue, rules, day_ahead=hub.service(DayAheadPrices))
    try:
        async with (
            tenure.held(journal, hub.database, hub.clock),
            _recovered(hub, journal, room) as exchange,
            _tasks(hub, exchange, room),
        ):
            await policies.begin(exchange, settings.policy_file)
            yield
    finally:
        journal.close()


@asynccontextmanager
async def _recovered(hub: Hub, journal: Journal, room: Room) -> AsyncIterator[Exchange]:
    await asyncio.to_thread(recover, journal, room.beside)
    exchange = Exchange(hub, room, journal, Batteries(hub, room.checks.sites))
    try:
        await exchange.projection.open()
        await exchange.projection.catch_up()  # nobody plans with half of the positions
        await exchange.batteries.look()
        yield exchange
    finally:
        exchange.close()


@asynccontextmanager
async def _tasks(hub: Hub, exchange: Exchange, room: Room) -> AsyncIterator[None]:
    auctions = Auctions(hub, exchange)
    await auctions.open()
    halts = room.venue.desk.halts
    standstills = Standstills(exchange.catalogue, hub.clock, halts, exchange.ask)
    counter = Counter(SocketDesk(hub, exchange))
    silences = Silences(
        room.checks.sites,
        room.venue.desk.owners,
        hub.clock,
        exchange.ask,
        exchange.batteries.look_at,
        hub.settings.silent_site_s,
    )
    for service in (exchange, exchange.audience.feeds, counter, auctions, silences):
        hub.provide(service)
    jobs = {
        "exchange": exchange.writer.run(),
        "projection": exchange.projection.run(),
        "prices": exchange.history.run(),
        "snapshots": exchange.audience.snapshots.run(),
        "batteries": exchange.batteries.run(),
        "policy": policies.follow(exchange, hub.bus, hub.settings.policy_file),
        "auctions": auctions.run(),
        "suspensions": exchange.audience.suspensions.run(exchange.ask),
        "standstills": standstills.run(),
        "silences": silences.run(),
        "exposure": exposure.run(hub, exchange.catalogue, exchange.standings),
        "timings": exchange.timings.run(),
        "clock": clock_watch.watch(hub.clock),
        "sweeps": pauses.sweep_when(exchange.writer.quiet),
    }
    async with asyncio.TaskGroup() as tasks:
        started = [tasks.create_task(job, name=name) for name, job in jobs.items()]
        try:
            yield
        finally:
            for task in started:
                task.cancel()
