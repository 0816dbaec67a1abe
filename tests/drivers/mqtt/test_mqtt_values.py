"""drivers.mqtt: profile, topics, samples and verdicts: what a message says, and nothing more."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.document import open_document
from drivers.errors import ProfileError
from drivers.mqtt.command import Command
from drivers.mqtt.profile import MqttProfile, describe, read_profile
from drivers.mqtt.sample import Sample, document_in, sample
from drivers.mqtt.topics import checked, filled
from drivers.mqtt.verdict import Verdict, verdict
from drivers.newest import OLD_US_MAX
from drivers.payload import BadPayload

NOW_US = 1_764_000_000_000_000
"""2025-11-24T16:00:00Z."""
HEAD = """
[profile]
id = "t"
version = 1
source = "a test"
[link]
protocol = "mqtt"
"""
POINT = """
[[point]]
name = "ac.power_kw"
topic = "p"
"""
CONTROL = """
[watchdog]
kind = "write-refresh"
timeout_s = 12
[control]
setpoint = "pcs.set_power_kw"
topic = "c"
[[point]]
name = "pcs.set_power_kw"
access = "write"
min = -100
max = 100
"""
CONFIRMED = (
    '[control.confirmation]\ntopic = "d"\naccepted = "ok"\nvalue = "value"\nreason = "why"\n'
)


def profile(folder: Path, text: str) -> MqttProfile:
    path = folder / "t.toml"
    path.write_text(text)
    return read_profile(open_document(str(path)))


def seed() -> MqttProfile:
    return read_profile(open_document("seed-mqtt"))


def said(
    which: MqttProfile, name: str, message: object, *, retained: bool = False
) -> Sample | None:
    source = next(source for source in which.sources if source.tag.name == name)
    document = document_in(json.dumps(message).encode(), words=bool(source.words))
    return sample(which, source, document, NOW_US, retained=retained)


def test_half_a_megawatt_of_charging_in_the_seeds_words_is_minus_500_kw() -> None:
    message = {"value": -0.5, "unit": "MW", "timestamp": "2025-11-24T15:59:59Z"}
    assert said(seed(), "ac.power_kw", message) == Sample(-500.0, NOW_US - 1_000_000)
    without = {"value": -0.5, "timestamp": NOW_US // 1_000_000}
    assert said(seed(), "ac.power_kw", without) == Sample(-500.0, NOW_US)
    kilowatts = {"value": -0.5, "unit": "kW", "timestamp": NOW_US // 1_000}
    assert said(seed(), "ac.power_kw", kilowatts) == Sample(-0.5, NOW_US)
    naive = {"value": 25.3, "unit": "°C", "timestamp": "2025-11-24T16:00:00"}
    assert said(seed(), "battery.temp_mean_c", naive) == Sample(25.3, NOW_US)


def test_an_unknown_unit_is_an_error_and_no_guess() -> None:
    message = {"value": 1, "unit": "GW", "timestamp": NOW_US}
    with pytest.raises(BadPayload, match=r"'GW' is no unit of ac\.power_kw"):
        said(seed(), "ac.power_kw", message)
    with pytest.raises(BadPayload, match="is no unit"):
        said(seed(), "ac.power_kw", {**message, "unit": 5})


def test_a_power_beyond_any_rating_is_no_value() -> None:
    message = {"value": 5_000, "unit": "MW", "timestamp": NOW_US}
    assert said(seed(), "ac.power_kw", message) == Sample(None, NOW_US)


@pytest.mark.parametrize("stamp", [0, 4_070_908_800, "1970-01-01T00:00:00Z", "soon", True, None])
def test_a_time_that_cannot_be_true_is_refused(stamp: object) -> None:
    with pytest.raises(BadPayload):
        said(seed(), "battery.soc_pct", {"value": 50, "unit": "%", "timestamp": stamp})


@pytest.mark.parametrize("value", [True, "50", [50], {}])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(BadPayload, match="no number"):
        said(seed(), "battery.soc_pct", {"value": value, "timestamp": NOW_US})


def test_a_null_is_no_value_and_a_missing_optional_one_is_nothing(tmp_path: Path) -> None:
    assert said(seed(), "battery.soc_pct", {"value": None, "timestamp": NOW_US}) == Sample(
        None, NOW_US
    )
    partial = profile(tmp_path, HEAD + POINT + 'path = "p"\noptional = true\n')
    assert said(partial, "ac.power_kw", {"q": 1}) is None
    assert said(partial, "ac.power_kw", {"p": 1}) == Sample(1.0, NOW_US)


def test_a_plain_number_is_a_message_too(tmp_path: Path) -> None:
    plain = profile(tmp_path, HEAD + POINT + 'unit = "W"\nscale = -1\n')
    assert said(plain, "ac.power_kw", 12_500) == Sample(-12.5, NOW_US)


def test_what_the_broker_kept_without_a_time_is_old(tmp_path: Path) -> None:
    plain = profile(tmp_path, HEAD + POINT)
    old = said(plain, "ac.power_kw", 1, retained=True)
    assert old == Sample(1.0, NOW_US - OLD_US_MAX - 1)
    message = {"value": 50, "timestamp": NOW_US}
    assert said(seed(), "battery.soc_pct", message, retained=True) == Sample(50.0, NOW_US)


def test_words_stand_for_numbers_as_json_and_bare(tmp_path: Path) -> None:
    text = HEAD + '[[point]]\nname = "pcs.status"\ntopic = "s"\nwords = { ON = 1, true = 2 }\n'
    switch = profile(tmp_path, text)
    assert said(switch, "pcs.status", "ON") == Sample(1.0, NOW_US)
    assert said(switch, "pcs.status", True) == Sample(2.0, NOW_US)
    assert document_in(b" ON\n", words=True) == "ON"
    with pytest.raises(BadPayload):
        document_in(b"ON", words=False)
    with pytest.raises(BadPayload):
        said(switch, "pcs.status", "OFF")


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_no_bytes_whatever_become_a_value_that_is_no_finite_number(data: bytes) -> None:
    which = seed()
    for source in which.sources:
        try:
            found = sample(which, source, document_in(data, words=True), NOW_US, retained=False)
        except BadPayload:
            continue
        assert found is None or found.value is None or abs(found.value) <= 100_000


@settings(max_examples=100)
@given(st.floats(-100, 100))
def test_a_command_says_what_was_asked_and_until_when(power_kw: float) -> None:
    command = _command()
    document = json.loads(command.payload(power_kw, 7, NOW_US))
    assert command.setpoint.value(document["value"]) == pytest.approx(power_kw, abs=1e-6)
    assert document["seq"] == 7
    assert document["unit"] == "W"
    assert document["valid_from"] == "2025-11-24T16:00:00.000Z"
    assert document["valid_until"] == "2025-11-24T16:00:12.000Z"


def _command() -> Command:
    command = read_profile(open_document("generic-mqtt")).command
    assert command is not None
    return command


def test_an_answer_counts_for_its_own_command_only(tmp_path: Path) -> None:
    command = profile(tmp_path, HEAD + POINT + CONTROL.replace("[[", CONFIRMED + "[[")).command
    assert command is not None
    answers = command.confirmation
    assert answers is not None
    assert verdict(answers, command, {"seq": 6, "ok": True, "value": 1}, 7) is None
    yes = verdict(answers, command, {"seq": 7, "ok": True, "value": 1}, 7)
    assert yes == Verdict(accepted=True, value_kw=1.0)
    no = verdict(answers, command, {"seq": 7, "ok": False, "why": "local\x1b"}, 7)
    assert no == Verdict(accepted=False, reason="'local\\x1b'")
    wrong: list[object] = [{"seq": "7"}, {"seq": 7, "ok": 1}, []]
    for bad in (*wrong, {"seq": 7, "ok": True, "value": 999}):
        with pytest.raises(BadPayload):
            verdict(answers, command, bad, 7)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (POINT.replace('"p"', '"a/+"'), r"topic: 'a/\+' is not allowed; a topic without"),
        (POINT.replace('"p"', '"{site}/a"'), "a topic without"),
        (POINT + 'path = "a..b"\n', "path: 'a..b' is not allowed; a path like"),
        (POINT + POINT, "a name that no other point has"),
        (POINT + "words = { ON = true }\n", "words.ON: True is not allowed; a number"),
        (POINT + "words = {}\n", "words"),
        (POINT + "colour = 1\n", "colour: no such key"),
        (POINT + CONTROL, "a .control.confirmation., or a set-point that is read-write,"),
        (POINT + CONTROL.replace("[watchdog]", "[availability]"), "availability"),
        (POINT + CONTROL.replace("timeout_s = 12", ""), "timeout_s"),
        (POINT + CONTROL.replace('"c"', '"c"\ntemplate = "{value"'), "control"),
        (
            POINT
            + CONTROL.replace('"c"', "\"c\"\ntemplate = '[{value}, {seq}, {what}]'").replace(
                "[[", CONFIRMED + "[["
            ),
            "template: .* is not allowed; JSON with",
        ),
        (
            POINT
            + CONTROL.replace('"c"', '"c"\ntemplate = "{value}"').replace("[[", CONFIRMED + "[["),
            "{seq}, which the confirmation repeats",
        ),
        (
            POINT + CONTROL.replace("write-refresh", "none").replace("timeout_s = 12", ""),
            r"a \[watchdog\]",
        ),
    ],
)
def test_a_mistake_in_a_profile_is_one_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ProfileError, match=complaint) as caught:
        profile(tmp_path, HEAD + text)
    assert "\n" not in str(caught.value)


def test_a_sites_prefix_takes_its_place_and_none_leaves_no_empty_level() -> None:
    assert filled(checked("{prefix}/soc"), "plant/1") == "plant/1/soc"
    assert filled("{prefix}/soc", "") == "soc"
    assert filled("bess/soc", "plant") == "bess/soc"
    with pytest.raises(ValueError, match="a prefix"):
        filled("{prefix}", "")


def test_people_see_where_everything_lies() -> None:
    lines = describe(open_document("generic-mqtt"))
    assert any("{prefix}/status power_w" in line and "W" in line for line in lines)
    assert lines[-1] == "pcs.set_power_kw: published at {prefix}/command/power"
