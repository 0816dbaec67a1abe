"""The ``[frequency]`` section: neutral by default; a mistake costs one line that names the key."""

from pathlib import Path

import pytest

from agent.settings import BadSettings, load

SITE = """
site = "s"
data_dir = "data"
[control]
discharge_kw_max = 100
charge_kw_max = 100
[[devices]]
id = "pcs"
kind = "modbus_tcp"
host = "127.0.0.1"
profile = "reference-inverter"
"""


def _load(folder: Path, text: str) -> None:
    path = folder / "site.toml"
    path.write_text(SITE + text, encoding="utf-8")
    load(path)


def test_a_site_says_nothing_about_frequency_unless_it_wants_to(tmp_path: Path) -> None:
    _load(tmp_path, "")
    _load(tmp_path, '[frequency]\narming = "strict"\n[frequency.ffr]\nthreshold_hz = 49.6\n')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[frequency]\nhold_s = -1\n", ("frequency.hold_s", "-1")),
        ('[frequency]\narming = "maybe"\n', ("frequency.arming", "'maybe'", "'strict'")),
        ("[frequency]\ndeadband_hz = 0.01\n", ("frequency.deadband_hz", "not permitted")),
        (
            "[frequency.ffr]\nthreshold_hz = 50.0\n",
            ("frequency.ffr", "50.000 is not allowed", "49.7 (1.30 s)"),
        ),
    ],
)
def test_a_mistake_is_one_line_with_key_and_what_is_allowed(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(BadSettings) as error:
        _load(tmp_path, text)
    lines = str(error.value).splitlines()
    assert len(lines) == 1
    assert all(word in lines[0] for word in words)
