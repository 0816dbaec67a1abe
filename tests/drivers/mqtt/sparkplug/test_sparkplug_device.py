"""drivers.mqtt.sparkplug.device: a host with a real broker between it and an edge node."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.base import Identified, PowerSetter, Rate
from drivers.beside import beside
from drivers.document import open_document
from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.mqtt.party import Message
from drivers.mqtt.sparkplug import device, payload, session
from drivers.mqtt.sparkplug.device import SparkplugInverter
from drivers.mqtt.sparkplug.metric import DataType, Metric, Payload
from drivers.mqtt.sparkplug.profile import read_profile
from drivers.mqtt.sparkplug.topic import Kind, Node
from simulators.battery import Rating
from simulators.faults import FaultSet
from simulators.frequency import Wander
from simulators.plant import Plant
from simulators.sparkplug import MAKER, EdgeNode
from tests.support import mosquitto
from tests.support.mosquitto import Listening, Mosquitto, place, talking
from tests.support.mqtt_site import CLOCK, driver_at, power_is, reading, trouble_of, value_is
from tests.support.patience import eventually
from wire.block import Quality

pytestmark = pytest.mark.skipif(not mosquitto.PROGRAM, reason="mosquitto is not installed")
NODE = Node("plant", "edge")
TELL_S = 5.0
SCALE = 5


def edge(port: int, member: str = "battery") -> EdgeNode:
    plant = Plant(
        Rating(capacity_kwh=200.0, power_kw=100.0),
        60.0,
        Wander(1),
        asyncio.get_running_loop().time,
    )
    profile = read_profile(open_document("generic-sparkplug"))
    return EdgeNode(profile, NODE, member, plant, CLOCK, place(port), timeout_s=12.0)


@asynccontextmanager
async def host_at(server: Mosquitto, **settings: object) -> AsyncIterator[SparkplugInverter]:
    known = {"kind": "sparkplug", "profile": "generic-sparkplug", "group": "plant", "node": "edge"}
    async with driver_at(server.port, **{**known, "device": "battery", **settings}) as driver:
        assert isinstance(driver, SparkplugInverter)
        yield driver


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[tuple[Mosquitto, EdgeNode, SparkplugInverter]]:
    async with mosquitto.running(folder) as server:
        node = edge(server.port)
        async with beside(node.run(), "node"), host_at(server) as driver:
            await power_is(driver, 0.0)
            yield server, node, driver


async def test_a_node_that_was_born_before_us_is_asked_for_its_birth(tmp_path: Path) -> None:
    async with mosquitto.running(tmp_path) as server:
        node = edge(server.port)
        async with beside(node.run(), "node"):
            await eventually(lambda: node.broker.connected)
            async with host_at(server) as driver:
                await value_is(driver, "battery.soc_pct", lambda value: value == 60.0)
                soc = await reading(driver, "battery.soc_pct")
                assert soc.quality is Quality.GOOD
                assert abs(soc.at_us - CLOCK.now_us()) < 2_000_000
                assert isinstance(driver, Identified)
                assert driver.identity == {k: v for k, v in MAKER.items() if k != "firmware"}
                assert (await reading(driver, "pcs.status", Rate.SLOW)).value == 0.0


async def test_a_set_point_comes_back_as_data_and_moves_the_plant(tmp_path: Path) -> None:
    async with site(tmp_path) as (_, node, driver):
        assert isinstance(driver, PowerSetter)
        await driver.take_over()
        for power_kw in (12.5, -30.0, -30.0):
            await driver.write_power_kw(power_kw)
            assert node.plant.command.power_kw == power_kw
            await power_is(driver, power_kw)
        assert driver.refresh_s == 4.0


async def test_a_set_point_that_does_not_come_back_was_not_taken(tmp_path: Path) -> None:
    async with site(tmp_path) as (_, node, driver):
        node.plant.faults.set(FaultSet(exception=4), {})
        with pytest.raises(DeviceUnreachable, match="did not come back"):
            await driver.write_power_kw(10.0)
        with pytest.raises(DeviceRefused, match="outside its range"):
            await driver.write_power_kw(100_001.0)


async def test_after_a_gap_a_birth_is_asked_for_and_the_device_comes_back(tmp_path: Path) -> None:
    async with site(tmp_path) as (_, node, driver):
        node.skip()
        assert "a message of it is missing" in await trouble_of(driver)
        await value_is(driver, "battery.soc_pct", lambda value: value is not None)
        assert driver.session.gaps == 1


async def test_a_node_that_vanishes_is_gone_at_once_and_back_with_its_birth(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, node, driver), mosquitto_speaker(server) as speaker:
        death = Payload(metrics=(Metric(name="bdSeq", kind=DataType.INT64, value=0),))
        topic = NODE.topic(Kind.NDEATH)
        await speaker.broker_publish(Message(topic, payload.encode(death)))
        assert "plant/edge: it has died" in await trouble_of(driver)
        node.power_up()
        await power_is(driver, 0.0)


async def test_after_a_restart_of_the_broker_all_are_born_again(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, node, driver):
        await server.stop()
        assert "127.0.0.1" in await trouble_of(driver)
        await server.start()
        await driver_is_back(driver)
        await driver.write_power_kw(5.0)
        assert node.plant.command.power_kw == 5.0


@pytest.mark.slow
async def test_whatever_an_edge_node_does_it_is_heard_and_obeys_again_100_times_of_100(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost message, a birth out of nothing, a node that is unplugged; waits are a fifth."""
    monkeypatch.setattr(session, "REBIRTH_S", session.REBIRTH_S / SCALE**2)
    for wait in ("LOOK_S", "PUBLISH_S"):
        monkeypatch.setattr(device, wait, getattr(device, wait) / SCALE)
    loop = asyncio.get_running_loop()
    recovered_s: list[float] = []
    gaps = 0
    async with mosquitto.running(tmp_path) as server, host_at(server) as driver:
        while len(recovered_s) < 100:
            node = edge(server.port)
            async with beside(node.run(), "node"):
                for trick in (None, node.skip, *4 * (node.power_up, node.skip)):
                    if trick is not None:
                        trick()
                    gaps += trick == node.skip
                    began_s, power_kw = loop.time(), float(len(recovered_s) + 1)
                    await asked(driver, power_kw)
                    recovered_s.append(loop.time() - began_s)
                    assert node.plant.command.power_kw == power_kw
            assert "it has died" in await trouble_of(driver)
    assert len(recovered_s) == 100
    assert driver.session.gaps == gaps == 50
    assert max(recovered_s) < 10.0 / SCALE


