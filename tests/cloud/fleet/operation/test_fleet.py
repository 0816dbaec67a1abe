"""The fleet on one page: reports, tags, groups, and the log of who changed what."""

from dataclasses import replace

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cloud.fleet import store as fleet
from cloud.fleet.model import Gateway
from cloud.fleet.operation import bundles
from cloud.kernel.context import Hub
from cloud.kernel.errors import Invalid, NotFound, TooLarge
from cloud.kernel.keys import Role
from tests.support.hub import Box, add_key, add_site, client_of, clock_of, telemetry
from tests.support.operation import (
    MINUTE_US,
    RAISED,
    SECOND_US,
    WELL,
    asked,
    tell_report,
    told,
)

TAGS = {"region": "nord", "market": "fcr"}


async def rows(client: httpx.AsyncClient, **query: str) -> list[dict[str, object]]:
    answer = await client.get("/api/v1/fleet", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["fleet"]
    return found


async def of(hub: Hub, box: Box) -> Gateway:
    async with hub.database.reading() as connection:
        found = await fleet.gateway(connection, box.gateway)
    assert found is not None
    return found


async def test_each_box_is_one_line_with_what_it_said_and_what_is_open(
    operator: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    (before,) = await rows(operator)
    assert (before["gateway"], before["last_seen_at"], before["report"]) == (
        box.gateway,
        None,
        None,
    )
    await tell_report(box, replace(WELL, version="0.0.9"))
    clock_of(hub).at_us += SECOND_US
    await tell_report(box)
    clock_of(hub).at_us += SECOND_US
    await box.upload([telemetry(0, soc_pct=50), told(1, RAISED)])
    await asked(operator)
    (row,) = await rows(operator)
    report = row["report"]
    assert isinstance(report, dict)
    assert (report["version"], report["clock"]) == (WELL.version, "synchronised")
    assert report["received_at"] == "2026-11-21T12:00:01Z"
    assert report["devices"][0]["id"] == WELL.devices[0].id
    assert row["last_seen_at"] == "2026-11-21T12:00:02Z"
    assert row["alarms"] == {"alarms": 1, "warnings": 0, "unacknowledged": 1}
    assert row["commands_open"] == 1
    assert row["gaps"] == {"rows": 0, "n_missing": 0, "unknown": 0}


async def test_a_site_without_a_box_is_a_line_too_and_others_sites_are_none(
    hub: Hub, operator: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    await add_site(hub, "leer")
    await add_site(hub, "hafen", "hafen-gmbh")
    own = [(row["site"], row["gateway"] is None) for row in await rows(operator)]
    assert own == [("leer", True), ("werk-sued", False)]
    assert [row["site"] for row in await rows(admin)] == ["hafen", "leer", "werk-sued"]


async def test_tags_and_groups_choose_the_lines(
    hub: Hub, operator: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    await add_site(hub, "leer")
    await add_site(hub, "hafen", "hafen-gmbh")
    assert (await admin.put("/api/v1/sites/hafen/tags", json={"tags": TAGS})).status_code == 200
    path = "/api/v1/sites/werk-sued/tags"
    done = await operator.put(path, json={"tags": TAGS})
    assert (done.status_code, done.json()["tags"]) == (200, TAGS)
    assert (await operator.get(path)).json() == {"site": "werk-sued", "tags": TAGS}
    assert [row["site"] for row in await rows(operator, tag="market:fcr")] == ["werk-sued"]
    assert [row["site"] for row in await rows(admin, tag="region:nord")] == ["hafen", "werk-sued"]
    assert await rows(operator, tag="market:spot") == []
    group = {"id": "fcr", "name": "FCR", "tags": {"market": "fcr"}}
    made = await operator.post("/api/v1/groups", json=group)
    assert (made.status_code, made.json()["sites"]) == (201, ["werk-sued"])
    assert (await operator.post("/api/v1/groups", json=group)).json()["code"] == "GROUP_EXISTS"
    assert [row["site"] for row in await rows(operator, group="fcr")] == ["werk-sued"]
    (listed,) = (await operator.get("/api/v1/groups")).json()["groups"]
    assert (listed["account"], listed["tags"]) == ("stadtwerk", {"market": "fcr"})
    assert (await operator.put(path, json={"tags": {}})).status_code == 200
    assert await rows(operator, group="fcr") == []
    assert (await operator.delete("/api/v1/groups/fcr")).status_code == 204
    assert (await operator.delete("/api/v1/groups/fcr")).status_code == 404


async def test_groups_and_tags_of_others_are_not_there(
    hub: Hub, operator: httpx.AsyncClient
) -> None:
    group = {"id": "fcr", "tags": {"market": "fcr"}}
    assert (await operator.post("/api/v1/groups", json=group)).status_code == 201
    async with client_of(hub, await add_key(hub, "hafen-gmbh", Role.OPERATOR)) as stranger:
        assert (await stranger.get("/api/v1/groups")).json() == {"groups": []}
        assert (await stranger.delete("/api/v1/groups/fcr")).status_code == 404
        assert (await stranger.get("/api/v1/fleet", params={"group": "fcr"})).status_code == 404
        answer = await stranger.put("/api/v1/sites/werk-sued/tags", json={"tags": TAGS})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"Region": "nord"}, "should match pattern"),
        ({"region": "a:b"}, "should match pattern"),
        ({"region": ""}, "should match pattern"),
        ({f"t{n}": "x" for n in range(21)}, "at most 20"),
    ],
)
async def test_a_wrong_tag_costs_one_line(
    operator: httpx.AsyncClient, tags: dict[str, str], said: str
) -> None:
    answer = await operator.put("/api/v1/sites/werk-sued/tags", json={"tags": tags})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID")
    assert said in answer.json()["message"]


