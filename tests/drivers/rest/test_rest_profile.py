"""drivers.rest.profile: every mistake costs one line that names the key and what is allowed."""

from pathlib import Path

import pytest

from drivers.base import Rate
from drivers.document import open_document
from drivers.errors import ProfileError
from drivers.rest.profile import RestProfile, read_profile

GOOD = """
[profile]
id = "mine"
version = 1
source = "test"
[link]
protocol = "rest"
resource = "/status"
[watchdog]
kind = "write-refresh"
timeout_s = 9
[[point]]
name = "ac.power_kw"
path = "power"
[[point]]
name = "pcs.set_power_kw"
path = "set"
access = "read-write"
[control]
setpoint = "pcs.set_power_kw"
resource = "/set"
body = '{"power": {value}}'
"""


def profile(folder: Path, text: str) -> RestProfile:
    file = folder / "mine.toml"
    file.write_text(text)
    return read_profile(open_document(str(file)))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('protocol = "rest"', 'protocol = "push"', "link.protocol: 'push' is not allowed; rest"),
        ('"/status"', '"status"', "link.resource: 'status' is not allowed; a path such as"),
        ('"/status"', '"/a b"', "link.resource: '/a b'"),
        ("[watchdog]", "fast_s = 0\n[watchdog]", "link.fast_s: 0 is not allowed"),
        ("[watchdog]", 'timestamps = "source"\n[watchdog]', "link.timestamp: is missing"),
        ("[watchdog]", 'timestamp = "t"\n[watchdog]', "link.timestamp: no such key"),
        ('path = "power"', 'path = "a..b"', "point 1 (ac.power_kw).path: 'a..b'"),
        ('path = "power"', "", "point 1 (ac.power_kw).path: is missing"),
        ('"ac.power_kw"', '"pcs.set_power_kw"', "name: 'pcs.set_power_kw' is not allowed; each"),
        ('"write-refresh"', '"counter"', "watchdog.kind: 'counter' is not allowed; write-refresh"),
        ("timeout_s = 9", "", "control.setpoint: 'pcs.set_power_kw' is not allowed; a [watchdog]"),
        ('access = "read-write"', "", "control.setpoint: 'pcs.set_power_kw' is not allowed; a po"),
        ('setpoint = "pcs', 'setpoint = "no', "control.setpoint: 'no.set_power_kw' is not allowed"),
        ("{value}", "5", "control.body: '{\"power\": 5}' is not allowed; JSON with exactly one"),
        ("{value}}", "{value}", "control.body: "),
        ('resource = "/set"', "", "control.resource: is missing"),
        ('resource = "/set"', 'resource = "/set"\nmethod = "GET"', "control.method: 'GET'"),
        ('resource = "/set"', 'resource = "/set"\nreadback = "x.y"', "control.readback: 'x.y'"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ProfileError) as caught:
        profile(tmp_path, GOOD.replace(old, new, 1))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_left_out_has_its_usual_value(tmp_path: Path) -> None:
    read = profile(tmp_path, GOOD)
    assert read.periods_s == {"/status": 1.0}
    assert (read.pace.stale_fast_s, read.power_share_max) == (3.0, 0.1)
    assert read.control is not None
    assert read.control.refresh_s == 3.0
    assert read.control.readback is not None
    assert [item.tag.rate for item in read.items] == [Rate.FAST, Rate.FAST]


def test_a_device_without_a_watchdog_needs_somebody_who_answers_for_it(tmp_path: Path) -> None:
    waived = 'kind = "none"\nwaiver = "the operator, 2026-01-01"'
    read = profile(tmp_path, GOOD.replace('kind = "write-refresh"\ntimeout_s = 9', waived))
    assert read.control is not None
    assert read.control.refresh_s == 60.0


def test_orders_at_take_over_are_sent_as_they_stand(tmp_path: Path) -> None:
    start = '[[control.start]]\nmethod = "POST"\nresource = "/mode"\nbody = \'{"m": 1}\'\n'
    read = profile(tmp_path, GOOD + start)
    assert read.control is not None
    assert [(order.method, order.body) for order in read.control.start] == [("POST", '{"m": 1}')]
    with pytest.raises(ProfileError, match=r"start 1\.body: .* JSON with no \{value\}"):
        profile(tmp_path, GOOD + start.replace("1}", "{value}}"))


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('"/status"', '"status"').replace('path = "power"', 'path = "a..b"')
    with pytest.raises(ProfileError) as caught:
        profile(tmp_path, text.replace("timeout_s = 9", "timeout = 9"))
    assert [line.partition(":")[2].partition(":")[0] for line in caught.value.lines] == [
        " link.resource",
        " point 1 (ac.power_kw).path",
        " watchdog.timeout",
    ]
