"""Commands: asked for over the API, fetched by a box that signs, answered, taken back."""

import asyncio

import httpx
import pytest

from cloud.fleet.operation import states, watch
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from tests.support.hub import NOON_US, Box, add_key, add_site, client_of, clock_of, enrolled_box
from tests.support.operation import (
    MINUTE_US,
    ask,
    asked,
    setpoint,
    state_of,
    tell_report,
    tell_result,
)
from wire.command import State
from wire.order import SetpointOrder

TOML = 'site = "werk-sued"\n[hub]\nsecret = "geheim"\n'


async def test_a_command_goes_to_the_box_until_it_says_that_it_holds_it(
    operator: httpx.AsyncClient, box: Box
) -> None:
    command = await asked(operator, "setpoint", payload=setpoint(-12.5), reason="ticket 4711")
    for _ in range(2):
        (sent,) = (await box.downlink()).commands
        assert (sent.id, sent.reason, sent.kind) == (command, "ticket 4711", "setpoint")
        assert sent.order == SetpointOrder(-12.5, NOON_US + 15 * MINUTE_US)
        assert sent.expires_us == NOON_US + states.USUAL_EXPIRY_US["setpoint"]
    assert await state_of(operator, command) == ("issued", "hub")
    await tell_result(box, command, State.RECEIVED)
    assert (await box.downlink()).commands == ()
    await tell_result(box, command, State.RUNNING)
    await tell_result(box, command, State.DONE, text="held to the end", kw=-12.5)
    found = (await operator.get(f"/api/v1/commands/{command}")).json()
    assert (found["state"], found["said_by"]) == ("done", "box")
    assert (found["text"], found["read_back_kw"]) == ("held to the end", -12.5)
    assert found["reason"] == "ticket 4711"


async def test_a_waiting_box_hears_of_a_command_at_once(
    operator: httpx.AsyncClient, box: Box
) -> None:
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(box.downlink(wait_s=55))
        command = await asked(operator)
    (sent,) = waiting.result().commands
    assert sent.id == command


