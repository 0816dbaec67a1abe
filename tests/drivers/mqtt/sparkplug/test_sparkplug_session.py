"""drivers.mqtt.sparkplug.session: a host believes what it can follow, and asks for the rest."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.mqtt.sparkplug.metric import DataType, Metric, Payload
from drivers.mqtt.sparkplug.session import BD_SEQ, REBIRTH_S, Session
from drivers.mqtt.sparkplug.topic import Kind, Node, state_topic
from drivers.payload import BadPayload

NODE = Node("plant", "edge 1")


def birth(seq: int, *metrics: Metric, bd_seq: int | None = None) -> Payload:
    own = () if bd_seq is None else (Metric(name=BD_SEQ, kind=DataType.INT64, value=bd_seq),)
    return Payload(at_ms=1_000, seq=seq, metrics=(*own, *metrics))


def soc(value: float, alias: int | None = 1) -> Metric:
    return Metric(name="SoC", alias=alias, kind=DataType.DOUBLE, value=value)


def data(seq: int, *metrics: Metric) -> Payload:
    return Payload(at_ms=2_000, seq=seq, metrics=metrics)


def by_alias(alias: int, value: float) -> Metric:
    return Metric(alias=alias, value=value)


def born(bd_seq: int = 0) -> Session:
    """Return a node and its device b1, after their births with 0 and 1."""
    session = Session()
    session.take(Kind.NBIRTH, "", birth(0, bd_seq=bd_seq))
    session.take(Kind.DBIRTH, "b1", birth(1, soc(50.0)))
    return session


def values(session: Session, kind: Kind, device: str, payload: Payload) -> Sequence[object]:
    return [news.value for news in session.take(kind, device, payload)]


def test_births_tell_values_and_data_follows_by_alias_and_by_name() -> None:
    session = Session()
    assert not session.there("")
    assert values(session, Kind.NBIRTH, "", birth(0, bd_seq=3)) == [3]
    assert session.there("")
    assert not session.there("b1")
    (news,) = session.take(Kind.DBIRTH, "b1", birth(1, soc(50.0)))
    assert (news.known.name, news.known.device, news.value, news.at_ms) == (
        "SoC",
        "b1",
        50.0,
        1_000,
    )
    assert session.there("b1")
    (news,) = session.take(Kind.DDATA, "b1", data(2, by_alias(1, 51.0)))
    assert (news.known.name, news.value, news.at_ms) == ("SoC", 51.0, 2_000)
    assert values(session, Kind.DDATA, "b1", data(3, soc(52.0, None))) == [52.0]


def test_a_value_without_a_type_has_that_of_its_birth() -> None:
    session = Session()
    count = Metric(name="n", alias=5, kind=DataType.INT16, value=-1)
    session.take(Kind.NBIRTH, "", birth(0, count))
    assert values(session, Kind.NDATA, "", data(1, Metric(alias=5, value=0xFFFF_FFFE))) == [-2]
    assert values(session, Kind.NDATA, "", data(2, Metric(alias=5))) == [None]


def test_the_sequence_wraps_after_255() -> None:
    session = Session()
    session.take(Kind.NBIRTH, "", birth(254, soc(1.0)))
    for seq in (255, 0, 1):
        assert values(session, Kind.NDATA, "", data(seq, by_alias(1, 2.0))) == [2.0]
    assert session.gaps == 0


def test_after_a_gap_nothing_is_believed_until_a_birth_which_is_asked_for_not_too_often() -> None:
    session = born()
    assert not session.rebirth_due(0.0)
    assert values(session, Kind.DDATA, "b1", data(3, by_alias(1, 99.0))) == []
    assert (session.alive, session.gaps, session.trouble) == (
        False,
        1,
        "a message of it is missing",
    )
    assert session.rebirth_due(10.0)
    assert values(session, Kind.DDATA, "b1", data(4, by_alias(1, 99.0))) == []
    assert not session.rebirth_due(10.0 + REBIRTH_S / 2)
    assert session.rebirth_due(10.0 + REBIRTH_S)
    session.take(Kind.NBIRTH, "", birth(0))
    session.take(Kind.DBIRTH, "b1", birth(1, soc(50.0, 7)))
    assert not session.rebirth_due(100.0)
    assert values(session, Kind.DDATA, "b1", data(2, by_alias(7, 51.0))) == [51.0]


def test_a_repeated_message_is_passed_over() -> None:
    session = born()
    assert values(session, Kind.DDATA, "b1", data(2, by_alias(1, 51.0))) == [51.0]
    assert values(session, Kind.DDATA, "b1", data(2, by_alias(1, 51.0))) == []
    assert session.there("b1")


def test_data_before_any_birth_asks_for_one() -> None:
    session = Session()
    assert values(session, Kind.DDATA, "b1", data(7, by_alias(1, 51.0))) == []
    assert session.rebirth_due(0.0)


def test_a_death_of_another_birth_is_ignored_and_its_own_counts() -> None:
    session = born(bd_seq=4)
    session.take(Kind.NDEATH, "", birth(0, bd_seq=3))
    assert session.there("b1")
    session.take(Kind.NDEATH, "", Payload(metrics=birth(0, bd_seq=4).metrics))
    assert not session.there("")
    assert session.trouble == "it has died"


def test_a_dead_device_leaves_its_node_alive() -> None:
    session = born()
    session.take(Kind.DDEATH, "b1", data(2))
    assert session.there("")
    assert not session.there("b1")
    with pytest.raises(BadPayload, match="'b1' was not born"):
        session.take(Kind.DDATA, "b1", data(3, by_alias(1, 1.0)))
    assert session.rebirth_due(0.0)


def test_a_new_birth_of_the_node_ends_its_devices() -> None:
    session = born()
    session.take(Kind.NBIRTH, "", birth(0))
    assert not session.there("b1")


def test_a_metric_that_was_not_born_asks_for_a_birth() -> None:
    session = born()
    with pytest.raises(BadPayload, match="9 was not born"):
        session.take(Kind.DDATA, "b1", data(2, by_alias(9, 1.0)))
    assert session.rebirth_due(0.0)
    with pytest.raises(BadPayload, match="was not born"):
        session.take(Kind.NDATA, "", data(3, by_alias(1, 1.0)))


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (birth(0, soc(1.0), soc(2.0, 2)), "born twice"),
        (birth(0, soc(1.0), Metric(name="x", alias=1)), "given twice"),
        (birth(0, by_alias(1, 1.0)), "without a name"),
        (birth(256), "no sequence number"),
        (Payload(), "no sequence number"),
    ],
)
def test_a_birth_that_breaks_the_rules_is_none(payload: Payload, complaint: str) -> None:
    session = Session()
    with pytest.raises(BadPayload, match=complaint):
        session.take(Kind.NBIRTH, "", payload)
    assert not session.alive


def test_two_devices_cannot_have_one_alias() -> None:
    session = born()
    with pytest.raises(BadPayload, match="belongs to another metric"):
        session.take(Kind.DBIRTH, "b2", birth(2, soc(50.0)))
    assert session.there("b1")


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from(Kind), st.integers(0, 255), st.integers(0, 3), st.integers(0, 2)),
        max_size=30,
    )
)
def test_no_order_of_messages_puts_a_value_under_a_wrong_name(
    flow: list[tuple[Kind, int, int, int]],
) -> None:
    """Each metric's values are its own alias: whatever is missing, no other may be told."""
    session = Session()
    for kind, seq, alias, bd_seq in flow:
        device = "b1" if kind.of_device else ""
        metric = Metric(name=f"m{alias}", alias=alias, kind=DataType.INT32, value=alias)
        if "DATA" in kind:
            metric = Metric(alias=alias, value=alias)
        try:
            found = session.take(kind, device, birth(seq, metric, bd_seq=bd_seq))
        except BadPayload:
            continue
        for news in found:
            assert news.known.name in (BD_SEQ, f"m{news.value}")
            assert news.known.device == device


def test_a_topic_is_its_nodes_own_or_none() -> None:
    assert NODE.parse("spBv1.0/plant/NBIRTH/edge 1") == (Kind.NBIRTH, "")
    assert NODE.parse("spBv1.0/plant/DDATA/edge 1/b1") == (Kind.DDATA, "b1")
    for topic in (
        "spBv1.0/plant/DDATA/edge 1",
        "spBv1.0/plant/NDATA/edge 1/b1",
        "spBv1.0/plant/NDATA/edge 2",
        "spBv1.0/other/NDATA/edge 1",
        "spAv1.0/plant/NDATA/edge 1",
        "spBv1.0/plant/XDATA/edge 1",
        "spBv1.0/STATE/host",
        "a/b/c/d/e/f",
    ):
        assert NODE.parse(topic) is None
    assert NODE.topic(Kind.DCMD, "b1") == "spBv1.0/plant/DCMD/edge 1/b1"
    assert state_topic("scada") == "spBv1.0/STATE/scada"
