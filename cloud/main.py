"""phoenyra-hub: the composition root of the hub, and its command line.

Exit codes: 0 stopped as asked; 1 ended by a defect, or another hub has taken over: a new start is
right; 2 cannot work with what it was given.
"""

import argparse
import asyncio
import atexit
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI

from cloud import settings as hub_settings
from cloud.exchange import policies
from cloud.exchange import routes as exchange_routes
from cloud.exchange import running as exchange
from cloud.exchange.api import routes as exchange_api
from cloud.exchange.checks.throttle import BadPolicy
from cloud.exchange.feeds import key_routes as feed_key_routes
from cloud.exchange.feeds import routes as feed_routes
from cloud.exchange.feeds import signer
from cloud.exchange.feeds.ring import BadRing
from cloud.exchange.journal.errors import Fenced, JournalUnusable
from cloud.exchange.prices.rules_file import BadRules
from cloud.exchange.venue.replay import ReplayDiffers
from cloud.fleet import commandline, gateway_routes, jobs
from cloud.fleet import routes as fleet_routes
from cloud.fleet.live import LiveValues
from cloud.fleet.operation import routes as operation_routes
from cloud.fleet.sync import api as sync_api
from cloud.forecast import commandline as backtest_commands
from cloud.forecast import routes as forecast_routes
from cloud.forecast import running as forecasts
from cloud.forecast.commandline import BadBacktest
from cloud.forecast.site.places_file import BadSites
from cloud.kernel import commandline as key_commands
from cloud.kernel import errors, first_key, folder, key_routes, pauses, uses
from cloud.kernel import routes as kernel_routes
from cloud.kernel.context import Hub
from cloud.kernel.database import open_database
from cloud.kernel.errors import DatabaseUnusable, HubError, Unavailable
from cloud.kernel.folder import FolderUnusable
from cloud.kernel.known_keys import KnownKeys
from cloud.kernel.limits import BodyLimit
from cloud.kernel.notify import Notifier
from cloud.kernel.server import AddressTaken, listen, serve
from cloud.kernel.sessions import Sessions, load_secret
from cloud.kernel.uses import Uses
from cloud.market import commandline as market_commands
from cloud.market import routes as market_routes
from cloud.market.areas.rows import BadAreas
from cloud.market.catalogue import BadMarkets
from cloud.market.feeds import running as market_feeds
from cloud.market.feeds.feeds_file import BadFeeds
from cloud.market.overview import Glance
from cloud.planning import service as planning
from cloud.portfolio import routes as portfolio_routes
from cloud.settings import BadSettings, HubSettings
from cloud.web import docs, probes
from cloud.web import routes as web_routes
from cloud.web.attempts import Attempts
from cloud.web.live import Feeds
from wire import clock as clocks
from wire.clock import Clock

VERSION = "0.1.0"
_DESCRIPTION = """\
Sites and their telemetry, the exchange, positions and schedules of a fleet of batteries.

Every request that reads or changes anything needs an API key, as 'Authorization: Bearer pho_…' \
or 'X-API-Key: pho_…'. Power is positive when energy leaves the battery (discharge, export, sell) \
and negative when it enters (charge, import, buy). Times are ISO-8601 with Z; samples carry \
microseconds since 1970 UTC. Answers other than 2xx are {"code", "message"}: the code is stable.\
"""
_UNUSABLE = (
    BadBacktest,
    BadSettings,
    FolderUnusable,
    DatabaseUnusable,
    JournalUnusable,
    ReplayDiffers,
    BadRing,
    BadAreas,
    BadMarkets,
    BadFeeds,
    BadSites,
    BadPolicy,
    BadRules,
    AddressTaken,
    HubError,
)
"""What somebody has to put right before the hub can work: one line, exit code 2."""

_logger = logging.getLogger("phoenyra.hub")


def create_app(hub: Hub) -> FastAPI:
    """Return the application that serves `hub`."""
    app = FastAPI(
        title="Phoenyra BESS hub",
        version=VERSION,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
    )
    app.state.hub = hub
    errors.install(app)
    app.add_middleware(BodyLimit, larger={**sync_api.BYTES_MAX, **exchange_api.BYTES_MAX})
    for module in (
        exchange_routes,  # searched in this order: what is asked most often and in most haste first
        exchange_api,
        sync_api,
        kernel_routes,
        key_routes,
        fleet_routes,
        gateway_routes,
        operation_routes,
        market_routes,
        forecast_routes,
        portfolio_routes,
        feed_routes,
        feed_key_routes,
        docs,
        probes,
        web_routes,
    ):
        # As `include_router`, which makes each route a second time: a quarter of a second, in the
        # first requests after a start, and looks for the right one twice in each that follows.
        app.router.routes.extend(module.router.routes)
    return app


