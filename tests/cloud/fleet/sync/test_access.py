"""cloud.fleet.sync.access: only a gateway of ours, only once, only with what it signed."""

from collections.abc import AsyncIterator

import pytest

from cloud.fleet.sync.access import NONCES_MAX, Nonces
from cloud.kernel.context import Hub
from cloud.kernel.errors import TooMany, Unauthenticated
from tests.support.hub import NOON_US, Box, admin_key, client_of, telemetry
from wire import signing, sync
from wire.signing import WINDOW_US, Key
from wire.sync import UPLOAD_BYTES_MAX, UPLOAD_PATH, Upload


def body_of(box: Box) -> bytes:
    return sync.encode_upload(Upload(box.gateway, "epoch-1", (telemetry(0, soc_pct=50.0),)))


async def refusal(box: Box, header: str | None, body: bytes) -> tuple[int, str]:
    headers = {} if header is None else {"Authorization": header}
    answer = await box.client.post(UPLOAD_PATH, content=body, headers=headers)
    return answer.status_code, answer.json()["code"]


async def test_a_signed_request_is_taken_once(box: Box) -> None:
    body = body_of(box)
    header = box.header("POST", UPLOAD_PATH, body)
    headers = {"Authorization": header}
    first = await box.client.post(UPLOAD_PATH, content=body, headers=headers)
    assert first.status_code == 200
    assert await refusal(box, header, body) == (401, "REPLAYED")


async def test_an_unsigned_request_is_refused(box: Box) -> None:
    assert await refusal(box, None, body_of(box)) == (401, "NOT_SIGNED")
    assert await refusal(box, "Bearer pho_x", body_of(box)) == (401, "NOT_SIGNED")


async def test_an_api_key_uploads_nothing(box: Box, hub: Hub) -> None:
    async with client_of(hub, admin_key(hub)) as client:
        answer = await client.post(UPLOAD_PATH, content=body_of(box))
    assert (answer.status_code, answer.json()["code"]) == (401, "NOT_SIGNED")


async def test_a_changed_byte_is_refused(box: Box) -> None:
    body = body_of(box)
    header = box.header("POST", UPLOAD_PATH, body)
    assert await refusal(box, header, body + b" ") == (401, "BAD_SIGNATURE")


async def test_a_signature_for_another_path_is_refused(box: Box) -> None:
    path = f"{sync.DOWNLINK_PATH}?have=1&wait_s=0"
    headers = {"Authorization": box.header("GET", path)}
    answer = await box.client.get(f"{sync.DOWNLINK_PATH}?have=2&wait_s=0", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "BAD_SIGNATURE")


async def test_another_secret_and_an_unknown_key_get_the_same_answer(box: Box, hub: Hub) -> None:
    body = body_of(box)
    request = signing.Request("POST", UPLOAD_PATH, body)
    for key in (Key(box.key.key_id, b"x" * 32), Key("gwk-unknown", box.key.secret)):
        header = signing.sign(request, key, hub.clock.now_us(), "ab" * 8)
        assert await refusal(box, header, body) == (401, "BAD_SIGNATURE")


async def test_a_clock_that_is_off_is_told_so(box: Box) -> None:
    body = body_of(box)
    header = box.header("POST", UPLOAD_PATH, body, late_us=WINDOW_US + 1)
    answer = await box.client.post(UPLOAD_PATH, content=body, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "CLOCK_OFF")
    assert "set the clock of the box" in answer.json()["message"]


async def test_a_revoked_gateway_is_refused_and_its_data_stays(box: Box, hub: Hub) -> None:
    await box.upload([telemetry(0, soc_pct=50.0)])
    async with client_of(hub, admin_key(hub)) as client:
        assert (await client.delete(f"/api/v1/gateways/{box.gateway}")).status_code == 204
        newest = (await client.get("/api/v1/sites/werk-sued/telemetry/newest")).json()
    assert [value["value"] for value in newest["values"]] == [50.0]
    answer = await box.send(body_of(box))
    assert (answer.status_code, answer.json()["code"]) == (403, "GATEWAY_REVOKED")


async def test_a_body_beyond_the_limit_is_refused_while_it_comes(box: Box) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(UPLOAD_BYTES_MAX // 2**16 + 1):
            yield b"x" * 2**16
        raise AssertionError("the hub goes on reading")

    for content in (b"x" * (UPLOAD_BYTES_MAX + 1), endless()):
        headers = {"Authorization": box.header("POST", UPLOAD_PATH, b"")}
        answer = await box.client.post(UPLOAD_PATH, content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


def test_a_nonce_is_remembered_for_as_long_as_its_stamp_is_good() -> None:
    nonces = Nonces()
    nonces.use("key", "n", NOON_US)
    for later_us in (0, WINDOW_US, 2 * WINDOW_US - 1, 2 * WINDOW_US):
        with pytest.raises(Unauthenticated, match="seen before"):
            nonces.use("key", "n", NOON_US + later_us)
        nonces.use("key", f"other at {later_us}", NOON_US + later_us)
    nonces.use("other key", "n", NOON_US)


def test_the_memory_for_nonces_is_bounded() -> None:
    nonces = Nonces()
    for number in range(NONCES_MAX):
        nonces.use("key", str(number), NOON_US)
    with pytest.raises(TooMany):
        nonces.use("key", "one more", NOON_US)
    nonces.use("key", "later", NOON_US + 2 * WINDOW_US)
