"""drivers.opcua.profile: a device behind a server is data, and every mistake costs one line."""

from pathlib import Path

import pytest

from drivers.document import UNCONFIRMED_SHARE, open_document
from drivers.errors import ProfileError
from drivers.opcua.profile import OpcUaProfile, describe, read_profile

HEAD = """
[profile]
id = "test"
version = 1
source = "none"
[link]
protocol = "opcua"
namespace = "urn:test"
"""
POWER = '[[point]]\nname = "ac.power_kw"\nnode = "s=p"\n'
SETPOINT = '[[point]]\nname = "pcs.set_power_kw"\nnode = "s=set"\naccess = "read-write"\n'
CONTROL = '[control]\nsetpoint = "pcs.set_power_kw"\n'


def read(folder: Path, text: str) -> OpcUaProfile:
    path = folder / "test.toml"
    path.write_text(text)
    return read_profile(open_document(str(path)))


def test_the_shipped_profile_describes_every_point() -> None:
    document = open_document("opcua-battery")
    lines = describe(document)
    assert any(line.startswith("battery.soc_pct") for line in lines)
    assert any("nsu=urn:phoenyra:bess;s=bess/battery/pcs.set_power_kw" in line for line in lines)
    assert any(line.startswith("identity.maker") for line in lines)


def test_a_device_without_control_is_only_read(tmp_path: Path) -> None:
    profile = read(tmp_path, HEAD + POWER)
    assert profile.control is None
    assert profile.power_share_max == UNCONFIRMED_SHARE


def test_a_counter_watchdog_is_refreshed_three_times_within_its_timeout(tmp_path: Path) -> None:
    watchdog = (
        '[watchdog]\nkind = "counter"\npoint = "pcs.life"\ntimeout_s = 6\nwrap = 256\n'
        '[[point]]\nname = "pcs.life"\nnode = "s=l"\naccess = "write"\n'
    )
    control = read(tmp_path, HEAD + SETPOINT + watchdog + CONTROL).control
    assert control is not None
    assert control.refresh_s == 2.0
    assert control.counter is not None
    assert control.counter.wrap == 256


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, r"test.toml: point: is missing"),
        (HEAD + POWER.replace("s=p", "ns=3;s=p"), r"node: 'ns=3;s=p' .* an index moves"),
        (HEAD + POWER + POWER, r"a name that no other point has"),
        (HEAD + POWER + "colour = 1\n", r"colour: no such key"),
        (HEAD + 'heartbeat = "pcs.x"\n' + POWER, r"link.heartbeat: 'pcs.x' is not allowed"),
        (HEAD + "silence_s = 0.6\n" + POWER, r"link.silence_s: 0.6 is not allowed"),
        (HEAD + SETPOINT + CONTROL, r"there is no \[watchdog\]"),
        (
            HEAD
            + SETPOINT
            + '[watchdog]\nkind = "counter"\npoint = "pcs.set_power_kw"\n'
            + CONTROL,
            r"its watchdog is counter, 0 s",
        ),
        (
            HEAD + POWER + '[watchdog]\nkind = "none"\nwaiver = "N. N."\n'
            '[control]\nsetpoint = "ac.power_kw"\n',
            r"control.setpoint: 'ac.power_kw' .* a writable point: \(none yet\)",
        ),
    ],
)
def test_a_mistake_costs_one_line_that_names_it(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ProfileError, match=said) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)
