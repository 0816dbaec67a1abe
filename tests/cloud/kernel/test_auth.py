"""cloud.kernel.auth, keys and sessions: who gets in, by key or by cookie, and what ends it."""

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import Response, WebSocket
from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from cloud.kernel import auth, keys
from cloud.kernel.context import Hub, hub_of
from cloud.kernel.errors import Refused, Unauthenticated
from cloud.kernel.keys import Role
from cloud.kernel.sessions import COOKIE, SESSION_S_MAX, Sessions, load_secret
from tests.support.hub import (
    NOON_US,
    add_key,
    admin_key,
    application,
    client_of,
    clock_of,
    serving,
)

ME = "/api/v1/me"
AS_BROWSER = {"X-Requested-With": "phoenyra"}


async def cookie_of(hub: Hub, key: str) -> str:
    """Log in with the key; return the cookie that the browser would keep."""
    response = Response()
    await auth.log_in(hub, response, key, https=False)
    return response.headers["set-cookie"].partition(";")[0].partition("=")[2]


async def status(client: httpx.AsyncClient, path: str = ME, **headers: str) -> int:
    return (await client.get(path, headers=headers)).status_code


async def test_a_key_is_taken_in_either_header(hub: Hub) -> None:
    key = await add_key(hub, "stadtwerk", Role.VIEWER)
    async with client_of(hub, None) as client:
        for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
            answer = await client.get(ME, headers=headers)
            assert answer.json() == {
                "key_id": keys.id_of(key),
                "account": "stadtwerk",
                "role": "viewer",
                "scopes": None,
            }


async def test_what_is_no_key_of_ours_is_refused(hub: Hub) -> None:
    key = admin_key(hub)
    strange = ["", "pho_", "pho_0123456789ab_x", key[:-1], key + "x", key.replace("pho", "PHO")]
    other = await add_key(hub, "stadtwerk")
    swapped = f"pho_{keys.id_of(key)}_{other.rpartition('_')[2]}"
    async with client_of(hub, None) as client:
        assert await status(client) == 401
        for text in (*strange, swapped, "pho_000000000000_" + "A" * 43):
            assert await status(client, Authorization=f"Bearer {text}") == 401, text
            assert await status(client, Authorization=f"Basic {text}") == 401, text


async def test_of_a_key_only_its_hash_is_kept(hub: Hub) -> None:
    key = await add_key(hub, "stadtwerk")
    async with hub.database.reading() as connection:
        rows = (await connection.execute(select(keys.keys_table))).all()
    assert key.rpartition("_")[2] not in str(rows)


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.VIEWER, {Role.VIEWER}),
        (Role.TRADER, {Role.VIEWER, Role.TRADER}),
        (Role.OPERATOR, {Role.VIEWER, Role.OPERATOR}),
        (Role.ADMIN, set(Role)),
    ],
)
async def test_everybody_reads_and_only_an_admin_both_trades_and_operates(
    hub: Hub, role: Role, may: set[Role]
) -> None:
    assert {needed for needed in Role if role.covers(needed)} == may
    async with client_of(hub, await add_key(hub, "stadtwerk", role)) as client:
        assert await status(client) == 200
        assert await status(client, "/api/v1/keys") == (200 if role is Role.ADMIN else 403)


