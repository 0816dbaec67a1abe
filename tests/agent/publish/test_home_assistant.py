"""`agent.publish.home_assistant`: topics and messages that a dashboard finds by itself."""

import json

from agent.publish.home_assistant import EXPIRE_S, Topics, config, value
from wire.block import Quality, Reading

TOPICS = Topics("phoenyra", "hof-1")


def test_a_value_says_its_unit_its_time_and_how_good_it_is() -> None:
    message = value(Reading("grid.frequency_hz", 49.987, Quality.GOOD, 1_700_000_000_000_000))
    assert json.loads(message) == {
        "value": 49.987,
        "unit": "Hz",
        "quality": "good",
        "timestamp": "2023-11-14T22:13:20Z",
    }


def test_a_value_that_is_not_good_goes_out_as_nothing() -> None:
    for quality in (Quality.STALE, Quality.BAD, Quality.LOST):
        reading = Reading("battery.soc_pct", 50.0, quality, 0)
        assert json.loads(value(reading))["value"] is None


def test_the_message_of_discovery_names_where_the_value_lies_and_what_it_is() -> None:
    document = json.loads(config(TOPICS, "inverter", "battery.soc_pct", "Hof"))
    assert document["state_topic"] == "phoenyra/hof-1/inverter/battery.soc_pct"
    assert document["availability_topic"] == "phoenyra/hof-1/status"
    assert (document["device_class"], document["unit_of_measurement"]) == ("battery", "%")
    assert document["expire_after"] == EXPIRE_S
    assert document["device"]["name"] == "Hof inverter"


def test_a_pure_number_has_neither_unit_nor_class() -> None:
    document = json.loads(config(TOPICS, "inverter", "pcs.status", "Hof"))
    assert not {"device_class", "unit_of_measurement"} & document.keys()


def test_two_points_never_share_a_topic_of_discovery() -> None:
    topics = {
        TOPICS.config(device, point)
        for device in ("pv", "pv-2")
        for point in ("ac.power_kw", "ac.reactive_kvar")
    }
    assert len(topics) == 4
    assert TOPICS.config("pv", "ac.power_kw") == "homeassistant/sensor/hof-1/pv_ac_power_kw/config"
