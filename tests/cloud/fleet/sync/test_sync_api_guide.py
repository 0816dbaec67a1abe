"""docs/guide/sync-api.md: its programs are run as they stand, by peers that are none of ours."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.system import System, running_system

GUIDE = Path(__file__).resolve().parents[4] / "docs" / "guide" / "sync-api.md"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running_system(tmp_path_factory.mktemp("guide")) as running:
        running.post("/api/v1/accounts", id="stadtwerk")
        running.add_site("werk-sued", "stadtwerk")
        yield running


@pytest.fixture(scope="module")
def made(system: System) -> dict[str, Any]:
    return system.post("/api/v1/gateways", site="werk-sued")


def program(language: str) -> str:
    """Return the one program in this language that the guide prints."""
    (found,) = re.findall(
        rf"^```{language}\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE
    )
    assert isinstance(found, str)
    return found


def run(command: list[str], system: System, made: dict[str, Any]) -> list[str]:
    environment = {
        "HUB": system.hub_url,
        "KEY_ID": made["key_id"],
        "SECRET": made["secret"],
        "GATEWAY": made["gateway"],
    }
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert made["secret"] not in done.stdout
    return done.stdout.splitlines()


@pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "curl", "openssl"))),
    reason="curl or openssl is not installed",
)
def test_curl_and_openssl_sign_what_the_hub_takes(system: System, made: dict[str, Any]) -> None:
    poll, report, gaps, time = run(["bash", "-c", program("bash")], system, made)
    assert poll.startswith('{"v":1,"server_us":')
    assert report == '{"v":1}'
    assert gaps == '{"v":1,"gaps":[]}'
    assert time.startswith("the hub knows the key; its clock says 1")


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_node_uploads_a_block_that_is_stored_once(system: System, made: dict[str, Any]) -> None:
    lines = run(["node", "-e", program("js")], system, made)
    assert lines == [f'{n} 200 {{"v":1,"epoch":"epoch-of-node","seq":0}}' for n in (1, 2)]
    with system.admin() as client:
        answer = client.get("/api/v1/sites/werk-sued/telemetry").json()
    values = {
        series["point"]: [sample[1] for sample in series["samples"]] for series in answer["points"]
    }
    assert values == {
        "site.power_kw": [12.5, 12.0, 13.0],
        "grid.frequency_hz": [49.985, 49.992, 49.991],
    }
