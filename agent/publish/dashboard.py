"""Our plant in plain topics, which Home Assistant finds by itself. Pure."""

from collections.abc import Iterator, Sequence

from agent.publish.home_assistant import OFFLINE, ONLINE, Topics, config, value
from agent.publish.news import News
from agent.publish.plant import Plant
from drivers.mqtt.party import Arrival, Message


class Dashboard:
    """An `agent.publish.teller.Teller`."""

    refused = 0
    """It has no ears."""

    def __init__(self, topics: Topics, site_name: str) -> None:
        self._topics = topics
        self._site_name = site_name
        self._news = News()
        self._described: set[tuple[str, str]] = set()

    def will(self, now_us: int) -> Message:
        """See `Teller`."""
        return Message(self._topics.status, OFFLINE, retained=True)

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """See `Teller`."""
        return ()

    def everything(self, plant: Plant, now_us: int) -> Iterator[Message]:
        """See `Teller`: that we are there, then what there is, then how it is."""
        self._news.forget()
        self._described.clear()
        yield Message(self._topics.status, ONLINE, retained=True)
        yield from self.news(plant, now_us)

    def news(self, plant: Plant, now_us: int) -> Iterator[Message]:
        """See `Teller`."""
        for device, member in plant.items():
            readings = [(device, reading) for reading in member.readings.values()]
            for _, reading in self._news.of(readings, now_us):
                yield from self._description(device, reading.point)
                yield Message(self._topics.value(device, reading.point), value(reading), qos=0)

    def hear(self, arrival: Arrival) -> bool:
        """See `Teller`: nothing is subscribed to."""
        return False

    def _description(self, device: str, point: str) -> Iterator[Message]:
        if (device, point) in self._described:
            return
        self._described.add((device, point))
        content = config(self._topics, device, point, self._site_name)
        yield Message(self._topics.config(device, point), content, qos=0, retained=True)
