"""An inverter on MQTT, by hand: says what a test wants, and answers commands as it wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from drivers.mqtt.device import MqttDevice, MqttInverter
from drivers.mqtt.party import Arrival, Message
from tests.support import mosquitto
from tests.support.mosquitto import Listening, Mosquitto, place, talking
from tests.support.mqtt_site import CLOCK, driver_at
from tests.support.patience import eventually

STATUS = {
    "soc": 55.1,
    "power_w": -30_000,
    "frequency": 49.98,
    "temperature": 24.0,
    "state": "RUNNING",
    "limits": {"charge_w": 100_000, "discharge_w": 90_000},
}
TELL_S = 5.0


@dataclass(slots=True)
class Inverter(Listening):
    """The device's own side: what `generic-mqtt` says, by hand."""

    topics: tuple[tuple[str, int], ...] = (("b1/command/#", 1),)
    last_words: Message | None = field(
        default_factory=lambda: Message("b1/available", b"offline", retained=True)
    )
    answer: Callable[[Mapping[str, float]], object] = lambda _command: None
    answered: int = 0

    async def say(self, topic: str, content: object, *, retained: bool = False) -> None:
        assert self.broker is not None
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        await self.broker.publish(Message(f"b1/{topic}", payload, retained=retained), TELL_S)

    async def status(self, **changes: object) -> None:
        await self.say("status", {"time": CLOCK.now_us() // 1_000, **STATUS, **changes})

    async def run(self) -> None:
        """Answer commands as the test wants."""
        while True:
            await eventually(lambda: len(self.commands) > self.answered, 60.0)
            command = json.loads(self.commands[self.answered].payload)
            self.answered += 1
            content = self.answer(command)
            if content is not None:
                await self.say("command/confirmed", content)

    @property
    def commands(self) -> list[Arrival]:
        return [arrival for arrival in self.heard if arrival.topic == "b1/command/power"]


@asynccontextmanager
async def site(
    folder: Path, profile: str = "generic-mqtt"
) -> AsyncIterator[tuple[Mosquitto, Inverter, MqttInverter]]:
    """Run a broker, an inverter that is on line, and the driver."""
    inverter = Inverter()
    async with (
        mosquitto.running(folder) as server,
        talking(place(server.port), inverter) as broker,
        device_at(server, profile) as driver,
        asyncio.TaskGroup() as tasks,
    ):
        assert isinstance(driver, MqttInverter)
        inverter.broker = broker
        await eventually(lambda: broker.connected and driver.broker.connected)
        await inverter.say("available", b"online", retained=True)
        answering = tasks.create_task(inverter.run())
        yield server, inverter, driver
        answering.cancel()


@asynccontextmanager
async def device_at(server: Mosquitto, profile: str = "generic-mqtt") -> AsyncIterator[MqttDevice]:
    async with driver_at(server.port, kind="mqtt", profile=profile, prefix="b1") as driver:
        assert isinstance(driver, MqttDevice)
        yield driver
