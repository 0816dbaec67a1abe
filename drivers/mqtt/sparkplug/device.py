"""A Sparkplug edge node, or a device behind one, seen by its host."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from secrets import token_hex

from drivers.base import Driver, Rate
from drivers.beside import beside
from drivers.document import open_document
from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.mqtt import tls
from drivers.mqtt.client import Broker
from drivers.mqtt.config import SparkplugConfig
from drivers.mqtt.party import Arrival, Message, NotSent
from drivers.mqtt.profile import Times
from drivers.mqtt.sparkplug import payload
from drivers.mqtt.sparkplug.metric import DataType, Metric, Payload, number
from drivers.mqtt.sparkplug.profile import Command, SparkplugProfile, read_profile
from drivers.mqtt.sparkplug.session import REBIRTH, News, Session
from drivers.mqtt.sparkplug.topic import NAMESPACE, Kind, Node, state_topic
from drivers.payload import BadPayload, instant_us, shown
from drivers.tag import Tag
from drivers.told import Told
from wire.block import Reading
from wire.clock import Clock

PUBLISH_S = 1.0
LOOK_S = 0.25
"""How often it is looked whether a birth is to be asked for."""
GOOD = 192
_TEXT_LETTERS_MAX = 100


class SparkplugDevice(Told):
    """A `drivers.base.Driver`, `Identified`, and the `Party` that its broker talks to."""

    def __init__(self, config: SparkplugConfig, profile: SparkplugProfile, clock: Clock) -> None:
        silent_s = profile.silent_s or math.inf
        super().__init__(config.id, profile.tags.values(), clock, profile.pace, silent_s)
        self.profile = profile
        self.node = Node(config.group, config.node)
        self.member = config.device or ""
        """The device behind the node; empty: the node itself."""
        self.session = Session()
        self.broker = Broker(config.place(token_hex(6)), self)
        self._clock = clock
        self._host_id = config.host_id
        self._state_ms = 0
        self._state_due = False
        self._identity: dict[str, str] = {}

    @property
    def identity(self) -> Mapping[str, str]:
        return self._identity

    async def read(self, rate: Rate) -> Sequence[Reading]:
        """See `drivers.base.Driver`; whoever is born and has not died has told what changed."""
        if self.session.there(self.member) and self.broker.connected:
            self.newest.confirm(self._clock.now_us())
        return await super().read(rate)

    async def run(self) -> None:
        """Ask for births, and say that we are there, where that is due."""
        while True:
            await asyncio.sleep(LOOK_S)
            if not self.broker.connected:
                continue
            try:
                await self._say_what_is_due()
            except NotSent:
                continue  # the connection breaks, and a new one begins with all of it

    def will(self) -> Message | None:
        """See `drivers.mqtt.party.Party`; the time is that of the word it takes back."""
        self._state_ms = self._clock.now_us() // 1_000
        return self._state(online=False)

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """See `drivers.mqtt.party.Party`."""
        own = [(state_topic(self._host_id), 1)] if self._host_id else []
        return [(f"{NAMESPACE}/{self.node.group}/+/{self.node.node}/#", 1), *own]

    async def opened(self) -> None:
        """See `drivers.mqtt.party.Party`: the broker keeps no births, so one is asked for."""
        self._state_due = self._host_id is not None
        await self._say_what_is_due()

    def lost(self, trouble: str) -> None:
        """See `drivers.mqtt.party.Party`."""
        self.session.lose("it was not born since we are connected")
        self.newest.lose()
        self.gone(trouble)

    def hear(self, arrival: Arrival) -> None:
        """See `drivers.mqtt.party.Party`; what cannot be believed is counted and forgotten."""
        if self._host_id and arrival.topic == state_topic(self._host_id):
            self._state_due = self._state_due or b"true" not in arrival.payload
            return
        about = self.node.parse(arrival.topic)
        if about is None or about[0] in (Kind.NCMD, Kind.DCMD):
            return
        try:
            if arrival.retained:
                raise BadPayload("it was kept by the broker, which no such message may be")
            news = self.session.take(*about, payload.decode(arrival.payload))
            self._take(news)
        except BadPayload as error:
            self.refuse(f"{arrival.topic}: {error}")
        if self.session.there(self.member):
            if about[1] == self.member:
                self.heard()
        else:
            self.newest.lose()
            self.gone(f"{self.node.group}/{self.node.node}: {self.session.trouble}")

    def took(self, tag: Tag, value: float | None) -> None:
        """Note a value that has just been taken in; for whoever waits for one."""

    def _take(self, news: Sequence[News]) -> None:
        now_us, bad = self._clock.now_us(), ""
        for one in news:
            if one.known.device != self.member or one.historical:
                continue
            tag = self.profile.tags.get(one.known.name)
            key = self.profile.texts.get(one.known.name)
            if key is not None and isinstance(one.value, str):
                self._identity[key] = one.value[:_TEXT_LETTERS_MAX]
            if tag is None:
                continue
            try:
                value, at_us = self._value(tag, one, now_us)
            except BadPayload as error:
                bad = f"{one.known.name}: {error}"
                continue
            self.newest.put(tag.name, value, at_us, now_us)
            self.took(tag, value)
        if bad:
            raise BadPayload(bad)

    def _value(self, tag: Tag, news: News, now_us: int) -> tuple[float | None, int]:
        at_us = now_us
        if self.profile.times is Times.SOURCE and news.at_ms is not None:
            at_us, _ = instant_us(news.at_ms, now_us)
        if news.value is None or news.quality not in (None, GOOD):
            return None, at_us
        unit = news.unit if tag.knows(news.unit) else ""
        if news.unit and not unit and not tag.unit:
            raise BadPayload(f"{shown(news.unit)} is no unit of {tag.name}")
        return tag.value(number(news.value), unit), at_us

    async def _say_what_is_due(self) -> None:
        if self._state_due:
            self._state_due = False
            state = self._state(online=True)
            assert state is not None, "only a host has one that is due"
            await self.broker.publish(state, PUBLISH_S)
        if self.session.rebirth_due(asyncio.get_running_loop().time()):
            again = Metric(name=REBIRTH, kind=DataType.BOOLEAN, value=True)
            await self.tell(Kind.NCMD, "", again)

    async def tell(self, kind: Kind, member: str, metric: Metric) -> None:
        """Publish a command.

        Raises:
            NotSent: the broker may not have it.
        """
        content = Payload(at_ms=self._clock.now_us() // 1_000, metrics=(metric,))
        topic = self.node.topic(kind, member)
        await self.broker.publish(Message(topic, payload.encode(content), qos=0), PUBLISH_S)

    def _state(self, *, online: bool) -> Message | None:
        if self._host_id is None:
            return None
        content = json.dumps({"online": online, "timestamp": self._state_ms}).encode()
        return Message(state_topic(self._host_id), content, retained=True)


class SparkplugInverter(SparkplugDevice):
    """A device that also takes power: a `drivers.base.PowerSetter`."""

    def __init__(
        self, config: SparkplugConfig, profile: SparkplugProfile, command: Command, clock: Clock
    ) -> None:
        super().__init__(config, profile, clock)
        self._command = command
        self._shown_kw: float | None = None
        self._asked_kw = 0.0
        self._answer: asyncio.Future[bool] | None = None
        """Of the command that is on its way; None: there is none."""

    @property
    def refresh_s(self) -> float:
        return self._command.refresh_s

    @property
    def power_share_max(self) -> float:
        return self.profile.power_share_max

    async def take_over(self) -> None:
        """See `drivers.base.PowerSetter`: there is nothing to prepare, but it must be there."""
        await super().read(Rate.FAST)

    async def write_power_kw(self, power_kw: float) -> None:
        """See `drivers.base.PowerSetter`; the metric must come back as it was written.

        Raises:
            DeviceUnreachable: whether the device took the value is not known.
            DeviceRefused: its metric cannot carry the value.
        """
        command, loop = self._command, asyncio.get_running_loop()
        await super().read(Rate.FAST)
        metric = self._metric(power_kw)
        self._asked_kw = power_kw
        answer: asyncio.Future[bool] = loop.create_future()
        self._answer = answer
        late = loop.call_later(command.confirm_s, _settle, answer, False)
        try:
            await self.tell(Kind.DCMD if self.member else Kind.NCMD, self.member, metric)
            if self._agrees(self._shown_kw):
                return  # what has not changed, a node does not tell again
            shown = await answer
        except NotSent as error:
            raise DeviceUnreachable(str(error)) from error
        finally:
            late.cancel()
            self._answer = None
        if not shown:
            raise DeviceUnreachable(f"{command.metric}: {power_kw:g} kW did not come back in time")

    def lost(self, trouble: str) -> None:
        """See `drivers.mqtt.party.Party`."""
        super().lost(trouble)
        self._shown_kw = None
        if self._answer is not None:
            _settle(self._answer, False)

    def took(self, tag: Tag, value: float | None) -> None:
        """Take the set-point that comes back for the device's yes."""
        if tag.name == self._command.setpoint.name:
            self._shown_kw = value
            if self._answer is not None and self._agrees(value):
                _settle(self._answer, True)

    def _agrees(self, value: float | None) -> bool:
        return value is not None and abs(value - self._asked_kw) <= self._command.tolerance_kw

    def _metric(self, power_kw: float) -> Metric:
        command = self._command
        known = self.session.known(self.member, command.metric)
        if known is None:
            raise DeviceRefused(f"{command.metric}: the device has no such metric")
        own = known.unit if command.setpoint.knows(known.unit) else ""
        setpoint = replace(command.setpoint, unit=own or command.setpoint.unit)
        raw = setpoint.raw(power_kw)
        whole = known.kind not in (DataType.FLOAT, DataType.DOUBLE)
        metric = Metric(
            name=command.metric if known.alias is None else "",
            alias=known.alias,
            kind=known.kind,
            value=round(raw) if whole else raw,
            at_ms=self._clock.now_us() // 1_000,
        )
        try:
            payload.encode(Payload(metrics=(metric,)))
        except ValueError as error:
            raise DeviceRefused(f"{command.metric}: {error}") from error
        if setpoint.value(raw) is None:
            raise DeviceRefused(f"{command.setpoint.name}: {power_kw:g} is outside its range")
        return metric


def _settle(answer: "asyncio.Future[bool]", found: bool) -> None:
    if not answer.done():
        answer.set_result(found)


def open_sparkplug(config: SparkplugConfig, clock: Clock) -> AbstractAsyncContextManager[Driver]:
    """Return a context manager for the device; neither it nor its broker need be there.

    Raises:
        ProfileError: the profile or a file of the settings cannot be used.
    """
    profile = read_profile(open_document(config.profile, config.override))
    tls.check_tls(config.place("").tls, f"devices.{config.id}")
    if profile.command is None:
        return _opened(SparkplugDevice(config, profile, clock))
    return _opened(SparkplugInverter(config, profile, profile.command, clock))


@asynccontextmanager
async def _opened(device: SparkplugDevice) -> AsyncIterator[SparkplugDevice]:
    async with beside(device.broker.run(), "mqtt"), beside(device.run(), "sparkplug"):
        yield device
