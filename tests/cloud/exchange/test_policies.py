"""cloud.exchange.policies: the throttle's file is in force as a whole, and each answer says so."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud.exchange import policies
from cloud.exchange.checks.throttle import BadPolicy
from cloud.exchange.running import running
from cloud.exchange.service import Exchange
from cloud.kernel.context import Hub
from cloud.main import open_hub
from cloud.settings import HubSettings
from tests.support.exchange import MARKET, NOON_US, body, trading
from tests.support.patience import eventually
from wire.clock import SetClock

IN_TIME_S = 20.0


@pytest.fixture
async def policed(tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub whose policy takes three orders a minute."""
    (tmp_path / "hub").mkdir()
    write(tmp_path, 1, 3)
    settings = HubSettings(data_dir=tmp_path / "hub", port=0, policy_file=tmp_path / "policy.yaml")
    async with open_hub(settings, SetClock(NOON_US)) as hub:
        yield hub


def write(folder: Path, version: int, per_minute: int) -> None:
    text = f"version: {version}\nlimits:\n  {MARKET}: {{ per_minute: {per_minute} }}\n"
    (folder / "policy.yaml").write_text(text)


async def test_each_answer_says_how_many_more_are_taken_and_then_none_is(
    policed: Hub, tmp_path: Path
) -> None:
    async with trading(policed) as desk:
        left = []
        for _ in range(3):
            answer = await desk.handel.post("/api/orders", json=body("BUY"))
            left.append(answer.json()["throttle_remaining"])
        assert left == [2, 1, 0]
        refused = await desk.handel.post("/api/orders", json=body("BUY"))
        assert (refused.status_code, refused.json()["code"]) == (429, "THROTTLED")
        assert refused.headers["Retry-After"]
        write(tmp_path, 2, 100)
        reloaded = await desk.admin.post("/admin/policy/reload")
        assert reloaded.json() == {"status": "OK", "version": 2}
        assert (await desk.handel.post("/api/orders", json=body("BUY"))).status_code == 200
        assert (await desk.handel.post("/admin/policy/reload")).status_code == 403


async def test_a_wrong_file_and_an_older_one_change_nothing(policed: Hub, tmp_path: Path) -> None:
    async with trading(policed) as desk:
        (tmp_path / "policy.yaml").write_text("version: 9\nlimits: { NOWHERE: {} }\n")
        wrong = await desk.admin.post("/admin/policy/reload")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "POLICY")
        write(tmp_path, 0, 5)
        older = await desk.admin.post("/admin/policy/reload")
        assert (older.status_code, older.json()["code"]) == (409, "POLICY_VERSION")
        assert policed.service(Exchange).checks.policy.version == 1
        forced = await desk.admin.post("/admin/policy/reload", params={"forced": True})
        assert forced.json()["version"] == 0


async def test_a_hang_up_reads_it_again_and_a_restart_keeps_it(
    policed: Hub, tmp_path: Path
) -> None:
    async with trading(policed):
        write(tmp_path, 5, 7)
        policed.bus.wake(policies.RELOAD_TOPIC)
        checks = policed.service(Exchange).checks
        await eventually(lambda: checks.policy.version == 5, IN_TIME_S)
    async with trading(policed):
        checks = policed.service(Exchange).checks
        await asyncio.sleep(0)
        assert checks.policy.version == 5
        sequence = policed.service(Exchange).writer.committed_until
    async with trading(policed):
        assert policed.service(Exchange).writer.committed_until == sequence, "it was in force"


async def test_a_hub_with_a_wrong_policy_does_not_start(policed: Hub, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("version: many\n")
    with pytest.raises(BadPolicy, match="version"):
        async with running(policed):
            pass
