"""docs/guide/fleet.md says what the hub does: its routes, codes, causes and limits are real."""

import json
import re
from pathlib import Path

import httpx
import pytest

from cloud.fleet.operation import alarms, bundles, commands, conditions, gaps, groups, states, views
from tests.support.hub import Box
from wire.gap import Cause
from wire.order import KINDS

GUIDE = Path(__file__).parents[4] / "docs" / "guide" / "fleet.md"


@pytest.fixture(scope="module")
def guide() -> str:
    return GUIDE.read_text(encoding="utf-8")


async def test_every_route_in_the_guide_is_one_of_the_hub(
    guide: str, admin: httpx.AsyncClient
) -> None:
    known = set((await admin.get("/openapi.json")).json()["paths"])
    named = set(re.findall(r"/api/v1/[a-z_/{}]+", guide))
    assert len(named) >= 8
    assert named <= known


async def test_the_worked_example_is_accepted(
    guide: str, operator: httpx.AsyncClient, box: Box
) -> None:
    (text,) = re.findall(r"api/v1/commands\" -d '(\{.*?\})'", guide, re.DOTALL)
    body = json.loads(text)
    body["payload"]["until_us"] = box.hub.clock.now_us() + states.HOUR_US
    answer = await operator.post("/api/v1/commands", json=body)
    assert answer.status_code == 201
    assert answer.json()["commands"][0]["code"] is None


def test_kinds_causes_alarms_and_limits_are_those_of_the_code(guide: str) -> None:
    for kind in set(KINDS) - {"acknowledge"}:
        assert f"| `{kind}` |" in guide, kind
    for cause in Cause:
        assert f"`{cause.value}`" in guide, cause
    for code in ("GATEWAY_SILENT", "CLOCK_WRONG", "BACKLOG_OLD", "QUARANTINE"):
        assert f"| `{code}` |" in guide, code
    kept = f"{commands.KEPT_MAX:,} · {alarms.KEPT_MAX:,} · {gaps.KEPT_MAX:,}"
    assert kept in guide
    assert f"{views.SITES_MAX:,}" in guide
    assert f"the box has {states.OPEN_MAX} open commands" in guide
    assert f"the newest {bundles.BUNDLES_MAX} are kept" in guide
    assert f"{bundles.BUNDLE_BYTES_MAX // 2**20} MB" in guide
    assert f"groups of an account: {groups.GROUPS_MAX:,}" in guide
    assert f"no report for {conditions.SILENT_US // 1_000_000} s" in guide
