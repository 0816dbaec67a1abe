"""A device behind an MQTT broker: told by topic, its will listened to, commands confirmed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from secrets import token_hex

from drivers.base import Driver, Rate
from drivers.beside import beside
from drivers.document import open_document
from drivers.errors import DeviceRefused, DeviceUnreachable, ProfileError
from drivers.mqtt import tls
from drivers.mqtt.client import Broker
from drivers.mqtt.command import Command
from drivers.mqtt.config import MqttConfig
from drivers.mqtt.party import Arrival, Message, NotSent, Place
from drivers.mqtt.profile import MqttProfile, Source, read_profile
from drivers.mqtt.sample import available, document_in, sample
from drivers.mqtt.topics import filled
from drivers.mqtt.verdict import Verdict, verdict
from drivers.payload import BadPayload
from drivers.told import Told
from wire.block import Reading
from wire.clock import Clock

PUBLISH_S = 1.0
"""For the broker to acknowledge a command."""
_AGREED = Verdict(accepted=True)


class MqttDevice(Told):
    """A `drivers.base.Driver`, and the `drivers.mqtt.party.Party` that its broker talks to."""

    def __init__(
        self, device: str, profile: MqttProfile, place: Place, prefix: str, clock: Clock
    ) -> None:
        tags = [source.tag for source in profile.sources]
        super().__init__(device, tags, clock, profile.pace, profile.silent_s)
        self.profile = profile
        self.broker = Broker(place, self)
        self._clock = clock
        self._prefix = prefix
        self._online: bool | None = None
        """What the device's own word for it is; None: it has none, or was not heard yet."""
        self._sources: dict[str, list[Source]] = {}
        for source in profile.sources:
            self._sources.setdefault(filled(source.topic, prefix), []).append(source)
        at = profile.availability
        self._available_at = "" if at is None else filled(at.topic, prefix)

    async def read(self, rate: Rate) -> Sequence[Reading]:
        """See `drivers.base.Driver`; whoever says that it is online has told what changed."""
        if self._online and self.broker.connected:
            self.heard()
            self.newest.confirm(self._clock.now_us())
        return await super().read(rate)

    def will(self) -> Message | None:
        """See `drivers.mqtt.party.Party`."""
        return None

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """See `drivers.mqtt.party.Party`."""
        topics = {*self._sources, self._available_at} - {""}
        return [(topic, self.profile.qos) for topic in sorted(topics)]

    async def opened(self) -> None:
        """See `drivers.mqtt.party.Party`."""
        if self.broker.connections > 1:
            self.gone(f"{self.broker.place}: nothing was heard of the device yet")

    def lost(self, trouble: str) -> None:
        """See `drivers.mqtt.party.Party`."""
        self._online = None
        self.newest.lose()
        self.gone(trouble)

    def hear(self, arrival: Arrival) -> None:
        """See `drivers.mqtt.party.Party`; what cannot be believed is counted and forgotten."""
        try:
            if arrival.topic == self._available_at:
                self._hear_whether_it_is_there(arrival)
            if arrival.topic in self._sources:
                self._hear_values(arrival, self._sources[arrival.topic])
        except BadPayload as error:
            self.refuse(f"{arrival.topic}: {error}")

    def took(self, source: Source, value: float | None) -> None:
        """Note a value that has just been taken in; for whoever waits for one."""

    def _hear_whether_it_is_there(self, arrival: Arrival) -> None:
        at = self.profile.availability
        assert at is not None, "only then there is a topic for it"
        self._online = available(document_in(arrival.payload, words=True), at.path, at.online)
        if not self._online:
            self.newest.lose()
            self.gone(f"{self.broker.place}: the device says that it is off line")

    def _hear_values(self, arrival: Arrival, sources: Sequence[Source]) -> None:
        words = any(source.words for source in sources)
        document = document_in(arrival.payload, words=words)
        now_us, bad = self._clock.now_us(), ""
        for source in sources:
            try:
                found = sample(self.profile, source, document, now_us, retained=arrival.retained)
            except BadPayload as error:
                bad = str(error)
                continue
            if found is not None:
                self.newest.put(source.tag.name, found.value, found.at_us, now_us)
                self.took(source, found.value)
        if not arrival.retained and self._online is not False:
            self.heard()
        if bad:
            raise BadPayload(bad)


