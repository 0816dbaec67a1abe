"""Keys that rotate under load: a real hub, the gateway's own line to it, and no request refused."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.enrol.config import HubSettings
from agent.enrol.credentials import CredentialStore, open_store
from agent.gateway.errors import HubUnreachable
from agent.gateway.hub import Hub as Line
from agent.gateway.hub import open_hub as open_line
from agent.gateway.line import Way
from cloud.kernel.folder import DATABASE_FILE
from cloud.kernel.server import listen, serve
from cloud.main import create_app, open_hub
from cloud.settings import HubSettings as ServerSettings
from tests.support import databases
from tests.support.hub import add_site, enrolled_box
from wire import sync
from wire.clock import SystemClock
from wire.enrolment import Credentials
from wire.sync import Upload

REQUESTS_A_LIFE, LANES, ROTATIONS = 130, 8, 12
REQUESTS = 1_000
SEED = 20_261_121
NOBODY_LEFT = 400
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


class Counted:
    """The hub's application, and what it answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.answers: Counter[int] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answers[message["status"]] += 1
            await send(message)

        await self.app(scope, receive, counted)


@asynccontextmanager
async def running_hub(folder: Path) -> AsyncIterator[tuple[Counted, HubSettings]]:
    """Serve a hub with one enrolled box; yield what it answers and the box's settings."""
    stop, started = asyncio.Event(), asyncio.Event()
    databases.lay_sqlite(folder / DATABASE_FILE)
    async with open_hub(ServerSettings(data_dir=folder, port=0), SystemClock()) as hub:
        await add_site(hub, "werk-sued")
        async with enrolled_box(hub, "werk-sued") as box:
            key = box.key
        app = Counted(create_app(hub))
        with listen("127.0.0.1", 0) as line:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(serve(app, line, started.set, stop))
                await started.wait()
                settings = HubSettings.model_validate(
                    {
                        "url": f"http://127.0.0.1:{line.getsockname()[1]}",
                        "gateway": box.gateway,
                        "key_id": key.key_id,
                        "secret": key.secret.hex(),
                    }
                )
                yield app, settings
                stop.set()


class Gateway:
    """A gateway process without its disk but for the key: lanes that ask, keys that change."""

    def __init__(self, store: CredentialStore, line: Line, chance: random.Random) -> None:
        self.store = store
        self.line = line
        self.chance = chance
        self.answered = 0
        self.body = sync.encode_upload(Upload(store.gateway, "epoch-1", ()))

    async def ask_on(self, goal: int) -> None:
        while self.answered < goal:
            try:
                # Some answers are lost: whoever asked has gone before they came.
                async with asyncio.timeout(0.004 if self.chance.random() < 0.05 else 30):
                    await self.line.upload(self.body)
            except TimeoutError:
                continue
            self.answered += 1

    async def rotate(self) -> None:
        """Rotate; now and then the newer key is lost on its way."""

        async def ask() -> Credentials:
            made = await self.line.new_key()
            if self.chance.random() < 0.4:
                raise HubUnreachable("the answer was lost")
            return made

        while True:
            try:
                await self.store.rotate(ask)
            except HubUnreachable:
                continue
            return


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """The box's data folder; the hub's is beside it."""
    (tmp_path / "hub").mkdir()
    (tmp_path / "box").mkdir()
    return tmp_path / "box"


async def test_a_thousand_requests_while_keys_rotate_and_no_one_is_refused(
    tmp_path: Path, box: Path
) -> None:
    chance = random.Random(SEED)
    seen = set()
    async with running_hub(tmp_path / "hub") as (app, settings):
        assert settings.url is not None
        for life in range(1, ROTATIONS + 1):
            # Every life of the process ends without a word: what counts is on disk.
            store = open_store(settings, box, "werk-sued")
            assert store is not None
            async with open_line(Way(url=settings.url), store, SystemClock()) as line:
                gateway = Gateway(store, line, chance)
                async with asyncio.TaskGroup() as tasks:
                    lanes = [
                        tasks.create_task(gateway.ask_on(REQUESTS_A_LIFE)) for _ in range(LANES)
                    ]
                    await gateway.rotate()
                    if life % 3 == 0:
                        # Killed between the writing of the newer key and its first use.
                        for lane in lanes:
                            lane.cancel()
            seen.add(store.keys()[0].key_id)
    assert len(seen) == ROTATIONS
    assert app.answers[200] >= REQUESTS
    refused = {status for status in app.answers if status not in (200, NOBODY_LEFT)}
    assert not refused, f"{dict(app.answers)}"
