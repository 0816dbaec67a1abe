"""The patient process: composition root and table of contents of the gateway.

It owns the disk and the line to the hub. It may block, be killed or be without network for a week
and control does not notice; what control has been told is stored, is stored.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from agent.archive.schema import FILE as ARCHIVE_FILE
from agent.enrol.config import HubSettings
from agent.enrol.credentials import CredentialStore, CredentialsUnusable, open_store
from agent.gateway.archive.shelf import Shelved, shelved
from agent.gateway.backlog import backlog
from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.errors import BufferBlocked, BufferDamaged, BufferUnusable
from agent.gateway.hub import Hub, open_hub
from agent.gateway.inlet import Inlet
from agent.gateway.lanes import Lanes
from agent.gateway.latest import Latest
from agent.gateway.line import BadLine, Way
from agent.gateway.machine import Machine, this_machine
from agent.gateway.orders import HubSide, Orders
from agent.gateway.picture import Site, picture
from agent.gateway.policy import bounds_of, packer_of
from agent.gateway.report import Facts
from agent.gateway.rows import Doubt
from agent.gateway.timekeeper import Timekeeper
from agent.gateway.upkeep import keep
from agent.gateway.wear import Wear
from agent.publish.config import PublishSettings
from agent.scada.config import ScadaSettings
from agent.scada.values import Shown, shown
from agent.settings import AgentSettings, BadSettings, fingerprint
from agent.timekeeping import SteadyClock
from agent.version import version
from agent.watchdog import Notifier
from agent.web.app import Page, make_app
from agent.web.auth import Door, access_code_in
from agent.web.injecting import Injector
from agent.web.serve import PortTaken, listen, serve
from agent.web.telemetry import Desk, Sender
from drivers.document import open_document
from drivers.push.config import PushConfig
from drivers.push.intake import read_intake
from wire.clock import Clock
from wire.report import ClockState

BUFFER_FILE = "buffer.db"
ACCESS_CODE_FILE = "access-code"
LOOK_PERIOD_S = 0.5
PORT_WAIT_S = 3.0
"""How long a start waits for the page's port: a predecessor that was killed may still hold it."""
_PORT_POLL_S = 0.1

_logger = logging.getLogger(__name__)


async def run(settings: AgentSettings, clock: Clock, config: Path | None = None) -> int:
    """Run the gateway until cancelled; return 1 when the buffer's file is of no more use.

    Args:
        config: the file that the settings come from.

    Raises:
        BadSettings: the folder or the page's port cannot be used.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        code = _access_code(settings)
    except OSError as error:
        raise BadSettings(f"data_dir: {settings.data_dir}: {error.strerror}") from error
    steady, here = SteadyClock(clock, asyncio.get_running_loop().time), this_machine(clock)
    listener = await _listen(settings.page.host, settings.page.port)
    path = settings.data_dir / BUFFER_FILE
    failed = 0
    try:
        with listener:
            bounds, size = bounds_of(settings.buffer), settings.buffer.bytes_max
            doubt = None if here.synchronised() else Doubt(here.boot_id, steady.offset_us)
            async with open_buffer(path, steady, size, bounds, here.boot_id, doubt) as buffer:
                facts, folder = _facts(settings, steady, config), settings.data_dir
                with shelved(settings.archive, folder, steady) as shelf:
                    await _serve(
                        settings, steady, here, buffer, shelf, listener, code, facts, config
                    )
    except* BufferUnusable as group:
        raise BadSettings(f"data_dir: {group.exceptions[0]}") from None
    except* (BufferDamaged, BufferBlocked) as group:
        for trouble in group.exceptions:
            _logger.critical("the gateway ends: %s", trouble)
        failed = 1
    return failed


async def _serve(
    settings: AgentSettings,
    clock: SteadyClock,
    here: Machine,
    buffer: Buffer,
    shelf: Shelved,
    listener: socket.socket,
    code: str,
    facts: Facts,
    config: Path | None,
) -> None:
    keys = _keys(settings)
    latest = Latest()
    timekeeper = Timekeeper(clock, buffer, latest, here)
    packer = packer_of(settings.buffer)
    path, own_site = settings.socket_path, settings.site
    inlet = Inlet(buffer, latest, clock, path, own_site, timekeeper, packer, shelf)
    await timekeeper.begin(inlet.say)
    own = settings.hub or HubSettings()
    lanes = Lanes(own, settings.site, facts, buffer, inlet, latest, clock)
    await lanes.restore()
    orders = Orders(settings, config, facts, buffer, inlet, latest, clock)
    await orders.restore()
    site = _site(settings, has_hub=keys is not None)
    desk = _desk(settings, inlet, clock)
    injector = Injector(inlet.send_injection, clock)
    stopping = asyncio.Event()
    door = Door(code, asyncio.get_running_loop().time)
    page = Page(door, lambda: picture(site, latest, clock.now_us()), stopping)
    notifier = Notifier(os.environ)
    host, port = listener.getsockname()[:2]
    _logger.info("gateway of site %s begins; page at http://%s:%d", settings.site, host, port)
    try:
        async with _hub_of(keys, settings.hub, clock) as hub, asyncio.TaskGroup() as tasks:
            tasks.create_task(inlet.receive(), name="inlet")
            tasks.create_task(inlet.commit(settings.buffer.commit_period_s), name="commit")
            archive = settings.data_dir / ARCHIVE_FILE
            app = make_app(page, desk, orders.acknowledge, injector, archive, orders.resets)
            tasks.create_task(serve(app, listener, stopping), name="page")
            wear = Wear(asyncio.get_running_loop().time)
            tasks.create_task(_look(buffer, latest, notifier, wear), name="look")
            tasks.create_task(keep(buffer, lambda: _knows_the_time(latest)), name="upkeep")
            tasks.create_task(shelf.run(buffer.report, _now_us(latest, clock)), name="archive")
            tasks.create_task(timekeeper.watch(), name="clock")
            tasks.create_task(timekeeper.mend(), name="stamps")
            if settings.scada is not None:
                tasks.create_task(_scada(settings, settings.scada, latest, clock), name="scada")
            if settings.publish is not None:
                work = _publish(settings, settings.publish, latest, clock)
                tasks.create_task(work, name="publish")
            side = HubSide(hub, keys) if hub is not None and keys is not None else None
            tasks.create_task(orders.run(side, page.picture), name="orders")
            if hub is not None and keys is not None:
                tasks.create_task(timekeeper.inquire(hub), name="time of the hub")
                work = lanes.run(hub, keys.gateway, orders.commands.take, timekeeper.ready)
                tasks.create_task(work, name="lanes")
    finally:
        notifier.stopping()
        await inlet.finish()
        _logger.info("gateway ends")


def _knows_the_time(latest: Latest) -> bool:
    return latest.clock.state is not ClockState.UNKNOWN


def _now_us(latest: Latest, clock: Clock) -> Callable[[], int | None]:
    return lambda: clock.now_us() if _knows_the_time(latest) else None


async def _look(buffer: Buffer, latest: Latest, notifier: Notifier, wear: Wear) -> None:
    """Keep the page's view of the buffer fresh, and the watchdog fed while the disk answers."""
    while True:
        with suppress(BufferBlocked):  # The inlet says so, and the page.
            latest.buffer = await buffer.state()
            latest.backlog = await backlog(buffer, latest.buffer.acked)
        latest.written_bytes_day = wear.bytes_day()
        notifier.alive()
        await asyncio.sleep(LOOK_PERIOD_S)


