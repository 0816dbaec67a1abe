"""A device behind an OPC UA server: told by subscription, checked by reading, set by writing.

One task keeps a connection; whatever happens to it, a new one is made, nodes are looked up anew
and subscriptions are made again. Meanwhile the device is unreachable, and nothing that it said
before counts any more.
"""

import asyncio
import logging
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from drivers.base import Rate
from drivers.newest import AHEAD_US_MAX
from drivers.opcua.address import CLOCK, Address
from drivers.opcua.client import Connection, Lost, NotTold
from drivers.opcua.gate import Gate
from drivers.opcua.profile import OpcUaProfile
from drivers.opcua.sample import Doubts, Sample
from drivers.opcua.translate import Node, NumberType, Watch
from drivers.point import Access
from drivers.told import Told
from wire.block import Reading
from wire.clock import Clock

PAUSE_S_MIN = 0.2
PAUSE_S_MAX = 4.0
"""Between two attempts to connect, with full jitter."""
RESOLVE_S = 30.0
"""How often a node that was not found is looked for again."""
_OVERTAKEN_US = 5_000_000
"""An answer may overtake what was told before it, by no more than this; else a clock was set."""
_CLOCK_S = 1.0

_logger = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Session:
    """What is known about the server for the life of one connection."""

    connection: Connection
    nodes: Mapping[int, Node]
    """By number of the item; what was not found is not there."""
    types: Mapping[str, NumberType]
    """By name, of the points that are written."""
    doubts: Doubts
    watched: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Pause:
    """How long to wait before the next attempt."""

    chance: random.Random = field(default_factory=random.SystemRandom)
    failures: int = 0

    def next_s(self) -> float:
        most_s = min(PAUSE_S_MAX, PAUSE_S_MIN * 2.0 ** min(self.failures, 10))
        self.failures += 1
        return self.chance.uniform(0.0, most_s)


