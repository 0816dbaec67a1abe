"""cloud.fleet.codes over the sync API: a code is good for one box, once, for a while."""

import asyncio
from typing import Any

import httpx
import pytest

from cloud.fleet import codes, keys, tables
from cloud.fleet.sync import rates
from cloud.fleet.sync.rates import Rates
from cloud.kernel import audit
from cloud.kernel.context import Hub
from cloud.settings import HubSettings
from tests.support.hub import (
    Box,
    add_key,
    add_site,
    client_of,
    clock_of,
)
from wire import enrolment, sync
from wire.enrolment import CODE_CHARACTERS, Credentials
from wire.sync import ENROL_PATH, Upload

BOX, OTHER = "ab" * 16, "cd" * 16
HOUR_US = 3_600_000_000


async def code_for(admin: httpx.AsyncClient, gateway: str, **body: Any) -> str:
    answer = await admin.post(f"/api/v1/gateways/{gateway}/code", json=body)
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code


async def new_code(hub: Hub, admin: httpx.AsyncClient, **body: Any) -> str:
    """Make a site, a gateway without a key and a code for it."""
    await add_site(hub, "werk-sued")
    made = await admin.post(
        "/api/v1/gateways", json={"site": "werk-sued", "gateway": "gw-1", "with_key": False}
    )
    assert made.json() == {
        "gateway": "gw-1",
        "site": "werk-sued",
        "key_id": None,
        "secret": None,
    }
    return await code_for(admin, "gw-1", **body)


async def enrol(client: httpx.AsyncClient, code: str, box: str = BOX) -> httpx.Response:
    return await client.post(ENROL_PATH, json={"v": 1, "code": code, "box": box})


async def refusal(client: httpx.AsyncClient, code: str, box: str = BOX) -> tuple[int, str]:
    answer = await enrol(client, code, box)
    return answer.status_code, answer.json()["code"]


async def given(client: httpx.AsyncClient, code: str, box: str = BOX) -> Credentials:
    answer = await enrol(client, code, box)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return enrolment.credentials_from_document(answer.json())


async def uploads(hub: Hub, client: httpx.AsyncClient, had: Credentials) -> tuple[int, str]:
    box = Box(client, hub, had.gateway, had.key)
    answer = await box.send(sync.encode_upload(Upload(had.gateway, "epoch-1", ())))
    return answer.status_code, answer.json().get("code", "")


async def test_a_code_is_exchanged_for_a_key_that_works(hub: Hub, admin: httpx.AsyncClient) -> None:
    code = await new_code(hub, admin)
    assert (await admin.get("/api/v1/gateways")).json()["gateways"][0]["key_id"] is None
    async with client_of(hub, None) as client:
        made = await given(client, code)
        assert (made.gateway, made.site) == ("gw-1", "werk-sued")
        assert await uploads(hub, client, made) == (200, "")
    told = (await admin.get("/api/v1/sites/werk-sued/events")).json()["events"]
    assert [event["code"] for event in told] == ["GATEWAY_ENROLLED"]
    listed = (await admin.get("/api/v1/gateways")).json()["gateways"]
    assert [gateway["key_id"] for gateway in listed] == [made.key.key_id]


async def test_a_code_works_however_it_was_typed(hub: Hub, admin: httpx.AsyncClient) -> None:
    code = await new_code(hub, admin)
    async with client_of(hub, None) as client:
        typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        await given(client, typed)


