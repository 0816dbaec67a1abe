"""Many alarms are acknowledged with one request, and each has its own answer."""

from dataclasses import replace

import httpx

from cloud.fleet.operation.alarm_views import ACKNOWLEDGE_MAX
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from tests.cloud.fleet.operation.test_at_once import at_once
from tests.support.hub import Box, add_key, add_site, client_of, enrolled_box
from tests.support.operation import RAISED, told
from wire.order import AcknowledgeOrder

PATH = "/api/v1/alarms/acknowledge"
MANY = [replace(RAISED, id=f"a{n:03}") for n in range(ACKNOWLEDGE_MAX)]


def named(box: Box, *ids: str) -> list[dict[str, str]]:
    return [{"gateway": box.gateway, "id": each} for each in ids]


async def test_each_alarm_has_its_own_answer_and_one_that_is_not_there_stops_none(
    operator: httpx.AsyncClient, admin: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    await add_site(hub, "hafen", "hafen-gmbh")
    await box.upload([told(0, *MANY[:2])])
    async with enrolled_box(hub, "hafen") as other:
        await other.upload([told(0, RAISED)])
        foreign = named(other, RAISED.id)
        asked = [*named(box, "a001", "none"), *foreign, *named(box, "a000", "a001")]
        answer = await operator.post(PATH, json={"alarms": asked, "note": "storm"})
    assert answer.status_code == 200, answer.text
    rows = answer.json()["alarms"]
    assert [{"gateway": row["gateway"], "id": row["id"]} for row in rows] == asked
    assert [row["code"] for row in rows] == [None, "NOT_FOUND", "NOT_FOUND", None, None]
    for row in (rows[0], rows[3]):
        assert (row["alarm"]["phase"], row["alarm"]["note"]) == ("acknowledged", "storm")
    assert rows[0] == rows[4]
    assert (
        rows[2]["message"].replace(rows[2]["gateway"], box.gateway).replace(RAISED.id, "none")
        == rows[1]["message"]
    ), "another account's is not there"
    sent = [command.order for command in (await box.downlink()).commands]
    assert {order.alarm for order in sent if isinstance(order, AcknowledgeOrder)} == {
        "a000",
        "a001",
    }
    log = (await admin.get("/api/v1/audit")).json()["audit"]
    assert [row["action"] for row in log].count("alarm.acknowledge") == 2


async def test_two_hundred_are_acknowledged_at_once_and_one_more_is_too_many(
    operator: httpx.AsyncClient, box: Box
) -> None:
    await box.upload([told(0, *MANY)])
    everything = named(box, *(each.id for each in MANY))
    answer = await operator.post(PATH, json={"alarms": everything})
    assert [row["code"] for row in answer.json()["alarms"]] == [None] * ACKNOWLEDGE_MAX
    for wrong in ([*everything, everything[0]], []):
        assert (await operator.post(PATH, json={"alarms": wrong})).status_code == 422


async def test_requests_for_the_same_alarms_in_any_order_never_wait_for_each_other(
    hub: Hub, admin: httpx.AsyncClient, box: Box
) -> None:
    await add_site(hub, "a-site")
    async with enrolled_box(hub, "a-site") as other:
        for each in (box, other):
            await each.upload([told(0, *MANY[:3])])
        both = [*named(box, "a000", "a001", "a002"), *named(other, "a000", "a001", "a002")]
        turns = iter([both, both[::-1]] * 8)
        await at_once(lambda: admin.post(PATH, json={"alarms": next(turns)}), 16)
        assert len((await box.downlink()).commands) == 3
        assert len((await other.downlink()).commands) == 3


async def test_who_only_reads_acknowledges_none(hub: Hub, box: Box) -> None:
    await box.upload([told(0, RAISED)])
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.VIEWER)) as viewer:
        answer = await viewer.post(PATH, json={"alarms": named(box, RAISED.id)})
    assert answer.status_code == 403
