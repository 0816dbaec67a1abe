"""`agent.publish.sparkplug`: an edge node of which a host never misses or misreads a message."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.publish.news import deadband
from agent.publish.plant import Member, Plant
from agent.publish.sparkplug import METRICS_MAX, EdgeNode
from drivers.mqtt.party import Arrival, Message
from drivers.mqtt.sparkplug import payload
from drivers.mqtt.sparkplug.metric import DataType, Metric, Payload
from drivers.mqtt.sparkplug.session import Session
from drivers.mqtt.sparkplug.topic import Kind, Node
from wire.block import Quality, Reading

NODE = Node("phoenyra", "werk")
START_US = 1_800_000_000_000_000
POINTS = ("ac.power_kw", "battery.soc_pct", "grid.frequency_hz", "pcs.status")
DEVICES = ("bms", "meter", "pcs")


@dataclass
class Host:
    """Our own host, which refuses whatever breaks the rules, and the newest it was told."""

    session: Session = field(default_factory=Session)
    values: dict[tuple[str, str], tuple[float | None, int | None]] = field(default_factory=dict)
    seqs: list[int | None] = field(default_factory=list)
    kinds: list[tuple[Kind, str]] = field(default_factory=list)

    def take(self, message: Message) -> None:
        about = NODE.parse(message.topic)
        assert about is not None
        assert not message.retained
        content = payload.decode(message.payload)
        self.seqs.append(content.seq)
        self.kinds.append(about)
        for news in self.session.take(*about, content):
            if news.known.device:
                assert news.value is None or isinstance(news.value, float)
                self.values[news.known.device, news.known.name] = news.value, news.quality


def member(*readings: Reading, there: bool = True) -> Member:
    return Member(there, {reading.point: reading for reading in readings})


def soc(value: float | None, quality: Quality = Quality.GOOD) -> Reading:
    return Reading("battery.soc_pct", value, quality, START_US)


def born(plant: Plant) -> tuple[EdgeNode, Host]:
    node, host = EdgeNode(NODE), Host()
    node.will(START_US)
    for message in node.everything(plant, START_US):
        host.take(message)
    return node, host


def told(node: EdgeNode, host: Host, plant: Plant, now_us: int = START_US) -> list[Kind]:
    before = len(host.kinds)
    for message in node.news(plant, now_us):
        host.take(message)
    return [kind for kind, _ in host.kinds[before:]]


def readings() -> st.SearchStrategy[Reading]:
    return st.builds(
        lambda point, value, quality: Reading(
            point, value if quality in (Quality.GOOD, Quality.STALE) else None, quality, START_US
        ),
        st.sampled_from(POINTS),
        st.floats(-1000, 1000),
        st.sampled_from(Quality),
    )


def members() -> st.SearchStrategy[Member]:
    return st.builds(
        lambda some, there: member(*some, there=there), st.lists(readings()), st.booleans()
    )


PLANTS = st.dictionaries(st.sampled_from(DEVICES), members())
STEPS = st.lists(
    st.tuples(st.sampled_from(["news", "rebirth", "connect"]), PLANTS, st.integers(0, 40_000_000)),
    max_size=30,
)


@given(STEPS)
def test_a_host_never_misses_a_message_nor_meets_an_unborn_device_or_a_shared_alias(
    steps: list[tuple[str, Plant, int]],
) -> None:
    node, host, now_us = EdgeNode(NODE), Host(), START_US
    death = node.will(now_us)
    for what, plant, later_us in (("rebirth", {}, 0), *steps):
        now_us += later_us
        if what == "connect":
            death = node.will(now_us)
        words = node.news if what == "news" else node.everything
        for message in words(plant, now_us):
            host.take(message)
        assert host.session.alive
        assert host.session.gaps == 0
        there = {device for device, one in plant.items() if one.there}
        assert {device for device in there if plant[device].readings} <= host.session.devices
        assert host.session.devices <= there
        for device in host.session.devices:
            _agrees(host, device, plant[device])
    host.session.take(Kind.NDEATH, "", payload.decode(death.payload))
    assert not host.session.alive, "the will belongs to the births of the same connection"


def _agrees(host: Host, device: str, shown: Member) -> None:
    for point, reading in shown.readings.items():
        value, quality = host.values[device, point]
        if reading.quality is Quality.GOOD:
            assert quality == 192
            assert value is not None
            assert reading.value is not None
            assert abs(value - reading.value) < deadband(point)
        else:
            assert value is None
            assert quality == (500 if reading.quality is Quality.STALE else 0)


@settings(max_examples=10)
@given(st.integers(0, 600))
def test_sequence_numbers_count_from_0_to_255_and_begin_again(messages: int) -> None:
    node, host = born({"bms": member(soc(0.0))})
    for step in range(messages):
        assert told(node, host, {"bms": member(soc(float(step % 2 + 1)))}) == [Kind.DDATA]
    assert host.seqs == [n % 256 for n in range(messages + 2)]


def test_each_connection_has_the_next_number_of_births_and_deaths_up_to_255() -> None:
    node = EdgeNode(NODE)
    numbers = []
    for _ in range(300):
        will = node.will(START_US)
        birth = next(node.everything({}, START_US))
        contents = [payload.decode(message.payload) for message in (will, birth)]
        last, first = (one.metrics[0] for one in contents)
        assert (first.name, last.name) == ("bdSeq", "bdSeq")
        assert first.value == last.value
        assert contents[0].seq is None, "a will has no place in the sequence"
        numbers.append(last.value)
    assert numbers == [n % 256 for n in range(300)]
    will = node.will(START_US)
    assert (will.topic, will.qos, will.retained) == ("spBv1.0/phoenyra/NDEATH/werk", 1, False)


def test_asking_for_births_keeps_the_number_of_the_connection() -> None:
    node, host = born({"bms": member(soc(50.0))})
    for message in node.everything({"bms": member(soc(50.0))}, START_US):
        host.take(message)
    assert host.seqs == [0, 1, 0, 1]
    host.session.take(Kind.NDEATH, "", payload.decode(EdgeNode(NODE).will(START_US).payload))
    assert not host.session.alive


def test_a_birth_tells_name_unit_type_and_quality_of_every_point() -> None:
    node = EdgeNode(NODE)
    node.will(START_US)
    plant = {"bms": member(soc(50.0), Reading("pcs.status", None, Quality.BAD, START_US))}
    _, birth = node.everything(plant, START_US)
    first, second = payload.decode(birth.payload).metrics
    assert (first.name, first.unit, first.value) == ("battery.soc_pct", "%", 50.0)
    assert (first.quality, first.at_ms) == (192, START_US // 1_000)
    assert (second.name, second.value, second.quality) == ("pcs.status", None, 0)
    assert {first.kind, second.kind} == {DataType.DOUBLE}
    assert first.alias != second.alias


def test_a_lost_device_dies_and_is_born_again_when_it_is_back() -> None:
    node, host = born({"bms": member(soc(50.0)), "pcs": member(soc(20.0))})
    gone = {"bms": member(soc(50.0, Quality.STALE), there=False), "pcs": member(soc(20.0))}
    assert told(node, host, gone) == [Kind.DDEATH]
    assert told(node, host, gone) == []
    assert host.session.devices == {"pcs"}
    back = {"bms": member(soc(51.0)), "pcs": member(soc(20.0))}
    assert told(node, host, back) == [Kind.DBIRTH]
    assert host.values["bms", "battery.soc_pct"] == (51.0, 192)


def test_a_new_point_brings_a_new_birth_of_its_device_only() -> None:
    node, host = born({"bms": member(soc(50.0)), "pcs": member(soc(20.0))})
    status = Reading("pcs.status", 1.0, Quality.GOOD, START_US)
    plant = {"bms": member(soc(50.0)), "pcs": member(soc(20.0), status)}
    assert told(node, host, plant) == [Kind.DBIRTH]
    assert host.kinds[-1] == (Kind.DBIRTH, "pcs")


def test_of_a_point_that_vanished_nothing_is_known() -> None:
    status = Reading("pcs.status", 1.0, Quality.GOOD, START_US)
    node, host = born({"pcs": member(soc(20.0), status)})
    assert told(node, host, {"pcs": member(soc(20.0))}) == [Kind.DDATA]
    assert host.values["pcs", "pcs.status"] == (None, 0)


def test_many_values_are_several_messages() -> None:
    def many(value: float) -> Plant:
        names = [f"rack.cell_{n}_v" for n in range(METRICS_MAX + 1)]
        return {"bms": member(*(Reading(n, value, Quality.GOOD, START_US) for n in names))}

    node, host = born(many(3.0))
    assert told(node, host, many(3.5)) == [Kind.DDATA, Kind.DDATA]
    assert {value for value, _ in host.values.values()} == {3.5}


def command(kind: Kind, device: str, *metrics: Metric, retained: bool = False) -> Arrival:
    return Arrival(
        NODE.topic(kind, device), payload.encode(Payload(metrics=metrics)), retained=retained
    )


REBIRTH = Metric(name="Node Control/Rebirth", kind=DataType.BOOLEAN, value=True)


def test_a_host_that_asks_for_births_gets_them() -> None:
    node = EdgeNode(NODE)
    assert node.hear(command(Kind.NCMD, "", REBIRTH))
    assert node.refused == 0


@pytest.mark.parametrize(
    "arrival",
    [
        command(Kind.DCMD, "pcs", Metric(alias=1, kind=DataType.DOUBLE, value=50.0)),
        command(Kind.DCMD, "pcs", REBIRTH),
        command(Kind.NCMD, "", Metric(name="Node Control/Reboot", kind=11, value=True)),
        command(Kind.NCMD, "", Metric(name=REBIRTH.name, kind=11, value=False)),
        Arrival(NODE.topic(Kind.NCMD), b"\xff\xff", retained=False),
    ],
)
def test_any_other_command_is_refused_and_changes_nothing(arrival: Arrival) -> None:
    node, host = born({"pcs": member(soc(20.0))})
    assert not node.hear(arrival)
    assert node.refused == 1
    assert told(node, host, {"pcs": member(soc(20.0))}) == []


def test_a_command_that_the_broker_kept_or_of_another_node_is_passed_over() -> None:
    node = EdgeNode(NODE)
    assert not node.hear(command(Kind.NCMD, "", REBIRTH, retained=True))
    other = Arrival("spBv1.0/phoenyra/NCMD/other", b"", retained=False)
    assert not node.hear(other)
    assert node.refused == 0