@asynccontextmanager
async def open_hub(settings: HubSettings, clock: Clock) -> AsyncIterator[Hub]:
    """Open database and services; closed in the opposite order.

    Raises:
        DatabaseUnusable: see there.
    """
    database = await open_database(_database_url(settings))
    try:
        hub = Hub(settings, clock, database, Sessions(load_secret(settings.data_dir)))
        shared = (*sync_api.memories(), *exchange_api.memories(), *market_feeds.memories())
        for memory in (*shared, Glance(), Attempts(), Feeds(), KnownKeys(), Uses()):
            hub.provide(memory)
        hub.provide(LiveValues(hub.bus, clock))
        hub.provide(signer.of_settings(settings, clock))
        jobs.prepare(hub)
        await first_key.make(settings, database, clock)
        yield hub
    finally:
        await database.close()


@asynccontextmanager
async def running_features(hub: Hub) -> AsyncIterator[None]:
    """Run what works in the background of the hub, lowest step of the staircase first."""
    async with (
        jobs.running(hub),
        market_feeds.running(hub),
        forecasts.running(hub),
        exchange.running(hub),
        asyncio.TaskGroup() as tasks,
    ):
        started = [
            tasks.create_task(planning.run(hub), name="planning"),
            tasks.create_task(uses.run(hub), name="uses of keys"),
        ]
        yield
        for task in started:
            task.cancel()


async def run(settings: HubSettings, clock: Clock, line: socket.socket, notifier: Notifier) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP reads the throttle policy again."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)

    def started() -> None:
        host, port = line.getsockname()[:2]
        _logger.info("answering on http://%s:%d", host, port)
        notifier.tell("READY=1")

    async with (
        open_hub(settings, clock) as hub,
        running_features(hub),
        asyncio.TaskGroup() as tasks,
    ):
        loop.add_signal_handler(signal.SIGHUP, hub.bus.wake, policies.RELOAD_TOPIC)
        alive = tasks.create_task(notifier.keep_alive(), name="watchdog")
        served = tasks.create_task(serve(create_app(hub), line, started, stop), name="serve")
        with pauses.short():
            await stop.wait()
        notifier.tell("STOPPING=1")
        hub.bus.close()
        await served
        alive.cancel()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    atexit.register(gc.freeze)  # an end that looks for garbage once more takes most of a second
    options = _parser().parse_args(arguments)
    os.umask(0o077)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s hub %(message)s"
    )
    for loud in ("alembic", "uvicorn"):
        logging.getLogger(loud).setLevel(logging.WARNING)
    try:
        if options.command == "backtest":
            backtest_commands.run(options)
            return 0
        settings = hub_settings.load(os.environ)
        clock = _clock(os.environ)
        if options.command == "serve":
            with folder.locked(settings.data_dir), listen(settings.host, settings.port) as line:
                asyncio.run(run(settings, clock, line, Notifier(os.environ)))
        else:
            asyncio.run(_commanded(settings, clock, options))
    except Exception as error:
        reason = _sole(error)
        if not isinstance(reason, _UNUSABLE):
            raise
        sys.stderr.write(f"phoenyra-hub: {reason}\n")
        return 1 if isinstance(reason, Fenced | Unavailable) else 2
    return 0


def _sole(error: Exception) -> Exception:
    """Return what ended a task, and everything around it with it."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


async def _commanded(settings: HubSettings, clock: Clock, options: argparse.Namespace) -> None:
    """Do what a command asks that is not to serve; the hub may be running."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = await open_database(_database_url(settings))
    try:
        if options.command == "gateway":
            await commandline.run(database, settings, options, clock.now_us())
        elif options.command == "market":
            await market_commands.run(database, settings, options, clock)
        else:
            await key_commands.run(database, options, clock.now_us())
    finally:
        await database.close()


def _clock(environment: Mapping[str, str]) -> Clock:
    try:
        return clocks.from_environment(environment)
    except ValueError as error:
        raise BadSettings(str(error)) from error


def _database_url(settings: HubSettings) -> str:
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return f"sqlite+aiosqlite:///{settings.data_dir / folder.DATABASE_FILE}"


def _parser() -> argparse.ArgumentParser:
    known = ", ".join(f"PHOENYRA_HUB_{name.upper()}" for name in HubSettings.model_fields)
    parser = argparse.ArgumentParser(
        prog="phoenyra-hub",
        description="The hub of a fleet of battery systems.",
        epilog=f"Settings come from the environment: {known}.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run the hub until it is told to stop")
    text = "manage API keys; the hub may be running"
    key_commands.add_arguments(commands.add_parser("key", help=text))
    text = "add boxes with one-time codes, list and revoke them; the hub may be running"
    commandline.add_arguments(commands.add_parser("gateway", help=text))
    text = "take series of the markets in from files, and fill in their past"
    market_commands.add_arguments(commands.add_parser("market", help=text))
    text = "forecast days of a price file as of their gates, and report how well; needs no hub"
    backtest_commands.add_arguments(commands.add_parser("backtest", help=text))
    return parser


if __name__ == "__main__":
    sys.exit(main())
