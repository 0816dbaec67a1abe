"""An inverter on MQTT, from the profile that the driver uses and a plant behind it.

Every point lies where the profile looks for it, in the device's own unit; all that share a topic
are one message. A command that has lapsed or whose number was seen already has no effect; a
command beyond the range is answered with a no.
"""

import asyncio
import json
import os
from collections.abc import Sequence

from drivers.mqtt.client import Broker
from drivers.mqtt.command import Command
from drivers.mqtt.party import Arrival, Message, NotSent, Place
from drivers.mqtt.profile import MqttProfile, Source, Times
from drivers.mqtt.topics import filled
from drivers.payload import BadPayload, find, instant_us, number, parse, steps_of
from simulators.battery import Command as PlantCommand
from simulators.errors import BadInput
from simulators.json_places import leaves, put
from simulators.plant import Plant
from wire.clock import Clock, utc
from wire.points import unit_of

PERIOD_S = 0.5
_TELL_S = 2.0
_OLDEST = -1.0
_MARKS = {"{value}": 987_654_321, "{seq}": 123_456_789}
"""Stand in a command's template where its parts are looked for."""


class MqttDevice:
    """A `drivers.mqtt.party.Party` that plays the device."""

    def __init__(
        self, profile: MqttProfile, prefix: str, plant: Plant, clock: Clock, place: Place
    ) -> None:
        if any(
            not all(isinstance(s, str | int) for s in steps_of(x.path)) for x in profile.sources
        ):
            raise BadInput(f"{profile.head.id} cannot be served, only read: it looks for entries")
        self.broker = Broker(place, self)
        self.plant = plant
        self._profile = profile
        self._prefix = prefix
        self._clock = clock
        self._set_kw = 0.0
        self._seen = _OLDEST
        self._answers: asyncio.Queue[Message] = asyncio.Queue(100)

    def power_up(self) -> None:
        """Forget everything that was commanded."""
        self._set_kw, self._seen = 0.0, _OLDEST
        self._obey(enabled=False)

    def will(self) -> Message | None:
        """See `drivers.mqtt.party.Party`."""
        at = self._profile.availability
        return None if at is None else self._message(at.topic, b"offline", retained=True)

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """See `drivers.mqtt.party.Party`."""
        command = self._profile.command
        return [] if command is None else [(filled(command.topic, self._prefix), 1)]

    async def opened(self) -> None:
        """See `drivers.mqtt.party.Party`."""
        at = self._profile.availability
        if at is not None:
            online = self._message(at.topic, at.online.encode(), retained=True)
            await self.broker.publish(online, _TELL_S)

    def hear(self, arrival: Arrival) -> None:
        """See `drivers.mqtt.party.Party`: only commands are subscribed to."""
        command = self._profile.command
        if command is None or arrival.retained or self.plant.faults.down:
            return
        try:
            answer = self._take(command, arrival.payload)
        except BadPayload:
            return
        if answer is not None and not self._answers.full():
            self._answers.put_nowait(answer)

    def lost(self, trouble: str) -> None:
        """See `drivers.mqtt.party.Party`: it goes on without a broker."""

    async def run(self) -> None:
        """Tell the values at a steady pace, and answer commands at once, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.broker.run(), name="broker")
            tasks.create_task(self._answer(), name="answers")
            tasks.create_task(self._tell(), name="values")

    async def _tell(self) -> None:
        while True:
            faults = self.plant.faults
            await asyncio.sleep(PERIOD_S + faults.current.delay_s)
            if self.broker.connected and not (faults.current.drop or faults.down):
                for message in self.messages():
                    await self._publish(message)

    async def _answer(self) -> None:
        while True:
            await self._publish(await self._answers.get())

    async def _publish(self, message: Message) -> None:
        try:
            await self.broker.publish(message, _TELL_S)
        except NotSent:
            return  # the broker went; the next message tells all there is

    def messages(self) -> list[Message]:
        """Return what the device says now."""
        measured = {**self.plant.measure(), "pcs.set_power_kw": self._set_kw}
        topics = dict.fromkeys(source.topic for source in self._profile.sources)
        return [
            self._message(
                topic,
                self._payload([s for s in self._profile.sources if s.topic == topic], measured),
            )
            for topic in topics
        ]

    def _payload(self, sources: Sequence[Source], measured: dict[str, float]) -> bytes:
        if self.plant.faults.current.garbage:
            return os.urandom(64)
        now_us = self._clock.now_us()
        document: dict[str, object] = {}
        for source in sources:
            tag = source.tag
            value = tag.raw(measured.get(tag.name, 0.0))
            word = next((w for w, meant in source.words.items() if meant == value), None)
            if not source.path:
                return json.dumps(value).encode() if word is None else word.encode()
            put(document, steps_of(source.path), value if word is None else word)
            if source.unit:
                put(document, steps_of(source.unit), tag.unit or unit_of(tag.name))
            if self._profile.times is Times.SOURCE:
                stamp = utc(now_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")
                put(document, steps_of(source.timestamp), stamp)
        return json.dumps(document).encode()

    def _take(self, command: Command, payload: bytes) -> Message | None:
        """Obey a command, and return the answer where there is one; raises BadPayload."""
        template = command.template
        for mark, number_of in _MARKS.items():
            template = template.replace(mark, str(number_of))
        places = {value: path for path, value in leaves(parse(template.encode()), "")}
        document = parse(payload)
        asked = number(find(document, str(places[_MARKS["{value}"]])))
        seq = _OLDEST
        if _MARKS["{seq}"] in places:
            seq = number(find(document, str(places[_MARKS["{seq}"]])))
            if seq <= self._seen:
                return None
            self._seen = seq
        until = find(document, "valid_until")
        now_us = self._clock.now_us()
        lapsed = until is not None and instant_us(until, now_us)[0] < now_us
        power_kw = command.setpoint.value(asked)
        refusal = self.plant.faults.current.exception
        reason = "out of order" if refusal else "it has lapsed" if lapsed else ""
        if power_kw is None:
            reason = "beyond the range"
        if power_kw is not None and not reason:
            self._set_kw = power_kw
            self._obey(enabled=True)
        return self._confirmation(command, seq, asked, reason)

    def _confirmation(
        self, command: Command, seq: float, asked: float, reason: str
    ) -> Message | None:
        to = command.confirmation
        if to is None:
            return None
        document: dict[str, object] = {}
        for path, value in (
            (to.seq, int(seq)),
            (to.accepted, not reason),
            (to.reason, reason),
            (to.value, asked),
        ):
            if path:
                put(document, steps_of(path), value)
        return self._message(to.topic, json.dumps(document).encode())

    def _message(self, topic: str, payload: bytes, *, retained: bool = False) -> Message:
        return Message(filled(topic, self._prefix), payload, retained=retained)

    def _obey(self, *, enabled: bool) -> None:
        valid_s = 0.0 if self._profile.command is None else self._profile.command.valid_s
        command = PlantCommand(power_kw=self._set_kw, enabled=enabled, timeout_s=valid_s)
        self.plant.obey(command, fresh=True)