async def _scada(
    settings: AgentSettings, scada: ScadaSettings, latest: Latest, clock: Clock
) -> None:
    from agent.scada import opcua  # a library that a box without a SCADA need not carry

    def look() -> Iterator[Shown]:
        return shown(latest.status, linked=latest.linked, now_us=clock.now_us())

    await opcua.run(scada, settings.data_dir / "scada", clock, look)


async def _publish(
    settings: AgentSettings, publish: PublishSettings, latest: Latest, clock: Clock
) -> None:
    from agent.publish import main  # a library that a box which tells nobody need not load

    await main.run(publish, settings.site, settings.site_name, latest, clock)


def _keys(settings: AgentSettings) -> CredentialStore | None:
    try:
        return open_store(settings.hub, settings.data_dir, settings.site)
    except CredentialsUnusable as error:
        raise BadSettings(str(error)) from error


@asynccontextmanager
async def _hub_of(
    keys: CredentialStore | None, hub: HubSettings | None, clock: Clock
) -> AsyncIterator[Hub | None]:
    if keys is None:
        yield None
        return
    own = hub or HubSettings()
    proxy = None if own.proxy is None else own.proxy.get_secret_value()
    try:
        way = Way(url=keys.url, ca_file=own.ca_file, proxy=proxy)
        async with open_hub(way, keys, clock) as opened:
            yield opened
    except BadLine as error:
        raise BadSettings(str(error)) from error


def _facts(settings: AgentSettings, clock: Clock, config: Path | None) -> Facts:
    return Facts(
        version=version(),
        started_us=clock.now_us(),
        bytes_max=settings.buffer.bytes_max,
        configuration="" if config is None else fingerprint(config),
        data_dir=settings.data_dir,
    )


def _site(settings: AgentSettings, *, has_hub: bool) -> Site:
    control = settings.control
    return Site(
        site=settings.site,
        name=settings.site_name,
        discharge_kw_max=control.discharge_kw_max,
        charge_kw_max=control.charge_kw_max,
        soc_min_pct=control.soc_min_pct,
        soc_max_pct=control.soc_max_pct,
        buffer_bytes_max=settings.buffer.bytes_max,
        has_hub=has_hub,
    )


def _desk(settings: AgentSettings, inlet: Inlet, clock: Clock) -> Desk | None:
    """Return where devices push to; None: this site has no such device."""
    senders = [
        Sender(
            device.id,
            device.api_key.get_secret_value().encode(),
            read_intake(open_document(device.profile, device.override)),
        )
        for device in settings.devices
        if isinstance(device, PushConfig)
    ]
    if len({sender.key for sender in senders}) != len(senders):
        raise BadSettings("devices: an api_key is used twice; every device needs its own")
    now_s = asyncio.get_running_loop().time
    return Desk(senders, inlet.tell, clock, now_s) if senders else None


def _access_code(settings: AgentSettings) -> str:
    if settings.page.access_code is not None:
        return settings.page.access_code.get_secret_value()
    return access_code_in(settings.data_dir / ACCESS_CODE_FILE)


async def _listen(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    give_up_s = loop.time() + PORT_WAIT_S
    while True:
        try:
            return listen(host, port)
        except PortTaken as error:
            if loop.time() >= give_up_s:
                raise BadSettings(str(error)) from error
        await asyncio.sleep(_PORT_POLL_S)
