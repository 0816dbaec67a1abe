"""cloud.fleet.keys over the sync API: a newer key takes over without a request that is refused."""

import hashlib
import hmac
from dataclasses import replace

import httpx
import pytest

from cloud.fleet import keys
from cloud.fleet.sync.access import Nonces
from cloud.fleet.sync.rates import Rates
from cloud.kernel.context import Hub
from tests.support.hub import Box, admin_key, client_of, clock_of, telemetry
from wire import enrolment, signing, sync
from wire.signing import Key
from wire.sync import KEYS_PATH, REPORT_PATH, TIME_PATH, UPLOAD_PATH, Upload

ASK = b'{"v":1}'


async def newer(box: Box) -> Key:
    """Ask for a newer key and return it; the box goes on with the one it has."""
    answer = await box.ask("POST", KEYS_PATH, ASK)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    made = enrolment.credentials_from_document(answer.json())
    assert (made.gateway, made.site) == (box.gateway, "werk-sued")
    return made.key


async def status(box: Box, key: Key | None = None) -> tuple[int, str]:
    """Upload nothing with this key; return status and code."""
    asking = box if key is None else replace(box, key=key)
    answer = await asking.send(sync.encode_upload(Upload(box.gateway, "epoch-1", ())))
    return answer.status_code, answer.json().get("code", "")


def later(hub: Hub, by_us: int) -> None:
    clock_of(hub).at_us += by_us


async def test_a_newer_key_counts_from_the_first_request_that_it_signs(box: Box, hub: Hub) -> None:
    older, newest = box.key, await newer(box)
    later(hub, keys.RETIRE_US)
    assert await status(box, older) == (200, ""), "nobody has used the newer one yet"
    assert await status(box, newest) == (200, "")
    later(hub, keys.RETIRE_US - 1)
    assert await status(box, older) == (200, ""), "what is on its way arrives"
    later(hub, 1)
    assert await status(box, older) == (401, "KEY_RETIRED")
    assert await status(box, newest) == (200, "")


async def test_asking_again_replaces_a_key_that_was_not_used(box: Box, hub: Hub) -> None:
    lost = await newer(box)
    later(hub, 1)
    kept = await newer(box)
    assert await status(box, lost) == (401, "BAD_SIGNATURE")
    assert await status(box, kept) == (200, "")
    assert await status(box) == (200, "")


async def test_an_older_request_for_a_key_that_comes_late_changes_nothing(
    box: Box, hub: Hub
) -> None:
    delayed = box.header("POST", KEYS_PATH, ASK)
    later(hub, 1)
    kept = await newer(box)
    headers = {"Authorization": delayed}
    answer = await box.client.post(KEYS_PATH, content=ASK, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "KEY_REQUEST_OLD")
    assert await status(box, kept) == (200, "")


async def test_a_retiring_key_gets_no_newer_one(box: Box, hub: Hub) -> None:
    newest = await newer(box)
    assert await status(box, newest) == (200, "")
    later(hub, 1)
    answer = await box.ask("POST", KEYS_PATH, ASK)
    assert (answer.status_code, answer.json()["code"]) == (409, "KEY_NOT_CURRENT")


async def test_a_request_for_a_key_that_is_overheard_is_worth_nothing_after_a_restart(
    box: Box, hub: Hub
) -> None:
    """The memory of nonces is empty then; the stamp alone keeps the second one out."""
    overheard = {"Authorization": box.header("POST", KEYS_PATH, ASK)}
    first = await box.client.post(KEYS_PATH, content=ASK, headers=overheard)
    hub.provide(Nonces())
    again = await box.client.post(KEYS_PATH, content=ASK, headers=overheard)
    assert (again.status_code, again.json()["code"]) == (409, "KEY_REQUEST_OLD")
    kept = enrolment.credentials_from_document(first.json()).key
    assert await status(box, kept) == (200, "")


async def test_keys_change_often_and_the_memory_of_them_is_bounded(box: Box, hub: Hub) -> None:
    first = box.key
    for _ in range(keys.KEYS_MAX + 5):
        later(hub, keys.RETIRE_US)
        hub.provide(Rates())
        box.key = await newer(box)
        assert await status(box) == (200, "")
    async with hub.database.reading() as connection:
        known = await keys.of_gateway(connection, box.gateway)
    assert len(known) <= keys.KEYS_MAX + 1
    assert await status(box, first) == (401, "BAD_SIGNATURE"), "it is forgotten by now"


