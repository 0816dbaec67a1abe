"""docs/guide/trading-api.md: each of its programs runs as it stands against a real hub."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.charging import charge
from tests.support.system import running_system

GUIDE = Path(__file__).parents[4] / "docs" / "guide" / "trading-api.md"
RUNNERS = {"sh": ["bash", "-c"], "python": [sys.executable, "-c"], "js": ["node", "-e"]}
GIVEN_UP_S = 100

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("sites", [(), ("hafen", "werk-sued")], ids=["no site", "two sites"])
def test_the_programs_of_the_guide_run_as_they_stand(
    tmp_path: Path, sites: tuple[str, ...]
) -> None:
    for program in ("bash", "curl", "node"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    programs = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    assert [language for language, _ in programs] == list(RUNNERS)
    with running_system(tmp_path) as system:
        system.post("/api/v1/accounts", id="handel")
        names = {"HUB": system.hub_url, "KEY": system.trader_key("handel"), "SITE": ""}
        for site in sites:
            system.add_site(site, "handel")
            charge(system, site)
            names["SITE"] = site
        for language, text in programs:
            done = subprocess.run(
                [*RUNNERS[language], text],
                env={**os.environ, **names},
                capture_output=True,
                text=True,
                timeout=GIVEN_UP_S,
                check=False,
            )
            assert done.returncode == 0, f"{language}: {done.stdout}{done.stderr}"
            assert "order_id" in done.stdout
