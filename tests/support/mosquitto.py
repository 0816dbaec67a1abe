"""Debian's mosquitto on a free port, with whatever settings a test asks for."""

import asyncio
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from drivers.mqtt.client import Broker
from drivers.mqtt.party import Arrival, Message, Place, Tls
from tests.support.certificates import Authority, Files
from tests.support.patience import eventually
from tests.support.system import free_port

PROGRAM = shutil.which("mosquitto") or (
    "/usr/sbin/mosquitto" if Path("/usr/sbin/mosquitto").exists() else ""
)
OPEN = ("allow_anonymous true",)


def with_password(folder: Path, user: str, password: str, *rules: str) -> Sequence[str]:
    """Return settings that let one user in, and allow it what the rules of an ACL file say."""
    users, acl = folder / "users", folder / "acl"
    users.write_text(f"{user}:{password}\n")
    acl.write_text("\n".join((f"user {user}", *rules)) + "\n")
    program = shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"
    subprocess.run([program, "-U", users], check=True)
    return ("allow_anonymous false", f"password_file {users}", f"acl_file {acl}")


def with_tls(authority: Authority, server: Files, *lines: str) -> Sequence[str]:
    return (
        f"cafile {authority.ca}",
        f"certfile {server.cert}",
        f"keyfile {server.key}",
        *(lines or OPEN),
    )


@dataclass(slots=True)
class Mosquitto:
    """The broker; `stop` and `start` as often as a test likes."""

    folder: Path
    lines: Sequence[str] = OPEN
    port: int = field(default_factory=free_port)
    _process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text(errors="replace")

    async def start(self) -> None:
        config = self.folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", "user root", "log_type all", *self.lines]
        config.write_text("\n".join(lines) + "\n")
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                PROGRAM, "-c", config, stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL
            )
        await eventually(self._listens, 20.0)

    async def stop(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it hang: connections stay, and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, self.log
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@asynccontextmanager
async def running(folder: Path, lines: Sequence[str] = OPEN) -> AsyncIterator[Mosquitto]:
    """Run a broker for as long as the block."""
    broker = Mosquitto(folder, lines)
    try:
        await broker.start()
        yield broker
    finally:
        await broker.stop()


def place(port: int, tls: Tls | None = None, client_id: str = "") -> Place:
    """Return where the broker is; it finds a name for whoever has none."""
    return Place(host="127.0.0.1", port=port, client_id=client_id, tls=tls)


@dataclass(slots=True)
class Listening:
    """A `drivers.mqtt.party.Party` that writes everything down."""

    topics: Sequence[tuple[str, int]] = (("#", 1),)
    last_words: Message | None = None
    heard: list[Arrival] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    greeted: int = 0
    broker: Broker | None = None

    def will(self) -> Message | None:
        return self.last_words

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        return self.topics

    async def opened(self) -> None:
        self.greeted += 1

    def hear(self, arrival: Arrival) -> None:
        self.heard.append(arrival)

    def lost(self, trouble: str) -> None:
        self.troubles.append(trouble)


@asynccontextmanager
async def talking(where: Place, party: Listening) -> AsyncIterator[Broker]:
    """Keep a connection for as long as the block; it need not stand yet."""
    broker = Broker(where, party)
    async with asyncio.TaskGroup() as tasks:
        keeper = tasks.create_task(broker.run())
        try:
            yield broker
        finally:
            keeper.cancel()