async def test_the_urgent_come_first_and_then_the_old(
    operator: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    late = await asked(operator, priority=9)
    clock_of(hub).at_us += 1
    first = await asked(operator)
    clock_of(hub).at_us += 1
    second = await asked(operator)
    urgent = await asked(operator, "mode", payload={"mode": "standby"})
    sent = [command.id for command in (await box.downlink()).commands]
    assert sent == [urgent, first, second, late]


async def test_what_the_box_never_fetched_expires_and_is_not_sent_any_more(
    operator: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    command = await asked(operator)
    clock_of(hub).at_us += states.USUAL_EXPIRY_US["restart"]
    assert (await box.downlink()).commands == ()
    await watch.look(hub, NOON_US)
    assert await state_of(operator, command) == ("expired", "hub")
    events = (await operator.get("/api/v1/sites/werk-sued/events")).json()["events"]
    assert "COMMAND_EXPIRED" in [event["code"] for event in events]
    await tell_result(box, command, State.DONE, text="fetched in the last moment")
    assert await state_of(operator, command) == ("done", "box"), "the truth, however late"


async def test_a_command_is_taken_back_as_long_as_the_box_does_not_hold_it(
    operator: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    command = await asked(operator)
    gone = await operator.delete(f"/api/v1/commands/{command}", params={"reason": "a mistake"})
    assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
    assert (await box.downlink()).commands == ()
    again = await operator.delete(f"/api/v1/commands/{command}")
    assert (again.status_code, again.json()["code"]) == (409, "COMMAND_ENDED")
    held = await asked(operator)
    await tell_result(box, held, State.RECEIVED)
    refused = await operator.delete(f"/api/v1/commands/{held}")
    assert (refused.status_code, refused.json()["code"]) == (409, "COMMAND_RECEIVED")


async def test_results_of_commands_that_a_box_was_not_given_change_nothing(
    operator: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    command = await asked(operator)
    await add_site(hub, "hafen", "hafen-gmbh")
    async with enrolled_box(hub, "hafen") as other:
        await tell_result(other, command, State.DONE)
        await tell_result(other, "cmd-nobody-knows", State.DONE)
        assert (await other.downlink()).commands == ()
    assert await state_of(operator, command) == ("issued", "hub")


async def test_many_sites_are_asked_at_once_and_each_answers_for_itself(
    hub: Hub, admin: httpx.AsyncClient, box: Box
) -> None:
    await add_site(hub, "hafen", "hafen-gmbh", power_kw=10)
    await add_site(hub, "leer")
    async with enrolled_box(hub, "hafen") as other:
        answer = await ask(
            admin, "setpoint", sites=["werk-sued", "hafen", "leer"], payload=setpoint(50)
        )
        assert answer.status_code == 201
        found = {each["site"]: each for each in answer.json()["commands"]}
        assert found["werk-sued"]["gateway"] == box.gateway
        assert found["hafen"]["code"] == "POWER_MAX"
        assert found["hafen"]["message"] == "power_kw: 50 is not allowed; -10 to 10 is expected"
        assert (found["leer"]["id"], found["leer"]["code"]) == (None, "NO_GATEWAY")
        assert len((await box.downlink()).commands) == 1
        assert (await other.downlink()).commands == ()


async def test_tags_and_groups_name_the_sites_that_are_asked(
    hub: Hub, admin: httpx.AsyncClient, box: Box
) -> None:
    await add_site(hub, "hafen", "hafen-gmbh")
    async with enrolled_box(hub, "hafen"):
        for site, tags in (("werk-sued", {"market": "fcr"}), ("hafen", {"market": "spot"})):
            done = await admin.put(f"/api/v1/sites/{site}/tags", json={"tags": tags})
            assert done.status_code == 200
        group = {"id": "fcr", "tags": {"market": "fcr"}}
        assert (await admin.post("/api/v1/groups", json=group)).status_code == 201
        by_tag = await ask(admin, sites=[], tags={"market": "spot"})
        assert [each["site"] for each in by_tag.json()["commands"]] == ["hafen"]
        by_group = await ask(admin, sites=[], group="fcr")
        assert [each["site"] for each in by_group.json()["commands"]] == ["werk-sued"]
        both = await ask(admin, sites=["hafen"], group="fcr")
        assert [each["site"] for each in both.json()["commands"]] == ["hafen", "werk-sued"]
        nobody = await ask(admin, sites=[], tags={"market": "none"})
        assert (nobody.status_code, nobody.json()["code"]) == (404, "NOT_FOUND")


async def test_a_gateway_has_at_most_fifty_open_commands(
    operator: httpx.AsyncClient, box: Box
) -> None:
    first = await asked(operator)
    for _ in range(states.OPEN_MAX - 1):
        await asked(operator)
    (refused,) = (await ask(operator)).json()["commands"]
    assert (refused["id"], refused["code"]) == (None, "COMMANDS_MAX")
    await tell_result(box, first, State.REFUSED)
    await asked(operator)


async def test_of_two_boxes_the_one_that_spoke_last_is_asked_and_never_a_revoked_one(
    operator: httpx.AsyncClient, admin: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    async with enrolled_box(hub, "werk-sued") as other:
        await tell_report(other)
        clock_of(hub).at_us += MINUTE_US
        await tell_report(box)
        await asked(operator)
        assert len((await box.downlink()).commands) == 1
        assert (await other.downlink()).commands == ()
        assert (await admin.delete(f"/api/v1/gateways/{box.gateway}")).status_code == 204
        await asked(operator)
        assert len((await other.downlink()).commands) == 1


async def test_a_settings_file_is_never_shown_and_not_kept_once_it_has_arrived(
    admin: httpx.AsyncClient, box: Box
) -> None:
    payload = {"toml": TOML, "dry_run": False}
    command = await asked(admin, "configuration", payload=payload)
    (sent,) = (await box.downlink()).commands
    assert getattr(sent.order, "toml", "") == TOML
    for answer in (
        await admin.get(f"/api/v1/commands/{command}"),
        await admin.get("/api/v1/commands"),
        await admin.get("/api/v1/audit"),
    ):
        assert "geheim" not in answer.text
    shown = (await admin.get(f"/api/v1/commands/{command}")).json()["payload"]
    assert (shown["toml"], shown["characters"], shown["dry_run"]) == ("***", len(TOML), False)
    await tell_result(box, command, State.DONE)
    assert (await admin.get(f"/api/v1/commands/{command}")).json()["payload"] == shown


@pytest.mark.parametrize(
    ("role", "kind", "payload", "status"),
    [
        (Role.VIEWER, "restart", {"part": "agent"}, 403),
        (Role.TRADER, "setpoint", setpoint(1), 403),
        (Role.OPERATOR, "logs", {"hours": 2}, 201),
        (Role.OPERATOR, "rotate_key", {}, 403),
        (Role.OPERATOR, "configuration", {"toml": "a = 1", "dry_run": True}, 403),
        (Role.OPERATOR, "software", {"version": "0.2.0"}, 403),
        (Role.ADMIN, "software", {"version": "0.2.0"}, 201),
    ],
)
async def test_what_a_key_may_ask_for_depends_on_its_role(
    hub: Hub, box: Box, role: Role, kind: str, payload: dict[str, object], status: int
) -> None:
    assert box
    async with client_of(hub, await add_key(hub, "stadtwerk", role)) as client:
        assert (await ask(client, kind, payload=payload)).status_code == status


async def test_what_needs_no_payload_is_asked_without_one(hub: Hub, box: Box) -> None:
    assert box
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.ADMIN)) as client:
        body = {"kind": "rotate_key", "sites": ["werk-sued"], "reason": "yearly"}
        assert (await client.post("/api/v1/commands", json=body)).status_code == 201
        answer = await client.post("/api/v1/commands", json={**body, "kind": "restart"})
        assert answer.status_code == 422
        assert "payload.part" in answer.json()["message"]


async def test_nobody_commands_or_sees_the_sites_of_others(hub: Hub, box: Box) -> None:
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.OPERATOR)) as own:
        command = await asked(own)
    async with client_of(hub, await add_key(hub, "hafen-gmbh", Role.OPERATOR)) as stranger:
        assert (await ask(stranger)).status_code == 404
        for method in ("GET", "DELETE"):
            answer = await stranger.request(method, f"/api/v1/commands/{command}")
            missing = await stranger.request(method, "/api/v1/commands/cmd-nowhere")
            assert answer.status_code == missing.status_code == 404
            said = answer.json()["message"].replace(command, "cmd-nowhere")
            assert said == missing.json()["message"]
        assert (await stranger.get("/api/v1/commands")).json()["commands"] == []
    assert len((await box.downlink()).commands) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "dance"}, "payload.kind: 'dance' is not allowed; one of"),
        ({"payload": {"part": "roof"}}, "payload.part: 'roof' is not allowed"),
        ({"reason": ""}, 'reason: "" is not allowed'),
        ({"sites": []}, "sites, tags or group is expected"),
        ({"kind": "setpoint", "payload": setpoint(1, NOON_US)}, "until_us: within the next 7 days"),
        ({"expires_at": "2026-11-21T11:00:00Z"}, "expires_at: within the next 30 days"),
        ({"kind": "acknowledge"}, "payload.alarm"),
        ({"priority": 10}, "priority: 10 is not allowed"),
    ],
)
async def test_a_wrong_wish_costs_one_line(
    operator: httpx.AsyncClient, body: dict[str, object], said: str
) -> None:
    whole = {
        "kind": "restart",
        "payload": {"part": "agent"},
        "sites": ["werk-sued"],
        "reason": "test",
    }
    answer = await operator.post("/api/v1/commands", json={**whole, **body})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID")
    assert said in answer.json()["message"]
    assert "\n" not in answer.json()["message"]