async def test_a_revoked_key_ends_at_once_with_its_sessions(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    made = await admin.post("/api/v1/accounts", json={"id": "handel"})
    assert made.status_code == 201
    made = await admin.post("/api/v1/keys", json={"account": "handel", "role": "trader"})
    key, key_id = made.json()["key"], made.json()["id"]
    cookie = await cookie_of(hub, key)
    async with client_of(hub, None) as client:
        assert await status(client, Cookie=f"{COOKIE}={cookie}") == 200
        assert (await admin.delete(f"/api/v1/keys/{key_id}")).status_code == 204
        assert (await admin.delete(f"/api/v1/keys/{key_id}")).status_code == 204
        assert await status(client, **{"X-API-Key": key}) == 401
        assert await status(client, Cookie=f"{COOKIE}={cookie}") == 401
    with pytest.raises(Unauthenticated):
        await cookie_of(hub, key)
    listed = {k["id"]: k for k in (await admin.get("/api/v1/keys")).json()["keys"]}
    assert listed[key_id]["revoked_at"] == "2026-11-21T12:00:00Z"


async def test_the_last_administrator_cannot_lock_everybody_out(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    first = keys.id_of(admin_key(hub))
    refused = await admin.delete(f"/api/v1/keys/{first}")
    assert (refused.status_code, refused.json()["code"]) == (409, "LAST_ADMIN")
    await add_key(hub, "operator", Role.ADMIN)
    assert (await admin.delete(f"/api/v1/keys/{first}")).status_code == 204
    assert (await admin.delete("/api/v1/keys/000000000000")).status_code == 401, "it is gone"


async def test_a_session_reads_and_needs_a_header_of_our_page_to_change_anything(hub: Hub) -> None:
    cookie = {"Cookie": f"{COOKIE}={await cookie_of(hub, admin_key(hub))}"}
    async with client_of(hub, None) as browser:
        assert await status(browser, **cookie) == 200
        body = {"id": "neu"}
        foreign = await browser.post("/api/v1/accounts", json=body, headers=cookie)
        assert (foreign.status_code, foreign.json()["code"]) == (403, "FORBIDDEN")
        own = await browser.post("/api/v1/accounts", json=body, headers=cookie | AS_BROWSER)
        assert own.status_code == 201


async def test_a_session_ends_after_its_time_and_cannot_be_forged(hub: Hub) -> None:
    cookie = await cookie_of(hub, admin_key(hub))
    forged = Sessions("another secret")
    response = Response()
    forged.log_in(response, keys.id_of(admin_key(hub)), NOON_US, https=False)
    other = response.headers["set-cookie"].partition(";")[0]
    async with client_of(hub, None) as browser:
        assert await status(browser, Cookie=other) == 401
        assert await status(browser, Cookie=f"{COOKIE}={cookie}x") == 401
        clock_of(hub).at_us += SESSION_S_MAX * 1_000_000 - 1
        assert await status(browser, Cookie=f"{COOKIE}={cookie}") == 200
        clock_of(hub).at_us += 1
        assert await status(browser, Cookie=f"{COOKIE}={cookie}") == 401


def test_the_cookie_is_out_of_reach_for_scripts_and_foreign_pages() -> None:
    response = Response()
    Sessions("secret").log_in(response, "0123456789ab", NOON_US, https=True)
    said = response.headers["set-cookie"].lower()
    assert {"httponly", "secure", "samesite=strict", "path=/"} <= set(said.split("; "))
    Sessions("secret").log_out(response)
    assert "max-age=0" in response.headers.getlist("set-cookie")[-1].lower()


def test_the_secret_survives_a_restart_and_is_ours_alone(tmp_path: Path) -> None:
    secret = load_secret(tmp_path)
    assert load_secret(tmp_path) == secret
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_wrong_key_cannot_log_in(hub: Hub) -> None:
    for text in ("", "pho_x", admin_key(hub)[:-2] + "xx"):
        with pytest.raises(Unauthenticated):
            await cookie_of(hub, text)


async def test_a_socket_needs_a_key_or_a_session_of_our_own_page(hub: Hub) -> None:
    app = application(hub)

    @app.websocket("/test/socket")
    async def _socket(websocket: WebSocket) -> None:
        principal = await auth.authenticate_websocket(websocket, Role.TRADER)
        assert hub_of(websocket) is hub
        await websocket.accept()
        await websocket.send_text(principal.account)
        await websocket.close()

    trader = await add_key(hub, "stadtwerk", Role.TRADER)
    viewer = await add_key(hub, "stadtwerk", Role.VIEWER)
    cookie = {"Cookie": f"{COOKIE}={await cookie_of(hub, trader)}"}
    async with serving(hub) as url, asyncio.timeout(20):
        address = url.replace("http", "ws") + "/test/socket"
        for good in ({"X-API-Key": trader}, cookie | {"Origin": url}):
            async with connect(address, additional_headers=good) as socket:
                assert await socket.recv() == "stadtwerk"
        for bad in (
            {},
            {"X-API-Key": viewer},
            cookie,
            cookie | {"Origin": "https://elsewhere.example"},
        ):
            with pytest.raises(InvalidStatus, match="403"):
                async with connect(address, additional_headers=bad):
                    pass


async def test_accounts_and_keys_are_limited_and_unique(hub: Hub) -> None:
    async with hub.database.transaction() as connection:
        await keys.add_account(connection, keys.Account("a", "A"), 0)
        with pytest.raises(Refused, match="there already"):
            await keys.add_account(connection, keys.Account("a", "B"), 0)