async def test_the_same_box_may_ask_again_and_another_box_gets_nothing(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    code = await new_code(hub, admin)
    async with client_of(hub, None) as client:
        made = await given(client, code)
        assert await given(client, code) == made, "its answer was lost on the way"
        assert await refusal(client, code, OTHER) == (409, "CODE_USED")
        clock_of(hub).at_us += 24 * HOUR_US
        assert await refusal(client, code) == (403, "CODE_EXPIRED")
        assert await refusal(client, code, OTHER) == (409, "CODE_USED")
        assert await uploads(hub, client, made) == (200, ""), "the key does not expire"


async def test_a_code_expires(hub: Hub, admin: httpx.AsyncClient) -> None:
    code = await new_code(hub, admin, ttl_s=3_600)
    async with client_of(hub, None) as client:
        clock_of(hub).at_us += HOUR_US
        assert await refusal(client, code) == (403, "CODE_EXPIRED")


async def test_a_newer_code_voids_an_older_one(hub: Hub, admin: httpx.AsyncClient) -> None:
    older = await new_code(hub, admin)
    newer = await code_for(admin, "gw-1")
    async with client_of(hub, None) as client:
        assert await refusal(client, older) == (403, "CODE_UNKNOWN")
        await given(client, newer)


async def test_a_box_that_is_replaced_gets_nothing_from_the_moment_its_follower_has_a_key(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    code = await new_code(hub, admin)
    async with client_of(hub, None) as client:
        first = await given(client, code)
        code = await code_for(admin, "gw-1")
        assert await uploads(hub, client, first) == (200, ""), "the code alone changes nothing"
        second = await given(client, code, OTHER)
        assert await uploads(hub, client, first) == (401, "KEY_RETIRED")
        assert await uploads(hub, client, second) == (200, "")


async def test_a_code_whose_key_was_replaced_since_gives_it_to_nobody(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    code = await new_code(hub, admin)
    async with client_of(hub, None) as client:
        made = await given(client, code)
        async with hub.database.transaction() as connection:
            await keys.end_others(connection, made.gateway, "other", hub.clock.now_us())
        assert await refusal(client, code) == (409, "CODE_USED")


async def test_a_revoked_gateway_enrols_nobody(hub: Hub, admin: httpx.AsyncClient) -> None:
    code = await new_code(hub, admin)
    assert (await admin.delete("/api/v1/gateways/gw-1")).status_code == 204
    async with client_of(hub, None) as client:
        assert await refusal(client, code) == (403, "GATEWAY_REVOKED")
    answer = await admin.post("/api/v1/gateways/gw-1/code", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "GATEWAY_REVOKED")
    assert (await admin.post("/api/v1/gateways/none/code", json={})).status_code == 404


async def test_a_code_is_kept_as_nothing_but_a_keyed_hash(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    code = enrolment.normal_code(await new_code(hub, admin))
    assert len(code) == 16
    assert set(code) <= set(CODE_CHARACTERS)
    async with client_of(hub, None) as client:
        await given(client, code)
    async with hub.database.reading() as connection:
        (row,) = await connection.execute(tables.enrolment.select())
    assert code not in str(row)
    assert BOX not in str(row)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"v":1,"code":"X","box":"abababababababab"}', b'{"v":1,"code":1}']
)
async def test_what_is_no_enrolment_is_refused_in_one_line(hub: Hub, body: bytes) -> None:
    async with client_of(hub, None) as client:
        answer = await client.post(ENROL_PATH, content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID")
    assert len(answer.json()["message"].splitlines()) == 1


async def test_guessing_is_slowed_down(hub: Hub) -> None:
    code = "0" * 16
    async with client_of(hub, None) as client:
        for _ in range(int(rates.ENROLMENTS.burst)):
            assert await refusal(client, code) == (403, "CODE_UNKNOWN")
        answer = await enrol(client, code)
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY")
    assert int(answer.headers["retry-after"]) >= 1


async def test_guessing_from_many_addresses_is_slowed_down_too(hub: Hub) -> None:
    buckets = hub.service(Rates)
    async with client_of(hub, None) as client:
        assert await refusal(client, "0" * 16) == (403, "CODE_UNKNOWN")
    now_s = asyncio.get_running_loop().time()
    for _ in range(int(rates.ENROLMENTS_ALL.burst) - 1):
        buckets.take("enrol all", "all", rates.ENROLMENTS_ALL, now_s)
    async with client_of(hub, None) as client:
        assert await refusal(client, "0" * 16) == (429, "TOO_MANY")


async def test_only_an_administrator_makes_codes_and_it_is_in_the_audit_log(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    await new_code(hub, admin)
    async with client_of(hub, await add_key(hub, "stadtwerk")) as trader:
        for path in ("/api/v1/gateways/gw-1/code", "/api/v1/gateways/gw-1/rotate"):
            assert (await trader.post(path, json={"reason": "r"})).status_code == 403
    async with hub.database.reading() as connection:
        entries = await audit.newest(connection)
    told = [audited.entry.action for audited in entries]
    assert [action for action in told if action.startswith("gateway.")] == [
        "gateway.code",
        "gateway.create",
    ]


async def test_a_change_of_key_is_asked_of_the_box(hub: Hub, admin: httpx.AsyncClient) -> None:
    code = await new_code(hub, admin)
    answer = await admin.post("/api/v1/gateways/gw-1/rotate", json={"reason": "who left"})
    assert answer.status_code == 202
    async with client_of(hub, None) as client:
        made = await given(client, code)
        news = await Box(client, hub, made.gateway, made.key).downlink()
    assert [(c.id, c.kind, c.reason) for c in news.commands] == [
        (answer.json()["command"], "rotate_key", "who left")
    ]
    assert (await admin.post("/api/v1/gateways/gw-1/rotate", json={})).status_code == 422


async def test_the_link_says_where_and_what(hub: Hub, admin: httpx.AsyncClient) -> None:
    assert codes.link("https://hub.example", "0123456789ABCDEF") == (
        "phoenyra:enrol?url=https%3A%2F%2Fhub.example&code=0123-4567-89AB-CDEF"
    )
    settings = HubSettings(data_dir=hub.settings.data_dir, public_url="https://hub.example/")
    assert settings.public_url == "https://hub.example/"
    await new_code(hub, admin)
    answer = await admin.post("/api/v1/gateways/gw-1/code", json={})
    assert answer.json()["link"] is None, "this hub does not know where it is reached"
