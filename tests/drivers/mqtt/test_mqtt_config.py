"""drivers.mqtt.config: settings that fit together, and secrets that stay where they are."""

import pytest
from pydantic import TypeAdapter, ValidationError

from drivers.mqtt.config import MqttConfig, SparkplugConfig
from drivers.mqtt.party import Place, Tls
from drivers.registry import DeviceConfig

CONFIG: TypeAdapter[DeviceConfig] = TypeAdapter(DeviceConfig)
JSON = {"id": "b1", "kind": "mqtt", "profile": "generic-mqtt", "host": "broker.local"}
SPARKPLUG = {**JSON, "kind": "sparkplug", "group": "plant", "node": "edge 1"}


def test_what_is_left_out_has_a_safe_default() -> None:
    config = CONFIG.validate_python(JSON)
    assert isinstance(config, MqttConfig)
    assert config.place("12ab") == Place(host="broker.local", port=1883, client_id="phoenyra-12ab")
    secure = CONFIG.validate_python({**JSON, "tls": True, "ca_file": "/ca.pem", "version": "5"})
    assert isinstance(secure, MqttConfig)
    place = secure.place("1")
    assert (place.port, place.tls, place.version_5) == (8883, Tls(ca_file="/ca.pem"), True)


def test_a_password_is_shown_nowhere() -> None:
    config = CONFIG.validate_python({**SPARKPLUG, "username": "u", "password": "s3cret"})
    assert isinstance(config, SparkplugConfig)
    place = config.place("1")
    assert place.password == "s3cret"
    assert "s3cret" not in f"{config!r}{place!r}{place}{config.model_dump_json()}"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"ca_file": "/ca.pem"}, "only with tls = true"),
        ({"tls": True, "cert_file": "/c.pem"}, "expected together"),
        ({"password": "x"}, "together with a username"),
        ({"client_id": "a b"}, "client_id"),
        ({"keepalive_s": 1}, "keepalive_s"),
        ({"version": "3"}, "version"),
        ({"prefix": "a/#"}, "prefix"),
        ({"topic": "a"}, "topic"),
        ({"host": ""}, "host"),
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        CONFIG.validate_python({**JSON, **changes})


@pytest.mark.parametrize("name", ["a/b", "a+", "#", ""])
def test_a_name_in_sparkplug_is_one_level(name: str) -> None:
    for key in ("group", "node", "device", "host_id"):
        with pytest.raises(ValidationError, match=key):
            CONFIG.validate_python({**SPARKPLUG, key: name})