async def asked(driver: SparkplugInverter, power_kw: float) -> None:
    """Ask until it is obeyed: a node that is about to be lost or found does not answer."""
    while True:
        try:
            return await driver.write_power_kw(power_kw)
        except DeviceUnreachable:
            await asyncio.sleep(0.01)


async def driver_is_back(driver: SparkplugInverter) -> None:
    await value_is(driver, "battery.soc_pct", lambda value: value is not None)


async def test_a_primary_host_says_that_it_is_there_and_its_will_that_it_is_not(
    tmp_path: Path,
) -> None:
    watcher = Listening(topics=(("spBv1.0/STATE/#", 1),))
    async with mosquitto.running(tmp_path) as server, talking(place(server.port), watcher) as own:
        await eventually(lambda: own.connected)
        async with host_at(server, host_id="scada"):
            await eventually(lambda: watcher.heard)
            online = json.loads(watcher.heard[0].payload)
        await eventually(lambda: json.loads(watcher.heard[-1].payload)["online"] is False)
        offline = json.loads(watcher.heard[-1].payload)
        assert (online["online"], online["timestamp"]) == (True, offline["timestamp"])
        assert watcher.heard[0].topic == "spBv1.0/STATE/scada"


async def test_poison_on_the_nodes_topics_is_refused_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(tmp_path) as (server, _, driver), mosquitto_speaker(server) as speaker:
        for poison in (b"{}", b"\xff" * 100, bytes(300_000)):
            await speaker.broker_publish(Message(NODE.topic(Kind.DDATA, "battery"), poison))
        await speaker.broker_publish(Message(NODE.topic(Kind.NDATA), b""))
        await eventually(lambda: driver.refused >= 4)
        assert caplog.text.count("refused") == 1
        assert (await reading(driver, "battery.soc_pct")).value is not None


async def test_a_value_of_the_past_of_bad_quality_or_impossible_time_is_none(
    tmp_path: Path,
) -> None:
    async with (
        mosquitto.running(tmp_path) as server,
        host_at(server) as driver,
        mosquitto_speaker(server) as speaker,
    ):
        await eventually(lambda: driver.broker.connected)
        now_ms = CLOCK.now_us() // 1_000
        born = (
            Metric(name="Battery/SoC", kind=DataType.DOUBLE, value=50.0, historical=True),
            Metric(name="Grid/Frequency", kind=DataType.DOUBLE, value=50.0, quality=0),
            Metric(name="Inverter/Power", kind=DataType.DOUBLE, value=1.0, at_ms=0),
            Metric(name="Inverter/Set Power", kind=DataType.DOUBLE, value=1.0, unit="MW"),
        )
        for seq, (kind, member, metrics) in enumerate(
            ((Kind.NBIRTH, "", ()), (Kind.DBIRTH, "battery", born))
        ):
            content = Payload(at_ms=now_ms, seq=seq, metrics=metrics)
            topic = NODE.topic(kind, member)
            await speaker.broker_publish(Message(topic, payload.encode(content)))
        await value_is(driver, "pcs.set_power_kw", lambda value: value == 1_000.0)
        found = {reading.point: reading for reading in await driver.read(Rate.FAST)}
        assert found["battery.soc_pct"].quality is Quality.LOST
        assert found["grid.frequency_hz"].quality is Quality.BAD
        assert found["ac.power_kw"].quality is Quality.LOST
        assert driver.refused == 1


async def test_a_cancelled_wait_for_a_set_point_ends_at_once(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with site(tmp_path) as (_, node, driver), asyncio.TaskGroup() as tasks:
        node.plant.faults.set(FaultSet(drop=True), {})
        writing = tasks.create_task(driver.write_power_kw(10.0))
        await eventually(lambda: node.plant.command.power_kw == 10.0)
        began_s = loop.time()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert loop.time() - began_s < 1.0


class Speaker(Listening):
    """Somebody who says what a test wants."""

    async def broker_publish(self, message: Message) -> None:
        assert self.broker is not None
        await self.broker.publish(message, TELL_S)


@asynccontextmanager
async def mosquitto_speaker(server: Mosquitto) -> AsyncIterator[Speaker]:
    speaker = Speaker(topics=())
    async with talking(place(server.port), speaker) as broker:
        speaker.broker = broker
        await eventually(lambda: broker.connected)
        yield speaker
