"""`agent.discover.report`, `progress`: what was found, and a configuration to begin with."""

import io
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from agent.discover.progress import Progress
from agent.discover.report import Found, configuration, lines
from agent.discover.targets import Service

INVERTER = Found(
    where="192.168.1.17:502",
    service=Service.MODBUS,
    text="Modbus device",
    unit=1,
    profile="reference-inverter",
    identity=(("maker", "Phoenyra"), ("model", "R1")),
    line=(("kind", "modbus_tcp"), ("host", "192.168.1.17"), ("port", 502)),
)
BROKER = Found(where="192.168.1.5:1883", service=Service.MQTT, text="MQTT broker, lets anybody in")


def test_each_thing_found_is_one_line() -> None:
    assert lines([INVERTER, BROKER]) == [
        "192.168.1.17:502 unit 1         Phoenyra R1; Modbus device; profile reference-inverter",
        "192.168.1.5:1883                MQTT broker, lets anybody in",
    ]


def test_the_configuration_is_toml_with_a_name_of_its_own_for_each_device() -> None:
    site = tomllib.loads(configuration([INVERTER, BROKER, INVERTER], "hof"))
    assert site["site"] == "hof"
    assert [device["id"] for device in site["devices"]] == [
        "reference-inverter",
        "reference-inverter-2",
    ]
    assert site["devices"][0]["host"] == "192.168.1.17"


@given(st.text(), st.text(alphabet=st.characters(codec="utf-8")))
def test_whatever_a_device_calls_itself_the_configuration_stays_toml(maker: str, text: str) -> None:
    found = Found(
        where="h:1",
        service=Service.MODBUS,
        text=text,
        unit=2,
        profile="p",
        identity=(("maker", maker),),
        line=(("kind", "modbus_tcp"),),
    )
    site = tomllib.loads(configuration([found], "hof"))
    assert site["devices"] == [{"id": "p", "kind": "modbus_tcp", "unit": 2, "profile": "p"}]
    assert all(line.isprintable() for line in lines([found]))


def test_away_from_a_terminal_progress_is_a_line_each_tenth() -> None:
    stream = io.StringIO()
    progress = Progress(stream, 20, "asking")
    for number in range(20):
        progress.step("h:1", found=number // 10)
    progress.end()
    written = stream.getvalue().splitlines()
    assert written[0] == "asking 2/20, found 0"
    assert written[-1] == "asking 20/20, found 1"
    assert len(written) == 10


def test_on_a_terminal_progress_is_one_bar() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    progress = Progress(stream, 2, "asking")
    progress.step("h:1", found=0)
    progress.step("h:2", found=1)
    progress.end()
    assert stream.getvalue().count("\r") == 2
    assert "2/2" in stream.getvalue()
    assert stream.getvalue().endswith("found 1\n")