class MqttInverter(MqttDevice):
    """A device that also takes power: a `drivers.base.PowerSetter`."""

    def __init__(
        self,
        device: str,
        profile: MqttProfile,
        command: Command,
        place: Place,
        prefix: str,
        clock: Clock,
    ) -> None:
        super().__init__(device, profile, place, prefix, clock)
        self._command = command
        self._seq = clock.now_us() // 1_000
        self._topic = filled(command.topic, prefix)
        answers = command.confirmation
        self._answers_at = "" if answers is None else filled(answers.topic, prefix)
        self._asked_kw = 0.0
        self._answer: asyncio.Future[Verdict | None] | None = None
        """Of the command that is on its way; None: there is none."""

    @property
    def refresh_s(self) -> float:
        return self._command.refresh_s

    @property
    def power_share_max(self) -> float:
        return self.profile.power_share_max

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """See `drivers.mqtt.party.Party`."""
        own = [(self._answers_at, 1)] if self._answers_at else []
        return [*super().subscriptions(), *own]

    async def take_over(self) -> None:
        """See `drivers.base.PowerSetter`: publish what the profile begins with."""
        await super().read(Rate.FAST)
        for first in self._command.start:
            await self._publish(Message(filled(first.topic, self._prefix), first.payload))

    async def write_power_kw(self, power_kw: float) -> None:
        """See `drivers.base.PowerSetter`; the device must confirm what it was told.

        Raises:
            DeviceUnreachable: whether the device took the value is not known.
            DeviceRefused: it said no, or took another value.
        """
        command, loop = self._command, asyncio.get_running_loop()
        if command.setpoint.value(command.setpoint.raw(power_kw)) is None:
            raise DeviceRefused(f"{command.setpoint.name}: {power_kw:g} is outside its range")
        await super().read(Rate.FAST)
        self._seq += 1
        self._asked_kw = power_kw
        answer: asyncio.Future[Verdict | None] = loop.create_future()
        self._answer = answer
        late = loop.call_later(PUBLISH_S + command.confirm_s, _settle, answer, None)
        try:
            payload = command.payload(power_kw, self._seq, self._clock.now_us())
            await self._publish(Message(self._topic, payload))
            found = await answer
        finally:
            late.cancel()
            self._answer = None
        if found is None:
            raise DeviceUnreachable(f"{self._topic}: no confirmation of a command in time")
        if not found.accepted:
            raise DeviceRefused(f"{command.setpoint.name}: {found.reason or 'refused'}")

    def hear(self, arrival: Arrival) -> None:
        """See `drivers.mqtt.party.Party`."""
        if arrival.topic == self._answers_at and not arrival.retained:
            try:
                self._hear_answer(arrival.payload)
            except BadPayload as error:
                self.refuse(f"{arrival.topic}: {error}")
        super().hear(arrival)

    def lost(self, trouble: str) -> None:
        """See `drivers.mqtt.party.Party`."""
        super().lost(trouble)
        if self._answer is not None:
            _settle(self._answer, None)

    def took(self, source: Source, value: float | None) -> None:
        """Take the set-point that the device shows for its answer, where it gives no other."""
        command = self._command
        if self._answer is None or command.confirmation is not None or value is None:
            return
        if source.tag == command.setpoint and abs(value - self._asked_kw) <= command.tolerance_kw:
            _settle(self._answer, _AGREED)

    def _hear_answer(self, payload: bytes) -> None:
        command, answers = self._command, self._command.confirmation
        assert answers is not None, "only then there is a topic for it"
        found = verdict(answers, command, document_in(payload, words=False), self._seq)
        if found is None or self._answer is None:
            return
        if found.value_kw is not None:
            off_kw = abs(found.value_kw - self._asked_kw)
            if off_kw > command.tolerance_kw:
                found = Verdict(accepted=False, reason=f"it took {found.value_kw:g} kW instead")
        _settle(self._answer, found)

    async def _publish(self, message: Message) -> None:
        try:
            await self.broker.publish(message, PUBLISH_S)
        except NotSent as error:
            raise DeviceUnreachable(str(error)) from error


def _settle(answer: "asyncio.Future[Verdict | None]", found: Verdict | None) -> None:
    if not answer.done():
        answer.set_result(found)


def open_mqtt(config: MqttConfig, clock: Clock) -> AbstractAsyncContextManager[Driver]:
    """Return a context manager for the device; its broker need not be there.

    Raises:
        ProfileError: the profile or a file of the settings cannot be used.
    """
    profile = read_profile(open_document(config.profile, config.override))
    place = config.place(token_hex(6))
    tls.check_tls(place.tls, f"devices.{config.id}")
    try:
        if profile.command is None:
            device = MqttDevice(config.id, profile, place, config.prefix, clock)
        else:
            device = MqttInverter(config.id, profile, profile.command, place, config.prefix, clock)
    except ValueError as error:
        raise ProfileError(f"devices.{config.id}.prefix: {error} is expected") from error
    return _opened(device)


@asynccontextmanager
async def _opened(device: MqttDevice) -> AsyncIterator[MqttDevice]:
    async with beside(device.broker.run(), "mqtt"):
        yield device
