"""A Sparkplug B edge node with one battery inverter behind it, from the profile the driver uses.

Births tell everything by name and alias, with types and units; data tells what has changed, by
alias. A command that its metric or the plant's range cannot take is passed over: the metric keeps
its value, which is all the answer there is in Sparkplug.
"""

import asyncio
from collections.abc import Mapping, Sequence

from drivers.mqtt.client import Broker
from drivers.mqtt.party import Arrival, Message, NotSent, Place
from drivers.mqtt.sparkplug import payload
from drivers.mqtt.sparkplug.metric import DataType, Metric, Payload
from drivers.mqtt.sparkplug.profile import SparkplugProfile
from drivers.mqtt.sparkplug.session import BD_SEQ, REBIRTH, SEQ_WRAP
from drivers.mqtt.sparkplug.topic import Kind, Node
from drivers.payload import BadPayload
from drivers.tag import Tag
from simulators.battery import Command
from simulators.plant import Plant
from wire.clock import Clock
from wire.points import unit_of

PERIOD_S = 0.5
FIRST_ALIAS = 100
MAKER = {"maker": "Phoenyra", "model": "Sparkplug simulator", "serial": "SIM-1", "firmware": "1"}
_TELL_S = 2.0


class EdgeNode:
    """A `drivers.mqtt.party.Party` that plays the node and its device."""

    def __init__(
        self,
        profile: SparkplugProfile,
        node: Node,
        member: str,
        plant: Plant,
        clock: Clock,
        place: Place,
        *,
        timeout_s: float,
    ) -> None:
        """`timeout_s`: without a set-point for so long the inverter falls back to 0 kW."""
        self.broker = Broker(place, self)
        self.plant = plant
        self._profile = profile
        self._node = node
        self._member = member
        self._clock = clock
        self._timeout_s = timeout_s
        self._aliases = {metric: FIRST_ALIAS + n for n, metric in enumerate(profile.tags)}
        self._bd_seq = -1
        self._seq = 0
        self._set_kw = 0.0
        self._told: dict[str, float] = {}
        self._due = asyncio.Event()
        self._birth_due = False

    def power_up(self) -> None:
        """Forget everything that was commanded, and be born again."""
        self._set_kw = 0.0
        self._obey(enabled=False)
        self._birth_due = True
        self._due.set()

    def skip(self) -> None:
        """Lose one message on the way: the next one leaves a gap."""
        self._seq = (self._seq + 1) % SEQ_WRAP

    def will(self) -> Message | None:
        """See `drivers.mqtt.party.Party`: the death that belongs to the next birth."""
        self._bd_seq = (self._bd_seq + 1) % SEQ_WRAP
        death = Payload(at_ms=self._now_ms(), metrics=(self._bd_metric(),))
        return Message(self._node.topic(Kind.NDEATH), payload.encode(death))

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """See `drivers.mqtt.party.Party`."""
        own = (self._node.topic(Kind.NCMD), self._node.topic(Kind.DCMD, self._member))
        return [(topic, 1) for topic in own]

    async def opened(self) -> None:
        """See `drivers.mqtt.party.Party`."""
        await self._be_born()

    def hear(self, arrival: Arrival) -> None:
        """See `drivers.mqtt.party.Party`: only commands are subscribed to."""
        about = self._node.parse(arrival.topic)
        if about is None or arrival.retained or self.plant.faults.down:
            return
        try:
            content = payload.decode(arrival.payload)
        except BadPayload:
            return
        for metric in content.metrics:
            if metric.name == REBIRTH and metric.value is True:
                self._birth_due = True
            elif about[0] is Kind.DCMD:
                self._command(metric)
        self._due.set()

    def lost(self, trouble: str) -> None:
        """See `drivers.mqtt.party.Party`: it goes on without a broker."""

    async def run(self) -> None:
        """Tell what changes until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.broker.run(), name="broker")
            tasks.create_task(self._beat(), name="beat")
            tasks.create_task(self._tell(), name="values")

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_S + self.plant.faults.current.delay_s)
            self._due.set()

    async def _tell(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            faults = self.plant.faults
            if not self.broker.connected or faults.current.drop or faults.down:
                continue
            try:
                if self._birth_due:
                    await self._be_born()
                await self._tell_changes()
            except NotSent:
                continue  # the broker went; a new connection begins with births

    async def _be_born(self) -> None:
        self._birth_due, self._seq = False, SEQ_WRAP - 1
        again = Metric(name=REBIRTH, kind=DataType.BOOLEAN, value=False)
        await self._publish(Kind.NBIRTH, "", (self._bd_metric(), again))
        self._told = dict(self._values())
        born = [self._metric(name, value, birth=True) for name, value in self._told.items()]
        who = [
            Metric(name=name, kind=DataType.STRING, value=MAKER[key])
            for name, key in self._profile.texts.items()
        ]
        await self._publish(Kind.DBIRTH, self._member, (*born, *who))

    async def _tell_changes(self) -> None:
        now = self._values()
        changed = [
            self._metric(name, value, birth=False)
            for name, value in now.items()
            if self._told.get(name) != value
        ]
        self._told = dict(now)
        if changed:
            await self._publish(Kind.DDATA, self._member, changed)

    async def _publish(self, kind: Kind, member: str, metrics: Sequence[Metric]) -> None:
        self._seq = (self._seq + 1) % SEQ_WRAP
        content = Payload(at_ms=self._now_ms(), seq=self._seq, metrics=tuple(metrics))
        data = payload.encode(content)
        if self.plant.faults.current.garbage:
            data = data[::-1]
        await self.broker.publish(Message(self._node.topic(kind, member), data, qos=0), _TELL_S)

    def _values(self) -> Mapping[str, float]:
        measured = {**self.plant.measure(), "pcs.set_power_kw": self._set_kw}
        return {
            name: tag.raw(measured.get(tag.name, 0.0)) for name, tag in self._profile.tags.items()
        }

    def _metric(self, name: str, value: float, *, birth: bool) -> Metric:
        tag = self._profile.tags[name]
        return Metric(
            name=name if birth else "",
            alias=self._aliases[name],
            kind=DataType.DOUBLE,
            value=value,
            at_ms=self._now_ms(),
            unit=(tag.unit or unit_of(tag.name)) if birth else "",
        )

    def _command(self, metric: Metric) -> None:
        command = self._profile.command
        if command is None or self.plant.faults.current.exception:
            return
        if command.metric not in (metric.name, self._named(metric.alias)):
            return
        power_kw = _power_kw(command.setpoint, metric)
        if power_kw is not None:
            self._set_kw = power_kw
            self._obey(enabled=True)

    def _named(self, alias: int | None) -> str:
        return next((name for name, known in self._aliases.items() if known == alias), "")

    def _obey(self, *, enabled: bool) -> None:
        command = Command(power_kw=self._set_kw, enabled=enabled, timeout_s=self._timeout_s)
        self.plant.obey(command, fresh=True)

    def _bd_metric(self) -> Metric:
        return Metric(name=BD_SEQ, kind=DataType.INT64, value=self._bd_seq)

    def _now_ms(self) -> int:
        return self._clock.now_us() // 1_000


def _power_kw(setpoint: Tag, metric: Metric) -> float | None:
    value = metric.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return setpoint.value(float(value))
