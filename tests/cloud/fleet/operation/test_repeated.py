"""A request for commands that is sent twice under one id of its sender is one request."""

from typing import Any

import httpx

from cloud.fleet.operation import requests, tables, watch
from cloud.kernel.context import Hub
from cloud.kernel.database import insert_or_ignore
from cloud.kernel.keys import Role
from tests.cloud.fleet.operation.test_at_once import at_once
from tests.support.hub import NOON_US, Box, add_key, client_of, clock_of
from tests.support.operation import MINUTE_US, ask, asked, setpoint, tell_result
from wire.command import State


async def count(client: httpx.AsyncClient) -> int:
    return len((await client.get("/api/v1/commands")).json()["commands"])


async def test_the_same_id_gets_the_first_answer_again_and_nothing_new(
    operator: httpx.AsyncClient, box: Box
) -> None:
    first = await ask(operator, client_command_id="4711")
    again = await ask(operator, client_command_id="4711")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert len((await box.downlink()).commands) == 1
    other = await ask(operator, client_command_id="4712")
    without = await ask(operator)
    ids = {answer.json()["commands"][0]["id"] for answer in (first, other, without)}
    assert len(ids) == await count(operator) == 3


async def test_the_answer_stays_though_the_command_has_ended_and_its_setpoint_is_over(
    operator: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    request: dict[str, Any] = {"payload": setpoint(-5.0), "client_command_id": "4711"}
    command = await asked(operator, "setpoint", **request)
    await tell_result(box, command, State.DONE)
    clock_of(hub).at_us += requests.KEPT_US - 1
    await watch.tidy(hub)
    assert await asked(operator, "setpoint", **request) == command
    assert await count(operator) == 1


async def test_a_refusal_is_an_answer_too(
    admin: httpx.AsyncClient, operator: httpx.AsyncClient, box: Box
) -> None:
    request: dict[str, Any] = {"payload": setpoint(1e6), "client_command_id": "4711"}
    first = await ask(operator, "setpoint", **request)
    assert first.json()["commands"][0]["code"] == "POWER_MAX"
    assert (await ask(operator, "setpoint", **request)).json() == first.json()
    wrong = await ask(operator, sites=["nowhere"], client_command_id="4713")
    assert wrong.status_code == 404
    assert (await ask(operator, client_command_id="4713")).status_code == 201, "nothing was asked"


async def test_another_request_under_the_same_id_is_refused(
    operator: httpx.AsyncClient, box: Box
) -> None:
    await asked(operator, "setpoint", payload=setpoint(5), client_command_id="4711")
    for more in ({"payload": setpoint(6)}, {"payload": setpoint(5), "reason": "another"}):
        answer = await ask(operator, "setpoint", **more, client_command_id="4711")
        assert (answer.status_code, answer.json()["code"]) == (409, "CLIENT_COMMAND_ID_USED")
    assert len((await box.downlink()).commands) == 1


async def test_an_id_is_its_keys_own(
    hub: Hub, operator: httpx.AsyncClient, admin: httpx.AsyncClient, box: Box
) -> None:
    mine = await asked(operator, client_command_id="4711")
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.OPERATOR)) as colleague:
        ids = {mine, await asked(colleague, client_command_id="4711")}
    ids.add(await asked(admin, client_command_id="4711"))
    assert len(ids) == 3


async def test_of_many_at_once_one_is_issued(operator: httpx.AsyncClient, box: Box) -> None:
    answers: list[str] = []

    async def once() -> None:
        answers.append(await asked(operator, client_command_id="4711"))

    await at_once(once)
    assert len(set(answers)) == await count(operator) == 1


async def test_an_id_is_forgotten_after_its_time_and_there_is_a_limit(
    operator: httpx.AsyncClient, admin: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    first = await asked(operator, client_command_id="4711")
    who = (await operator.get("/api/v1/me")).json()["key_id"]
    same = {"key_id": who, "sha256": "", "at_us": NOON_US, "answer": "{}"}
    async with hub.database.transaction() as connection:
        rows = [same | {"id": f"n{n}"} for n in range(1, requests.KEPT_MAX)]
        await insert_or_ignore(connection, tables.command_request, rows)
    full = await ask(operator, client_command_id="one-more")
    assert (full.status_code, full.json()["code"]) == (429, "TOO_MANY")
    assert await asked(operator, client_command_id="4711") == first
    assert await asked(admin, client_command_id="one-more") != first
    clock_of(hub).at_us += requests.KEPT_US + MINUTE_US
    await watch.tidy(hub)
    assert await asked(operator, client_command_id="4711") != first


def test_an_id_is_kept_for_a_day_at_least() -> None:
    assert requests.KEPT_US >= 24 * 60 * MINUTE_US


async def test_an_id_that_is_empty_or_too_long_is_refused(
    operator: httpx.AsyncClient, box: Box
) -> None:
    for wrong in ("", "x" * 65, "a\nb"):
        assert (await ask(operator, client_command_id=wrong)).status_code == 422
