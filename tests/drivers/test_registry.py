"""drivers.registry: a device's settings are checked, and its library loads only when opened."""

import subprocess
import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from drivers.errors import ProfileError
from drivers.modbus.config import ModbusTcpConfig
from drivers.registry import DeviceConfig, open_driver
from wire.clock import SetClock, SystemClock

ADAPTER: TypeAdapter[DeviceConfig] = TypeAdapter(DeviceConfig)
GOOD = {
    "kind": "modbus_tcp",
    "id": "inverter-1",
    "host": "192.0.2.7",
    "profile": "reference-inverter",
}


def test_what_the_settings_leave_out_is_left_to_the_profile() -> None:
    config = ADAPTER.validate_python(GOOD)
    assert isinstance(config, ModbusTcpConfig)
    assert (config.port, config.unit) == (None, None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kind", "modbus_udp"),
        ("id", "Inverter 1"),
        ("id", "control"),
        ("host", ""),
        ("host", "a b"),
        ("port", 0),
        ("port", 65_536),
        ("unit", 256),
        ("profile", ""),
        ("prot", 1),
    ],
)
def test_a_wrong_or_unknown_setting_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        ADAPTER.validate_python({**GOOD, key: value})
    assert len(caught.value.errors()) == 1


def test_an_unknown_profile_is_reported_when_the_device_is_opened() -> None:
    config = ADAPTER.validate_python({**GOOD, "profile": "no-such"})
    with pytest.raises(ProfileError, match="reference-inverter"):
        open_driver(config, SetClock(0))


@pytest.mark.parametrize(
    "place",
    [
        {"kind": "modbus_tcp", "profile": "reference-inverter", "host": "127.0.0.1"},
        {"kind": "mqtt", "profile": "generic-mqtt", "host": "127.0.0.1", "prefix": "p"},
        {
            "kind": "sparkplug",
            "profile": "generic-sparkplug",
            "host": "127.0.0.1",
            "group": "g",
            "node": "n",
        },
        {
            "kind": "opcua",
            "profile": "opcua-battery",
            "security": "none",
            "url": "opc.tcp://127.0.0.1:1",
        },
        {"kind": "rest", "profile": "generic-rest", "url": "http://127.0.0.1:1"},
        {"kind": "push", "profile": "seed-push", "api_key": "0123456789abcdef"},
        {"kind": "serial", "profile": "sml-meter", "serial": "/dev/no-such-port"},
    ],
    ids=lambda place: place["kind"],
)
async def test_what_goes_wrong_beside_an_open_device_keeps_its_name(place: dict[str, str]) -> None:
    config = ADAPTER.validate_python({"id": "a"} | place)
    with pytest.raises(ProfileError, match="another device"):
        async with open_driver(config, SystemClock()):
            raise ProfileError("another device")


def test_settings_alone_load_no_device_library() -> None:
    libraries = {"pymodbus", "httpx", "serial", "serial_asyncio_fast", "asyncua", "aiomqtt"}
    program = f"import sys, drivers.registry; sys.exit(bool({libraries} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
