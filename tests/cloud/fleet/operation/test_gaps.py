"""The gap ledger at the hub: every row once, and what is missing is not what only seemed so."""

from dataclasses import replace

import httpx
import pytest

from cloud.fleet.operation import gaps
from cloud.kernel.context import Hub
from tests.support.fleet_messages import GAP_UNKNOWN
from tests.support.hub import NOON_US, Box, add_key, client_of, telemetry
from tests.support.operation import SECOND_US, told
from wire.gap import Cause, Gap
from wire.sync import GAPS_PATH, FrameClass

LOST = Gap(
    id="epoch-1-1",
    at_us=NOON_US,
    cause=Cause.FULL,
    cls=FrameClass.TELEMETRY,
    device="inverter",
    from_us=NOON_US,
    to_us=NOON_US + 3 * SECOND_US,
    n=6,
    first_seq=0,
    last_seq=2,
)
"""Three frames of two values each."""


async def ledger(client: httpx.AsyncClient) -> tuple[list[dict[str, object]], dict[str, int]]:
    answer = await client.get("/api/v1/sites/werk-sued/gaps")
    assert answer.status_code == 200, answer.text
    return answer.json()["gaps"], answer.json()["total"]


async def test_every_loss_is_a_row_and_the_same_row_twice_is_one(
    operator: httpx.AsyncClient, box: Box
) -> None:
    later = replace(LOST, id="epoch-1-2", at_us=NOON_US + 1, cause=Cause.THINNED, n=10)
    frame = told(3, LOST, replace(later, first_seq=None, last_seq=None), GAP_UNKNOWN)
    for seq in (3, 4):
        await box.upload([replace(frame, seq=seq)], after=-1)
    rows, total = await ledger(operator)
    assert total == {"rows": 3, "n_missing": 16, "unknown": 1}
    by_id = {row["id"]: row for row in rows}
    assert set(by_id) == {LOST.id, later.id, GAP_UNKNOWN.id}
    assert (by_id[GAP_UNKNOWN.id]["n_missing"], by_id[GAP_UNKNOWN.id]["class"]) == (None, "events")
    assert by_id[LOST.id] == {
        "gateway": box.gateway,
        "id": LOST.id,
        "noticed_at": "2026-11-21T12:00:00Z",
        "cause": "full",
        "class": "telemetry",
        "device": "inverter",
        "start": "2026-11-21T12:00:00Z",
        "end": "2026-11-21T12:00:03Z",
        "n_lost_by_box": 6,
        "n_missing": 6,
        "text": "",
    }


async def test_what_arrived_and_lost_only_its_answer_is_not_missing(
    operator: httpx.AsyncClient, box: Box
) -> None:
    await box.upload([telemetry(n, NOON_US + n, soc_pct=50, temp_mean_c=20) for n in (0, 1)])
    await box.upload([told(3, LOST)], after=1)
    (row,), total = await ledger(operator)
    assert (row["n_lost_by_box"], row["n_missing"]) == (6, 2)
    assert total == {"rows": 1, "n_missing": 2, "unknown": 0}


async def test_a_box_reads_its_own_ledger_as_the_hub_has_it(box: Box) -> None:
    await box.upload([telemetry(0, soc_pct=50, temp_mean_c=20)])
    await box.upload([told(3, LOST)], after=0)
    header = box.header("GET", GAPS_PATH)
    answer = await box.client.get(GAPS_PATH, headers={"Authorization": header})
    (row,) = answer.json()["gaps"]
    assert (row["id"], row["n"]) == (LOST.id, 4)


async def test_a_ledger_is_for_those_who_see_the_site(hub: Hub, box: Box) -> None:
    await box.upload([told(3, LOST)], after=-1)
    async with client_of(hub, await add_key(hub, "hafen-gmbh")) as stranger:
        assert (await stranger.get("/api/v1/sites/werk-sued/gaps")).status_code == 404


@pytest.mark.parametrize("kept", [1, 5])
async def test_beyond_the_limit_the_oldest_rows_are_forgotten(
    operator: httpx.AsyncClient, box: Box, hub: Hub, kept: int
) -> None:
    rows = [
        replace(LOST, id=f"epoch-1-{n}", at_us=NOON_US + n, first_seq=None, last_seq=None)
        for n in range(5)
    ]
    await box.upload([told(0, *rows)])
    async with hub.database.transaction() as connection:
        assert await gaps.trim(connection, box.gateway, kept) == 5 - kept
    left, _ = await ledger(operator)
    assert len(left) == kept
    assert left[0]["id"] == "epoch-1-4"
