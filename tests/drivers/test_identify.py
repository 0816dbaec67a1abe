"""drivers.identify: a device is recognised by all of its marks, and never by none."""

from pathlib import Path

import pytest

from drivers.errors import ProfileError
from drivers.identify import Mark, recognised
from drivers.profile import load

TEXT = """
[profile]
id = "maker"
version = 1
source = "this test"
[link]
protocol = "modbus"
timeout_s = 0.5
[watchdog]
kind = "none"
[[identify]]
point = "identity.maker"
text = "SMA*"
[[identify]]
point = "pcs.kind"
equals = 8001
[[identify]]
point = "battery.soc_pct"
min = 0
max = 100
[[point]]
name = "identity.maker"
kind = "holding"
address = 1
type = "string"
length = 8
[[point]]
name = "pcs.kind"
kind = "holding"
address = 20
type = "uint16"
[[point]]
name = "battery.soc_pct"
kind = "holding"
address = 21
type = "uint16"
"""
GIVEN: dict[str, float | str | None] = {
    "identity.maker": "sma Solar",
    "pcs.kind": 8_001.0,
    "battery.soc_pct": 55.0,
}


def marks(folder: Path, text: str = TEXT) -> tuple[Mark, ...]:
    path = folder / "maker.toml"
    path.write_text(text, encoding="utf-8")
    return load(str(path)).identify


def test_a_device_that_says_all_of_it_is_recognised(tmp_path: Path) -> None:
    assert recognised(marks(tmp_path), GIVEN)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("identity.maker", "Fronius"),
        ("identity.maker", None),
        ("identity.maker", 3.0),
        ("pcs.kind", 8_002.0),
        ("pcs.kind", None),
        ("battery.soc_pct", 101.0),
        ("battery.soc_pct", "55"),
    ],
)
def test_a_device_that_says_one_thing_otherwise_is_not_recognised(
    tmp_path: Path, name: str, said: float | str | None
) -> None:
    assert not recognised(marks(tmp_path), {**GIVEN, name: said})


def test_a_profile_without_marks_recognises_nothing(tmp_path: Path) -> None:
    head, _, rest = TEXT.partition("[[identify]]")
    text = head + rest[rest.index("[[point]]") :]
    assert marks(tmp_path, text) == ()
    assert not recognised((), GIVEN)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('text = "SMA*"', "equals = 3", "identify 1.text: is missing"),
        ("equals = 8001", "", "identify 2.equals: is missing"),
        ("min = 0\nmax = 100", "min = 5\nmax = 4", "identify 3.max: 4 is not allowed"),
        ('"pcs.kind"\nequals', '"pcs.other"\nequals', "the name of a readable point: identity."),
        ("equals = 8001", "equals = 1\nmin = 0", "identify 2.min: no such key"),
    ],
)
def test_a_wrong_mark_costs_one_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    with pytest.raises(ProfileError) as caught:
        marks(tmp_path, TEXT.replace(old, new, 1))
    assert line in str(caught.value)
