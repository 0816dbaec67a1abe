"""A hub for tests: a real database, the real application, and a gateway that signs for itself.

`tests/cloud/conftest.py` makes fixtures of this; what is asked over `client` goes through the whole
application without a socket, and `serving` puts the same application on a free port.
"""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.routing import BaseRoute

from cloud.kernel import keys
from cloud.kernel.context import Hub
from cloud.kernel.folder import DATABASE_FILE
from cloud.kernel.keys import Account, Role
from cloud.kernel.server import listen, serve
from cloud.main import create_app, open_hub
from cloud.settings import HubSettings
from tests.support import databases
from wire import live, records, signing, sync
from wire.block import Quality, Reading, encode, sample
from wire.clock import SetClock
from wire.live import Live
from wire.records import Records
from wire.signing import Key
from wire.sync import Ack, Downlink, Event, Frame, FrameClass, Severity, Upload

NOON_US = 1_795_262_400_000_000
"""2026-11-21T12:00Z."""
_DEFAULTS = HubSettings(data_dir=Path(), port=0)
"""Made once: to look for each of them in the environment is a third of the opening of a hub."""
_nonces = itertools.count(1)
_routes: list[BaseRoute] = []
"""Those of the first application: they know no hub, and to prepare them takes longer than most
tests. A test may add its own to its application."""


@asynccontextmanager
async def opened_hub(
    folder: Path, database_url: str | None = None, at_us: int = NOON_US
) -> AsyncIterator[Hub]:
    """Open a hub on `folder` whose clock stands until the test moves it; see `clock_of`."""
    if database_url is None:
        databases.lay_sqlite(folder / DATABASE_FILE)
    url = None if database_url is None else SecretStr(database_url)
    settings = _DEFAULTS.model_copy(update={"data_dir": folder, "database_url": url})
    async with open_hub(settings, SetClock(at_us)) as hub:
        yield hub


def clock_of(hub: Hub) -> SetClock:
    """Return the clock of a hub opened by `opened_hub`, to be moved."""
    assert isinstance(hub.clock, SetClock)
    return hub.clock


def admin_key(hub: Hub) -> str:
    return (hub.settings.data_dir / "admin.key").read_text().strip()


async def add_key(hub: Hub, account: str, role: Role = Role.TRADER) -> str:
    """Return a new key of the account, which is created if need be."""
    async with hub.database.transaction() as connection:
        if await keys.account_of_id(connection, account) is None:
            await keys.add_account(connection, Account(account, account.title()), 0)
        return await keys.add_key(connection, account, role, hub.clock.now_us())


def application(hub: Hub) -> FastAPI:
    """Return the hub's application."""
    try:
        return hub.service(FastAPI)
    except KeyError:
        app = create_app(hub)
        if not _routes:
            _routes.extend(app.router.routes)
        app.router.routes[:] = _routes
        hub.provide(app)
        return app


@asynccontextmanager
async def client_of(hub: Hub, key: str | None) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of the whole application, without a socket between."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    transport = httpx.ASGITransport(app=application(hub))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://hub", headers=headers
    ) as client:
        yield client


@asynccontextmanager
async def serving(hub: Hub) -> AsyncIterator[str]:
    """Serve the hub on a free port; yield its URL."""
    stop, started = asyncio.Event(), asyncio.Event()
    line: socket.socket
    with listen("127.0.0.1", 0) as line:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(serve(application(hub), line, started.set, stop))
            await started.wait()
            try:
                yield f"http://127.0.0.1:{line.getsockname()[1]}"
            finally:
                hub.bus.close()
                stop.set()


async def add_site(hub: Hub, site: str, account: str = "stadtwerk", **more: Any) -> None:
    """Create the site, and its account if need be."""
    await add_key(hub, account)
    body = {"id": site, "account": account, "power_kw": 100, "energy_kwh": 200, **more}
    async with client_of(hub, admin_key(hub)) as client:
        answer = await client.post("/api/v1/sites", json=body)
    assert answer.status_code == 201, answer.text


