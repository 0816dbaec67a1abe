"""`agent.publish.dashboard`: what there is goes before how it is, and availability before both."""

import json

from agent.publish.dashboard import Dashboard
from agent.publish.home_assistant import Topics
from agent.publish.plant import Member, Plant
from drivers.mqtt.party import Arrival, Message
from wire.block import Quality, Reading

TOPICS = Topics("phoenyra", "hof")
VALUE = "phoenyra/hof/bms/battery.soc_pct"
CONFIG = "homeassistant/sensor/hof/bms_battery_soc_pct/config"
NOW_US = 1_800_000_000_000_000


def plant(value: float | None = 50.0, quality: Quality = Quality.GOOD) -> Plant:
    reading = Reading("battery.soc_pct", value, quality, NOW_US)
    return {"bms": Member(there=True, readings={reading.point: reading})}


def dashboard() -> Dashboard:
    return Dashboard(TOPICS, "Hof")


def topics(messages: list[Message]) -> list[str]:
    return [message.topic for message in messages]


def test_a_connection_begins_with_online_and_ends_with_offline_both_retained() -> None:
    telling = dashboard()
    last, first = telling.will(NOW_US), next(telling.everything({}, NOW_US))
    assert (last.topic, last.payload, last.retained) == (TOPICS.status, b"offline", True)
    assert (first.topic, first.payload, first.retained) == (TOPICS.status, b"online", True)


def test_a_value_is_described_once_in_a_connection_before_it_is_told() -> None:
    telling = dashboard()
    begun = list(telling.everything(plant(), NOW_US))
    assert topics(begun) == [TOPICS.status, CONFIG, VALUE]
    assert [message.retained for message in begun] == [True, True, False]
    assert topics(list(telling.news(plant(51.0), NOW_US + 1))) == [VALUE]
    assert topics(list(telling.news(plant(51.0), NOW_US + 2))) == []
    assert topics(list(telling.everything(plant(51.0), NOW_US + 3)))[1:] == [CONFIG, VALUE]


def test_a_point_that_appears_later_is_described_then() -> None:
    telling = dashboard()
    list(telling.everything({}, NOW_US))
    assert topics(list(telling.news(plant(), NOW_US))) == [CONFIG, VALUE]


def test_a_value_that_grows_old_becomes_nothing() -> None:
    telling = dashboard()
    list(telling.everything(plant(), NOW_US))
    (told,) = telling.news(plant(50.0, Quality.STALE), NOW_US + 1)
    assert json.loads(told.payload)["value"] is None
    assert json.loads(told.payload)["quality"] == "stale"


def test_nothing_is_listened_to() -> None:
    telling = dashboard()
    assert not telling.subscriptions()
    assert not telling.hear(Arrival(VALUE, b"{}", retained=False))
