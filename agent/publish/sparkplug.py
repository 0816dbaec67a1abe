"""Our plant as a Sparkplug B edge node with its devices behind it. Pure.

The node's birth goes before the births of its devices, and a device's birth before its data. A
metric is called like its point and has an alias that is its own in the whole node until the next
birth of the node. What is not good goes out as null with its quality. A device that gets another
point is born again; of a point that vanished nothing is known until then. Commands for devices
are not obeyed: the plant has one master, and that is its schedule.

Source: Eclipse Sparkplug 3.0.0, chapters 5 "Operational Behavior" and 6 "Payloads".
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from agent.publish.news import News
from agent.publish.plant import Member, Plant
from drivers.mqtt.party import Arrival, Message
from drivers.mqtt.sparkplug import payload
from drivers.mqtt.sparkplug.metric import DataType, Metric, Payload
from drivers.mqtt.sparkplug.session import BD_SEQ, REBIRTH, SEQ_WRAP
from drivers.mqtt.sparkplug.topic import Kind, Node
from drivers.payload import BadPayload
from wire.block import Quality, Reading
from wire.points import unit_of

METRICS_MAX = 1_000
"""Of one message of data; more are several messages."""
MAKER = "Phoenyra"
_QUALITIES = {Quality.GOOD: 192, Quality.STALE: 500, Quality.BAD: 0, Quality.LOST: 0}


class _Born:
    """What was told of a device since its birth."""

    def __init__(self, member: Member) -> None:
        self.readings = dict(member.readings)
        self.news = News()


class EdgeNode:
    """An `agent.publish.teller.Teller`; the numbers are those that the messages carry."""

    def __init__(self, node: Node) -> None:
        self.refused = 0
        """Commands that were not obeyed."""
        self._node = node
        self._bd_seq = SEQ_WRAP - 1
        self._seq = 0
        self._aliases: dict[tuple[str, str], int] = {}
        self._next_alias = count(1)
        self._born: dict[str, _Born] = {}

    def will(self, now_us: int) -> Message:
        """See `Teller`: the death that belongs to the births of this connection."""
        self._bd_seq = (self._bd_seq + 1) % SEQ_WRAP
        death = Payload(at_ms=now_us // 1_000, metrics=(self._bd_metric(),))
        return Message(self._node.topic(Kind.NDEATH), payload.encode(death), qos=1)

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """See `Teller`."""
        return [(self._node.topic(Kind.NCMD), 1), (self._node.topic(Kind.DCMD, "+"), 1)]

    def everything(self, plant: Plant, now_us: int) -> Iterator[Message]:
        """See `Teller`: births."""
        self._seq = SEQ_WRAP - 1
        self._aliases.clear()
        self._next_alias = count(1)
        self._born.clear()
        again = Metric(name=REBIRTH, kind=DataType.BOOLEAN, value=False)
        maker = Metric(name="Properties/Maker", kind=DataType.STRING, value=MAKER)
        yield self._message(Kind.NBIRTH, "", (self._bd_metric(), again, maker), now_us)
        yield from self.news(plant, now_us)

    def news(self, plant: Plant, now_us: int) -> Iterator[Message]:
        """See `Teller`: deaths and births of devices, and data."""
        for device in [*self._born]:
            if device not in plant or not plant[device].there:
                del self._born[device]
                yield self._message(Kind.DDEATH, device, (), now_us)
        for device, member in plant.items():
            if not member.there:
                continue
            born = self._born.get(device)
            if member.readings and (born is None or member.readings.keys() - born.readings.keys()):
                yield self._birth(device, member, now_us)
            elif born is not None:
                yield from self._data(device, born, member, now_us)

    def hear(self, arrival: Arrival) -> bool:
        """See `Teller`: a host may ask for births, and for nothing else."""
        about = self._node.parse(arrival.topic)
        if about is None or arrival.retained:
            return False
        try:
            metrics = payload.decode(arrival.payload).metrics
        except BadPayload:
            metrics = ()
        if about[0] is Kind.NCMD and any(_asks_for_births(metric) for metric in metrics):
            return True
        self.refused += 1
        return False

    def _birth(self, device: str, member: Member, now_us: int) -> Message:
        born = self._born[device] = _Born(member)
        born.news.of(((device, reading) for reading in member.readings.values()), now_us)
        metrics = []
        for point, reading in member.readings.items():
            if (device, point) not in self._aliases:
                self._aliases[device, point] = next(self._next_alias)
            metrics.append(replace(self._metric(device, reading), name=point, unit=unit_of(point)))
        return self._message(Kind.DBIRTH, device, metrics, now_us)

    def _data(self, device: str, born: _Born, member: Member, now_us: int) -> Iterator[Message]:
        born.readings.update(member.readings)
        for point in born.readings.keys() - member.readings.keys():
            born.readings[point] = replace(born.readings[point], value=None, quality=Quality.LOST)
        told = born.news.of(((device, reading) for reading in born.readings.values()), now_us)
        for start in range(0, len(told), METRICS_MAX):
            portion = told[start : start + METRICS_MAX]
            metrics = [self._metric(device, reading) for _, reading in portion]
            yield self._message(Kind.DDATA, device, metrics, now_us)

    def _metric(self, device: str, reading: Reading) -> Metric:
        return Metric(
            alias=self._aliases[device, reading.point],
            kind=DataType.DOUBLE,
            value=reading.value if reading.quality is Quality.GOOD else None,
            at_ms=reading.at_us // 1_000,
            quality=_QUALITIES[reading.quality],
        )

    def _message(self, kind: Kind, device: str, metrics: Sequence[Metric], now_us: int) -> Message:
        self._seq = (self._seq + 1) % SEQ_WRAP
        content = Payload(at_ms=now_us // 1_000, seq=self._seq, metrics=tuple(metrics))
        return Message(self._node.topic(kind, device), payload.encode(content), qos=0)

    def _bd_metric(self) -> Metric:
        return Metric(name=BD_SEQ, kind=DataType.INT64, value=self._bd_seq)


def _asks_for_births(metric: Metric) -> bool:
    return metric.name == REBIRTH and metric.value is True