@dataclass(slots=True)
class Box:
    """A gateway that is enrolled, and signs its requests."""

    client: httpx.AsyncClient
    hub: Hub
    gateway: str
    key: Key
    epoch: str = "epoch-1"

    def header(self, method: str, path: str, body: bytes = b"", *, late_us: int = 0) -> str:
        request = signing.Request(method, path, body)
        at_us = self.hub.clock.now_us() - late_us
        return signing.sign(request, self.key, at_us, f"{next(_nonces):016x}")

    async def ask(self, method: str, path: str, body: bytes = b"") -> httpx.Response:
        """Send any signed request."""
        headers = {"Authorization": self.header(method, path, body)}
        return await self.client.request(method, path, content=body, headers=headers)

    async def send(self, body: bytes) -> httpx.Response:
        """Post a signed body, whatever it is."""
        header = self.header("POST", sync.UPLOAD_PATH, body)
        return await self.client.post(
            sync.UPLOAD_PATH, content=body, headers={"Authorization": header}
        )

    async def upload(
        self, frames: Sequence[Frame], *, after: int | None = None, epoch: str | None = None
    ) -> Ack:
        """Upload and return the acknowledgement; anything but 200 fails the test."""
        upload = Upload(self.gateway, epoch or self.epoch, tuple(frames), after)
        answer = await self.send(sync.encode_upload(upload))
        assert answer.status_code == 200, answer.text
        return sync.ack_from_document(answer.json())

    async def tell_live(self, *values: tuple[str, Reading]) -> list[str]:
        """Post a light frame; return what is watched."""
        body = live.encode(Live(self.hub.clock.now_us(), values))
        header = self.header("POST", sync.LIVE_PATH, body)
        answer = await self.client.post(
            sync.LIVE_PATH, content=body, headers={"Authorization": header}
        )
        assert answer.status_code == 200, answer.text
        watched: list[str] = answer.json()["watch"]
        return watched

    async def downlink(self, have: int = -1, wait_s: float = 0) -> Downlink:
        path = f"{sync.DOWNLINK_PATH}?have={have}&wait_s={wait_s}"
        header = self.header("GET", path)
        answer = await self.client.get(path, headers={"Authorization": header})
        assert answer.status_code == 200, answer.text
        return sync.downlink_from_document(answer.json())


@asynccontextmanager
async def enrolled_box(hub: Hub, site: str, url: str | None = None) -> AsyncIterator[Box]:
    """Enrol a gateway of the site; it talks to `url`, or to the application without a socket."""
    async with client_of(hub, admin_key(hub)) as client:
        answer = await client.post("/api/v1/gateways", json={"site": site})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    key = Key(made["key_id"], bytes.fromhex(made["secret"]))
    transport = None if url else httpx.ASGITransport(app=application(hub))
    async with httpx.AsyncClient(transport=transport, base_url=url or "http://hub") as client:
        yield Box(client, hub, made["gateway"], key)


def telemetry(
    seq: int, at_us: int = NOON_US, device: str = "inverter", **values: float | None
) -> Frame:
    """Return a frame with one sample; ``soc_pct=50`` is ``battery.soc_pct``; None: lost."""
    readings = [
        Reading(f"battery.{name}", value, Quality.LOST if value is None else Quality.GOOD, at_us)
        for name, value in values.items()
    ]
    return Frame(seq, FrameClass.TELEMETRY, encode(sample(device, "boot-1", seq, at_us, readings)))


def event(seq: int, code: str = "DEVICE_LOST", at_us: int = NOON_US) -> Frame:
    """Return a frame with one event."""
    happened = Event(
        at_us=at_us, code=code, severity=Severity.ALARM, source="inverter", text="no answer"
    )
    return Frame(seq, FrameClass.EVENTS, records.encode(Records(events=(happened,))))