class OpcUaDevice(Told):
    """A `drivers.base.Driver` that is read, and `Identified`; `run` keeps it connected."""

    def __init__(self, device: str, profile: OpcUaProfile, access: Gate, clock: Clock) -> None:
        tags = [item.tag for item in profile.items]
        super().__init__(device, tags, clock, profile.pace, profile.link.silence_s)
        self.profile = profile
        self.access = access
        self._clock = clock
        self._name = device
        self._identity: Mapping[str, str] = {}
        self.session: Session | None = None
        """None while there is no connection."""
        self.why = f"{access.url}: not connected yet"
        self._sources_us: dict[int, int] = {}
        self._beat: float | None = None
        self._beat_s = -math.inf
        self._pause = _Pause()
        self._tried = asyncio.Event()
        self.gone(self.why)

    @property
    def identity(self) -> Mapping[str, str]:
        return self._identity

    async def read(self, rate: Rate) -> Sequence[Reading]:
        """See `drivers.base.Driver`; waits for the first attempt to connect, and never again."""
        await self._tried.wait()
        return await super().read(rate)

    async def run(self) -> None:
        """Keep a connection until cancelled."""
        while True:
            await self._live()
            await asyncio.sleep(self._pause.next_s())

    async def _live(self) -> None:
        """Live through one connection, to its end."""
        connection = Connection(self.access)
        try:
            await connection.open()
            session = await self._begin(connection)
            self.session = session
            await self._check(session)
            await self._subscribe(session)
            self._tried.set()
            self._pause.failures = 0
            await self._follow(session)
        except Lost as error:
            self._lose(str(error))
        finally:
            self.session = None
            await connection.close()

    async def _begin(self, connection: Connection) -> Session:
        """Find all nodes, and out who the device is."""
        items = self.profile.items
        found = await connection.resolve([item.address for item in items])
        nodes = {number: node for number, node in enumerate(found) if node is not None}
        written = [
            n for n, item in enumerate(items) if item.tag.access is not Access.READ and n in nodes
        ]
        kinds = await connection.types([nodes[number] for number in written])
        types = {items[n].tag.name: kind for n, kind in zip(written, kinds, strict=True)}
        self._identity = await _texts(connection, self.profile.texts)
        for number in range(len(items)):
            if number not in nodes:
                self._take(number, Sample(None, "no such node"))
        return Session(connection, nodes, types, Doubts([item.deadband for item in items]))

    async def _subscribe(self, session: Session) -> None:
        link = self.profile.link
        if not link.subscribe:
            return
        slow_s = max(link.publish_s, self.pace.slow_s)
        items = self.profile.items
        watches = [
            Watch(
                n,
                node,
                link.publish_s if items[n].tag.rate is Rate.FAST else slow_s,
                items[n].deadband,
            )
            for n, node in session.nodes.items()
            if items[n].tag.access is not Access.WRITE
        ]
        (clock,) = await session.connection.resolve([CLOCK])
        if clock is not None:
            watches.append(Watch(len(items), clock, max(link.publish_s, _CLOCK_S)))

        def told(changes: Sequence[tuple[int, Sample]]) -> None:
            for number, sample in changes:
                if number < len(items):
                    session.doubts.tell(number, sample)
                    self._take(number, sample)
            self._alive()

        try:
            session.watched = await session.connection.subscribe(watches, link.publish_s, told)
        except NotTold as error:
            _logger.warning("%s: is read every %g s: %s", self._name, link.publish_s, error)

    async def _follow(self, session: Session) -> None:
        """Keep watch over the connection until it is `Lost`."""
        connection, link = session.connection, self.profile.link
        loop = asyncio.get_running_loop()
        check_s = link.check_s if session.watched else link.publish_s
        check_due_s, resolve_due_s = loop.time() + check_s, loop.time() + RESOLVE_S
        while True:
            silent_due_s = connection.told_s + link.silence_s if session.watched else math.inf
            due_s = min(check_due_s, silent_due_s, connection.renew_s)
            try:
                async with asyncio.timeout_at(due_s):
                    await connection.broken.wait()
            except TimeoutError:
                now_s = loop.time()
            else:
                raise Lost(connection.why)
            if session.watched and now_s - connection.told_s >= link.silence_s:
                raise Lost(f"nothing was told for {link.silence_s:g} s")
            if now_s >= connection.renew_s:
                await connection.renew()
            if now_s >= check_due_s:
                await self._check(session)
                check_due_s = loop.time() + check_s
            if now_s >= resolve_due_s:
                await self._look_again(session)
                resolve_due_s = loop.time() + RESOLVE_S

    async def _check(self, session: Session) -> None:
        """Read everything, and compare it with what was told."""
        numbers = [n for n in session.nodes if self.profile.items[n].tag.access is not Access.WRITE]
        samples = await session.connection.read([session.nodes[n] for n in numbers])
        answers = list(zip(numbers, samples, strict=True))
        for number, sample in answers:
            self._take(number, sample)
            if not session.watched:
                session.doubts.tell(number, sample)
        self._alive()
        told = [answer for answer in answers if answer[0] in session.watched]
        for number in session.doubts.dropped(told):
            raise Lost(f"{self.profile.items[number].tag.name} changes, and is not told of")

    async def _look_again(self, session: Session) -> None:
        missing = [i.address for n, i in enumerate(self.profile.items) if n not in session.nodes]
        if missing and any(await session.connection.resolve(missing)):
            raise Lost("a node that was missing is there now")

    def _take(self, number: int, sample: Sample) -> None:
        """Take one sample in, whatever came before it, unless it was overtaken by a newer one."""
        tag = self.profile.items[number].tag
        now_us = self._clock.now_us()
        value, at_us = None, now_us
        if isinstance(sample.value, float):
            value = tag.value(sample.value)
        if not sample.trouble and sample.source_us is not None:
            before_us = self._sources_us.get(number, sample.source_us)
            if 0 < before_us - sample.source_us <= _OVERTAKEN_US:
                return
            self._sources_us[number] = sample.source_us
            early = sample.source_us <= now_us + AHEAD_US_MAX
            aged = tag.stale_s is not None or not early
            at_us = min(sample.source_us, now_us) if early and aged else now_us
            if not early:
                at_us = sample.source_us
        self.newest.forget(tag.name)
        self.newest.put(tag.name, value, at_us, now_us)
        if tag.name == self.profile.link.heartbeat and value is not None and value != self._beat:
            self._beat, self._beat_s = value, asyncio.get_running_loop().time()

    def _alive(self) -> None:
        """Note a sign of life, unless the device itself shows none behind its server."""
        link = self.profile.link
        if link.heartbeat:
            silent_s = asyncio.get_running_loop().time() - self._beat_s
            if silent_s > link.silence_s:
                self.gone(f"{link.heartbeat} has stood still for {link.silence_s:g} s")
                return
        self.newest.confirm(self._clock.now_us())
        self.heard()

    def _lose(self, why: str) -> None:
        self.why = f"{self.access.url}: {why}"
        self.gone(self.why)
        self._tried.set()
        self.newest.lose()
        self._sources_us.clear()
        self._beat = None
        self._beat_s = -math.inf


async def _texts(connection: Connection, texts: Mapping[str, Address]) -> Mapping[str, str]:
    keys = list(texts)
    found = await connection.resolve([texts[key] for key in keys])
    known = [(key, node) for key, node in zip(keys, found, strict=True) if node is not None]
    samples = await connection.read([node for _, node in known])
    return {
        key: sample.value[:100]
        for (key, _), sample in zip(known, samples, strict=True)
        if isinstance(sample.value, str)
    }
