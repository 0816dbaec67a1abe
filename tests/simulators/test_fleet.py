"""``phoenyra-sim fleet``: what it cannot work with costs one line; the load is in tests/e2e."""

from pathlib import Path

import pytest

from simulators.main import main
from tests.support.system import free_port


def test_without_a_key_the_fleet_says_so_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "admin.key"
    assert main(["fleet", "--hub", "http://127.0.0.1:9", "--key-file", str(missing)]) == 2
    assert capsys.readouterr().err.startswith(f"phoenyra-sim: --key-file: {missing} cannot be read")


def test_without_a_hub_the_fleet_says_so_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "admin.key"
    key.write_text("pho_none\n")
    url = f"http://127.0.0.1:{free_port()}"
    assert main(["fleet", "--hub", url, "--key-file", str(key)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"phoenyra-sim: --hub: {url}: ConnectError")
