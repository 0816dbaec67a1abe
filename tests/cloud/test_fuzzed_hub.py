"""The whole API of a real hub under Schemathesis: no 5xx, no answer against its own description.

Three stages, each with a hub of its own; what ends most trading has its own, for then nearly all
orders are refused.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.exchange import MARKET
from tests.support.system import System, running_system
from wire.clock import SystemClock, quarter_hour_us, utc

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
)
STOPPING = r"/exchange/(halts|limits|accounts)"
"""What ends most trading."""
UNMADE = "/sync/v1/bundles/{command}"
"""Takes gzip alone, of which the fuzzer can make none."""
CONFIG = """
[[operations]]
include-path = "/api/orders"
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", 503]
"""
"""An order for a bridge that this hub does not have is answered 503 BRIDGE_NOT_CONFIGURED."""
SEED = "20261121"
AHEAD_US = 4 * 3_600_000_000
GIVEN_UP_S = 240

pytestmark = pytest.mark.slow


def order(side: str) -> dict[str, object]:
    """Return an order for a contract that stays open; two of them meet."""
    start_us = quarter_hour_us(SystemClock().now_us()) + AHEAD_US
    return {
        "market": MARKET,
        "delivery_start": utc(start_us).isoformat(),
        "side": side,
        "power_kw": 5,
        "limit_price_eur_mwh": 50,
    }


def fuzz(system: System, *options: str) -> None:
    """Run the fuzzer's command line against the hub; it has to find nothing."""
    key = system.admin_key
    (system.folder / "schemathesis.toml").write_text(CONFIG)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{system.hub_url}/openapi.json"),
        *("-H", f"X-API-Key: {key}", "-H", f"Authorization: Bearer {key}"),
        *("--checks", ",".join(CHECKS), "--seed", SEED, "--exclude-path", UNMADE),
        *("--continue-on-failure", "--request-timeout", "30", "--warnings", "off", *options),
    ]
    done = subprocess.run(
        command, cwd=system.folder, capture_output=True, text=True, timeout=GIVEN_UP_S, check=False
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    log = (system.folder / "hub.log").read_text()
    assert "Traceback" not in log, log[-3_000:]


STAGES = {
    "boundaries": ("--phases", "examples,coverage", "--exclude-path-regex", STOPPING),
    "random": ("--phases", "fuzzing", "-n", "3", "--exclude-path-regex", STOPPING),
    "operations": ("--phases", "coverage,fuzzing", "-n", "10", "--include-path-regex", STOPPING),
}


@pytest.mark.timeout(2 * GIVEN_UP_S)
@pytest.mark.parametrize("options", STAGES.values(), ids=STAGES)
def test_no_question_brings_the_hub_down_and_no_answer_breaks_its_word(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with running_system(tmp_path) as system:
        for account in ("stadtwerk", "handel"):
            system.post("/api/v1/accounts", id=account)
        system.add_site("werk-sued", "stadtwerk", power_kw=1_000, energy_kwh=2_000)
        with system.admin() as client:
            for side, account in (("SELL", "handel"), ("BUY", "operator"), ("SELL", "handel")):
                answer = client.post(
                    "/api/v1/orders", json=order(side), params={"account": account}
                )
                assert answer.status_code == 200, answer.text
            fuzz(system, *options)
            assert client.get("/healthz").status_code == 200
            state = client.get("/api/v1/exchange/state").json()
            assert state["sequence"] > 0