async def test_a_revoked_gateway_has_no_key_that_is_good_for_anything(box: Box, hub: Hub) -> None:
    pending = await newer(box)
    async with client_of(hub, admin_key(hub)) as client:
        assert (await client.delete(f"/api/v1/gateways/{box.gateway}")).status_code == 204
    paths = {
        "POST": (
            UPLOAD_PATH,
            sync.LIVE_PATH,
            sync.RESULTS_PATH,
            REPORT_PATH,
            KEYS_PATH,
            f"{sync.BUNDLES_PATH}/cmd-1",
        ),
        "GET": (f"{sync.DOWNLINK_PATH}?have=-1&wait_s=0", sync.GAPS_PATH),
    }
    for key in (box.key, pending):
        asking = replace(box, key=key)
        for method, which in paths.items():
            for path in which:
                answer = await asking.ask(method, path, ASK if method == "POST" else b"")
                said = (answer.status_code, answer.json()["code"])
                assert said == (403, "GATEWAY_REVOKED"), path
        assert (await time_of(box.client, key))[1] == ""


async def test_the_list_of_revoked_paths_is_all_that_there_is(hub: Hub) -> None:
    async with client_of(hub, admin_key(hub)) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    ours = {path for path in paths if path.startswith("/sync/")}
    assert ours == {
        UPLOAD_PATH,
        sync.LIVE_PATH,
        sync.RESULTS_PATH,
        REPORT_PATH,
        KEYS_PATH,
        sync.GAPS_PATH,
        sync.DOWNLINK_PATH,
        f"{sync.BUNDLES_PATH}/{{command}}",
        TIME_PATH,
        sync.ENROL_PATH,
    }


async def time_of(client: httpx.AsyncClient, key: Key) -> tuple[int, str]:
    answer = await client.get(TIME_PATH, params={"nonce": "ab" * 16, "key": key.key_id})
    assert answer.status_code == 200, answer.text
    return answer.json()["server_us"], answer.json()["mac"]


async def test_the_time_is_proven_to_whoever_has_the_key_and_told_to_all(
    box: Box, hub: Hub
) -> None:
    now_us = clock_of(hub).at_us
    text = f"PHO1-TIME\n{'ab' * 16}\n{now_us}".encode()
    expected = hmac.new(box.key.secret, text, hashlib.sha256).hexdigest()
    assert await time_of(box.client, box.key) == (now_us, expected)
    assert await time_of(box.client, Key("gwk-unknown", b"")) == (now_us, "")
    for query in (
        "nonce=xyz&key=k",
        "nonce=abab&key=k",
        f"nonce={'ab' * 16}",
        f"nonce={'ab' * 16}&key=%20",
    ):
        assert (await box.client.get(f"{TIME_PATH}?{query}")).status_code == 422


async def test_a_retired_key_proves_no_time(box: Box, hub: Hub) -> None:
    newest = await newer(box)
    await status(box, newest)
    later(hub, keys.RETIRE_US)
    assert (await time_of(box.client, box.key))[1] == ""
    assert (await time_of(box.client, newest))[1] != ""


async def test_a_damaged_request_for_a_key_is_refused_in_one_line(box: Box) -> None:
    for body in (b"", b"[]", b'{"v":2}'):
        answer = await box.ask("POST", KEYS_PATH, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID")


async def test_the_change_is_told_to_the_site(box: Box, hub: Hub) -> None:
    newest = await newer(box)
    await status(box, newest)
    async with client_of(hub, admin_key(hub)) as client:
        told = (await client.get("/api/v1/sites/werk-sued/events")).json()["events"]
        listed = (await client.get("/api/v1/gateways")).json()["gateways"]
    assert [event["code"] for event in told] == ["GATEWAY_KEY_CHANGED"]
    assert [gateway["key_id"] for gateway in listed] == [newest.key_id]
    assert newest.secret.hex() not in f"{told} {listed}"


async def test_an_upload_signed_with_a_newer_key_is_the_same_line(box: Box) -> None:
    await box.upload([telemetry(0, soc_pct=50.0)])
    box.key = await newer(box)
    ack = await box.upload([telemetry(1, soc_pct=51.0)])
    assert ack.seq == 1


@pytest.mark.parametrize("wrong", [b"x" * 32, b""])
async def test_a_pending_key_is_not_made_current_by_a_wrong_signature(
    box: Box, hub: Hub, wrong: bytes
) -> None:
    pending = await newer(box)
    assert await status(box, Key(pending.key_id, wrong)) == (401, "BAD_SIGNATURE")
    request = signing.Request("POST", UPLOAD_PATH, b"")
    late = signing.sign(request, pending, clock_of(hub).at_us - signing.WINDOW_US - 1, "ab" * 8)
    answer = await box.client.post(UPLOAD_PATH, content=b"", headers={"Authorization": late})
    assert (answer.status_code, answer.json()["code"]) == (401, "CLOCK_OFF")
    later(hub, keys.RETIRE_US)
    assert await status(box) == (200, "")