async def test_a_filter_that_is_no_tag_costs_one_line(operator: httpx.AsyncClient) -> None:
    answer = await operator.get("/api/v1/fleet", params={"tag": "market"})
    assert answer.status_code == 422
    assert answer.json()["message"] == "tag: 'market' is not allowed; key:value is expected"


async def test_whatever_somebody_changes_is_in_the_log_with_who_and_why(
    hub: Hub, operator: httpx.AsyncClient, admin: httpx.AsyncClient, box: Box
) -> None:
    command = await asked(operator, reason="ticket 4711")
    await operator.delete(f"/api/v1/commands/{command}", params={"reason": "a mistake"})
    await box.upload([told(0, RAISED)])
    await operator.post(f"/api/v1/alarms/{box.gateway}/{RAISED.id}/acknowledge", json={"note": "x"})
    await operator.put("/api/v1/sites/werk-sued/tags", json={"tags": TAGS})
    who = (await operator.get("/api/v1/me")).json()["key_id"]
    log = (await admin.get("/api/v1/audit", params={"key_id": who})).json()["audit"]
    assert [(each["action"], each["reason"]) for each in log] == [
        ("site.tags", ""),
        ("alarm.acknowledge", "x"),
        ("command.cancel", "a mistake"),
        ("command.restart", "ticket 4711"),
    ]
    assert log[-1] == {
        "id": log[-1]["id"],
        "at": "2026-11-21T12:00:00Z",
        "key_id": who,
        "account": "stadtwerk",
        "action": "command.restart",
        "subject": f"command {command}",
        "site": "werk-sued",
        "reason": "ticket 4711",
        "result": f"issued to {box.gateway}",
    }
    first = (await admin.get("/api/v1/audit", params={"limit": "1"})).json()["audit"]
    rest = await admin.get("/api/v1/audit", params={"before": str(first[0]["id"])})
    actions = [each["action"] for each in rest.json()["audit"]]
    assert {"site.create", "command.restart"} <= set(actions)
    assert (await operator.get("/api/v1/audit")).status_code == 403


@pytest.mark.parametrize("statement", ["UPDATE audit SET reason = 'x'", "DELETE FROM audit"])
async def test_the_log_cannot_be_changed(
    hub: Hub, operator: httpx.AsyncClient, admin: httpx.AsyncClient, statement: str
) -> None:
    await asked(operator)
    before = (await admin.get("/api/v1/audit")).json()
    with pytest.raises(DBAPIError, match="append-only"):
        async with hub.database.transaction() as connection:
            await connection.execute(text(statement))
    assert (await admin.get("/api/v1/audit")).json() == before


async def test_a_log_bundle_is_kept_for_admins_until_it_is_old(
    hub: Hub, operator: httpx.AsyncClient, admin: httpx.AsyncClient, box: Box
) -> None:
    command = await asked(operator, "logs", payload={"hours": 1})
    path = f"/api/v1/commands/{command}/bundle"
    assert (await admin.get(path)).status_code == 404
    gateway = await of(hub, box)
    for body in (b"\x1f\x8bfirst", b"\x1f\x8bsecond"):
        await bundles.keep(hub, gateway, command, body)
    found = await admin.get(path)
    assert (found.status_code, found.content) == (200, b"\x1f\x8bsecond")
    assert f'filename="{box.gateway}-{command}.tar.gz"' in found.headers["content-disposition"]
    assert (await operator.get(path)).status_code == 403
    file = bundles.path_of(hub, command)
    assert file.stat().st_mode & 0o077 == 0 or file.parent.stat().st_mode & 0o077 == 0
    clock_of(hub).at_us += bundles.KEPT_US + MINUTE_US
    assert await bundles.forget_old(hub) == 1
    assert (await admin.get(path)).status_code == 404
    assert not file.exists()


async def test_only_the_bundle_that_was_asked_for_is_taken(
    hub: Hub, operator: httpx.AsyncClient, box: Box
) -> None:
    gateway = await of(hub, box)
    logs = await asked(operator, "logs", payload={"hours": 1})
    other = await asked(operator)
    body = b"\x1f\x8b" + bytes(100)
    for command in (other, "cmd-none", "../../etc/passwd"):
        with pytest.raises(NotFound):
            await bundles.keep(hub, gateway, command, body)
    with pytest.raises(NotFound):
        await bundles.keep(hub, replace(gateway, id="somebody"), logs, body)
    with pytest.raises(Invalid):
        await bundles.keep(hub, gateway, logs, b"PK")
    with pytest.raises(TooLarge):
        await bundles.keep(hub, gateway, logs, body + bytes(bundles.BUNDLE_BYTES_MAX))
    assert not bundles.path_of(hub, logs).exists()
