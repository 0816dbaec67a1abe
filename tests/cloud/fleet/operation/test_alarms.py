"""Alarms: told by boxes, raised by the hub, acknowledged by people; the same on both sides."""

from dataclasses import replace

import httpx
import pytest

from cloud.fleet.operation import alarms, watch
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from tests.support.fleet_messages import GAP_UNKNOWN
from tests.support.hub import NOON_US, Box, add_key, client_of, clock_of, telemetry
from tests.support.operation import MINUTE_US, RAISED, SECOND_US, WELL, tell_report, told
from wire.alarm import Alarm
from wire.order import AcknowledgeOrder
from wire.report import ClockState
from wire.sync import Frame, FrameClass


async def listed(client: httpx.AsyncClient, **query: str) -> list[dict[str, str | None]]:
    answer = await client.get("/api/v1/alarms", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, str | None]] = answer.json()["alarms"]
    return found


def path(box: Box, alarm: Alarm = RAISED) -> str:
    return f"/api/v1/alarms/{box.gateway}/{alarm.id}/acknowledge"


async def test_an_alarm_is_raised_acknowledged_and_cleared(
    operator: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    await box.upload([told(0, RAISED)])
    (raised,) = await listed(operator, phase="raised")
    assert (raised["id"], raised["code"], raised["severity"]) == (RAISED.id, RAISED.code, "alarm")
    clock_of(hub).at_us += SECOND_US
    seen = await operator.post(path(box), json={"note": "on the way"})
    assert seen.status_code == 200
    who = (await operator.get("/api/v1/me")).json()["key_id"]
    assert (seen.json()["acknowledged_by"], seen.json()["note"]) == (who, "on the way")
    assert seen.json()["acknowledged_at"] == "2026-11-21T12:00:01Z"
    assert [each["id"] for each in await listed(operator, phase="acknowledged")] == [RAISED.id]
    (command,) = (await box.downlink()).commands
    assert command.order == AcknowledgeOrder(RAISED.id, who, "on the way", NOON_US + SECOND_US)
    at_box = replace(
        RAISED, change=2, acked_us=NOON_US + SECOND_US, acked_by=who, note="on the way"
    )
    over = replace(at_box, change=3, cleared_us=NOON_US + MINUTE_US)
    await box.upload([told(1, at_box), told(2, over)])
    (cleared,) = await listed(operator, phase="cleared")
    assert (cleared["cleared_at"], cleared["acknowledged_by"]) == ("2026-11-21T12:01:00Z", who)
    assert await listed(operator, phase="raised") == []


async def test_box_and_hub_say_the_same_after_an_outage_in_which_both_acknowledged(
    operator: httpx.AsyncClient, box: Box
) -> None:
    await box.upload([told(0, RAISED)])
    assert (await operator.post(path(box), json={"note": "from the hub"})).status_code == 200
    at_box = replace(RAISED, change=2, acked_us=NOON_US - 5, acked_by="technician", note="here")
    await box.upload([told(1, at_box)])
    (found,) = await listed(operator)
    assert (found["acknowledged_by"], found["note"]) == ("technician", "here")


async def test_a_second_acknowledgement_changes_nothing_and_tells_the_box_nothing(
    operator: httpx.AsyncClient, box: Box
) -> None:
    await box.upload([told(0, RAISED)])
    first = await operator.post(path(box), json={"note": "first"})
    second = await operator.post(path(box), json={"note": "second"})
    assert (second.status_code, second.json()) == (200, first.json())
    assert len((await box.downlink()).commands) == 1


async def test_changes_that_come_late_or_twice_change_nothing(
    operator: httpx.AsyncClient, box: Box
) -> None:
    over = replace(RAISED, change=3, cleared_us=NOON_US + 5)
    between = replace(RAISED, change=2, text="between")
    await box.upload([told(0, over, RAISED), told(1, between)])
    await box.upload([told(0, RAISED)], epoch="epoch-2")
    (found,) = await listed(operator)
    assert (found["phase"], found["text"]) == ("cleared", RAISED.text)


async def test_what_a_box_forgot_with_its_file_does_not_last_at_the_hub(
    operator: httpx.AsyncClient, box: Box
) -> None:
    later = replace(RAISED, id="b3c4", raised_us=NOON_US + MINUTE_US)
    await box.upload([told(0, RAISED)])
    await box.upload([told(0, replace(GAP_UNKNOWN, at_us=NOON_US), later)], epoch="epoch-2")
    assert [each["id"] for each in await listed(operator, phase="cleared")] == [RAISED.id]
    assert [each["id"] for each in await listed(operator, phase="raised")] == [later.id]


async def test_no_box_can_speak_as_the_hub(operator: httpx.AsyncClient, box: Box) -> None:
    await box.upload([told(0, replace(RAISED, id="hub-gateway_silent-1"))])
    assert await listed(operator) == []


async def test_alarms_are_for_those_who_see_the_site(hub: Hub, box: Box) -> None:
    await box.upload([told(0, RAISED)])
    async with client_of(hub, await add_key(hub, "hafen-gmbh", Role.OPERATOR)) as stranger:
        assert await listed(stranger) == []
        answer = await stranger.post(path(box), json={})
        missing = await stranger.post(path(box, replace(RAISED, id="none")), json={})
        assert answer.status_code == missing.status_code == 404
        assert answer.json()["message"].replace(RAISED.id, "none") == missing.json()["message"]
    for role in (Role.VIEWER, Role.TRADER):
        async with client_of(hub, await add_key(hub, "stadtwerk", role)) as own:
            assert len(await listed(own)) == 1
            assert (await own.post(path(box), json={})).status_code == 403


async def test_alarms_are_filtered_and_paged(operator: httpx.AsyncClient, box: Box) -> None:
    many = [
        replace(RAISED, id=f"a{n}", code=f"CODE_{n % 2}", raised_us=NOON_US + n * SECOND_US)
        for n in range(4)
    ]
    await box.upload([told(0, *many)])
    assert [each["id"] for each in await listed(operator, limit="2")] == ["a3", "a2"]
    assert [each["id"] for each in await listed(operator, code="CODE_1")] == ["a3", "a1"]
    assert await listed(operator, severity="warning") == []
    assert len(await listed(operator, site="werk-sued", severity="alarm")) == 4


async def test_a_silent_box_is_an_alarm_that_clears_by_itself(
    operator: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    await watch.look(hub, NOON_US)
    assert await listed(operator) == [], "it has never spoken"
    await box.upload([telemetry(0, soc_pct=50)])
    clock_of(hub).at_us += MINUTE_US
    for _ in range(2):
        await watch.look(hub, NOON_US)
    (silent,) = await listed(operator, phase="raised")
    assert (silent["code"], silent["severity"]) == ("GATEWAY_SILENT", "alarm")
    seen = await operator.post(f"/api/v1/alarms/{box.gateway}/{silent['id']}/acknowledge", json={})
    assert seen.status_code == 200
    assert (await box.downlink()).commands == (), "there is no box to tell"
    await box.upload([telemetry(1, soc_pct=50)])
    await watch.look(hub, NOON_US)
    assert [each["code"] for each in await listed(operator, phase="cleared")] == ["GATEWAY_SILENT"]
    clock_of(hub).at_us += MINUTE_US
    await watch.look(hub, NOON_US)
    assert len(await listed(operator)) == 2, "the same trouble a second time is a new alarm"
    events = (await operator.get("/api/v1/sites/werk-sued/events")).json()["events"]
    assert [e["code"] for e in events if e["code"].startswith("GATEWAY")] == [
        "GATEWAY_SILENT",
        "GATEWAY_SILENT_OVER",
        "GATEWAY_SILENT",
    ]


async def test_a_hub_that_was_away_does_not_call_its_boxes_silent(
    operator: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    await tell_report(box)
    clock_of(hub).at_us += 3_600 * SECOND_US
    await watch.look(hub, hub.clock.now_us())
    assert await listed(operator) == []


async def test_what_a_report_says_raises_and_clears_alarms_of_the_hub(
    operator: httpx.AsyncClient, box: Box
) -> None:
    off = replace(
        WELL, clock=ClockState.CORRECTED, clock_off_us=-3_600_000_000, backlog_from_us=NOON_US - 10
    )
    await tell_report(box, replace(off, backlog_from_us=NOON_US - 15 * MINUTE_US))
    found = {each["code"]: each["text"] for each in await listed(operator, phase="raised")}
    assert found["CLOCK_WRONG"] == "the box's clock is off; the agent adds -3600.0 s to it"
    assert set(found) == {"CLOCK_WRONG", "BACKLOG_OLD"}
    await tell_report(box)
    assert await listed(operator, phase="raised") == []


async def test_frames_that_the_hub_could_not_read_are_an_alarm(
    operator: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    await box.upload([Frame(0, FrameClass.TELEMETRY, b"no block")])
    await watch.look(hub, NOON_US)
    assert [each["code"] for each in await listed(operator)] == ["QUARANTINE"]


async def test_the_alarms_of_a_revoked_box_are_over(
    admin: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    await box.upload([told(0, RAISED)])
    assert (await admin.delete(f"/api/v1/gateways/{box.gateway}")).status_code == 204
    await watch.look(hub, NOON_US)
    assert [each["phase"] for each in await listed(admin)] == ["cleared"]


@pytest.mark.parametrize("kept", [0, 2])
async def test_beyond_the_limit_the_oldest_that_are_over_are_forgotten(
    operator: httpx.AsyncClient, box: Box, hub: Hub, kept: int
) -> None:
    over = [
        replace(RAISED, id=f"a{n}", raised_us=NOON_US + n, cleared_us=NOON_US + n + 1)
        for n in range(5)
    ]
    await box.upload([told(0, RAISED, *over)])
    async with hub.database.transaction() as connection:
        assert await alarms.trim(connection, box.gateway, kept) == 5 - kept
    left = [each["id"] for each in await listed(operator)]
    assert left == [f"a{n}" for n in reversed(range(5 - kept, 5))] + [RAISED.id]


async def test_page_after_page_every_alarm_comes_once_though_they_have_one_instant(
    operator: httpx.AsyncClient, box: Box
) -> None:
    await box.upload([told(0, *(replace(RAISED, id=f"a{n}") for n in range(7)))])
    seen: list[str] = []
    query = {"limit": "3"}
    for _ in range(9):
        answer = (await operator.get("/api/v1/alarms", params=query)).json()
        seen += [each["id"] for each in answer["alarms"]]
        if answer["next"] is None:
            break
        query["before"] = answer["next"]
    assert seen == [f"a{n}" for n in reversed(range(7))]
    for strange in ("yesterday", "1~a", "x~box~a"):
        answer = await operator.get("/api/v1/alarms", params={"before": strange})
        assert answer.status_code == 422, strange
