"""The life of an API key: scopes, an end, rotation with both keys good, when it was used last."""

import httpx
import pytest
from fastapi import FastAPI, Response

from cloud.kernel import auth, keys, uses
from cloud.kernel.auth import Admin, Anybody, MarketReader, OrderReader, OrderWriter, PriceFeeder
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unauthenticated
from cloud.kernel.instants import iso
from cloud.kernel.keys import Role, Scope
from cloud.kernel.roles import scopes_of, scopes_text
from tests.support.hub import NOON_US, add_key, admin_key, application, client_of, clock_of

HOUR_US = 3_600_000_000
PATHS = ("anybody", "market", "orders", "enter", "price", "admin")


def doors(app: FastAPI) -> None:
    """Add a route for each kind of key."""

    @app.get("/door/anybody")
    async def _anybody(_who: Anybody) -> None: ...

    @app.get("/door/market")
    async def _market(_who: MarketReader) -> None: ...

    @app.get("/door/orders")
    async def _orders(_who: OrderReader) -> None: ...

    @app.get("/door/enter")
    async def _enter(_who: OrderWriter) -> None: ...

    @app.get("/door/price")
    async def _price(_who: PriceFeeder) -> None: ...

    @app.get("/door/admin")
    async def _admin(_who: Admin) -> None: ...


async def made(admin: httpx.AsyncClient, **body: object) -> dict[str, str]:
    """Return a new key of the account handel, made if need be."""
    await admin.post("/api/v1/accounts", json={"id": "handel"})
    answer = await admin.post("/api/v1/keys", json={"account": "handel", **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


async def good(hub: Hub, key: str) -> bool:
    async with client_of(hub, key) as client:
        return (await client.get("/api/v1/me")).status_code == 200


@pytest.mark.parametrize(
    ("role", "scopes", "opened"),
    [
        ("viewer", None, {"anybody", "market", "orders"}),
        ("trader", None, {"anybody", "market", "orders", "enter"}),
        ("gateway", None, {"anybody", "market", "price"}),
        ("gateway", ["orders:read"], {"anybody", "orders"}),
        ("admin", None, set(PATHS)),
        ("trader", ["market:read"], {"anybody", "market"}),
        ("trader", ["orders:write", "orders:read"], {"anybody", "orders", "enter"}),
        ("viewer", ["orders:write"], {"anybody"}),
        ("gateway", ["pricefeed"], {"anybody", "price"}),
        ("admin", ["orders:read"], {"anybody", "orders"}),
    ],
)
async def test_a_key_opens_what_its_role_and_its_scopes_reach(
    hub: Hub, admin: httpx.AsyncClient, role: str, scopes: list[str] | None, opened: set[str]
) -> None:
    doors(application(hub))
    key = await made(admin, role=role, scopes=scopes)
    async with client_of(hub, key["key"]) as client:
        answers = {path: await client.get(f"/door/{path}") for path in PATHS}
        told = (await client.get("/api/v1/me")).json()["scopes"]
    assert {path for path, answer in answers.items() if answer.status_code == 200} == opened
    assert {answer.status_code for answer in answers.values()} <= {200, 403}
    assert told == (None if scopes is None else sorted(scopes))


async def test_a_refusal_names_the_scope_that_is_missing(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    key = await made(admin, role="trader", scopes=["market:read"])
    async with client_of(hub, key["key"]) as client:
        answer = await client.get("/api/v1/sites")
    assert answer.status_code == 403
    assert answer.json() == {
        "code": "SCOPE",
        "message": "a key without scopes is needed; this key has market:read",
    }


async def test_keys_for_programs_open_no_page(hub: Hub, admin: httpx.AsyncClient) -> None:

    for body in ({"role": "gateway"}, {"role": "trader", "scopes": ["orders:read"]}):
        key = await made(admin, **body)
        with pytest.raises(Unauthenticated, match="for programs"):
            await auth.log_in(hub, Response(), key["key"], https=True)


async def test_a_key_ends_at_its_instant_and_not_before(hub: Hub, admin: httpx.AsyncClient) -> None:
    end_us = NOON_US + HOUR_US
    key = await made(admin, role="trader", expires_at=iso(end_us))
    clock_of(hub).at_us = end_us - 1
    assert await good(hub, key["key"])
    clock_of(hub).at_us = end_us
    assert not await good(hub, key["key"])
    late = await admin.post(
        "/api/v1/keys", json={"account": "handel", "role": "trader", "expires_at": iso(end_us)}
    )
    assert (late.status_code, late.json()["code"]) == (409, "EXPIRED")


async def test_both_keys_are_good_during_the_overlap_of_a_rotation(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    old = await made(admin, role="trader", scopes=["orders:read"])
    answer = await admin.post(f"/api/v1/keys/{old['id']}/rotate", json={"overlap_s": 3_600})
    assert answer.status_code == 201, answer.text
    new = answer.json()
    same = ("account", "role", "scopes", "expires_at")
    assert [new[name] for name in same] == [old[name] for name in same]
    clock_of(hub).at_us += HOUR_US - 1
    assert (await good(hub, old["key"]), await good(hub, new["key"])) == (True, True)
    clock_of(hub).at_us += 1
    assert (await good(hub, old["key"]), await good(hub, new["key"])) == (False, True)
    again = await admin.post(f"/api/v1/keys/{old['id']}/rotate")
    assert (again.status_code, again.json()["code"]) == (409, "KEY_ENDED")
    listed = {row["id"]: row for row in (await admin.get("/api/v1/keys")).json()["keys"]}
    assert listed[new["id"]]["replaces"] == old["id"]
    assert listed[old["id"]]["expires_at"] == iso(NOON_US + HOUR_US)
    log = (await admin.get("/api/v1/audit", params={"action": "key.rotate"})).json()["audit"]
    assert [row["subject"] for row in log] == [f"key {old['id']}"]


async def test_a_key_for_a_time_is_followed_by_one_for_as_long_and_is_not_prolonged(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    old = await made(admin, role="viewer", expires_at=iso(NOON_US + HOUR_US))
    clock_of(hub).at_us += HOUR_US // 2
    new = (await admin.post(f"/api/v1/keys/{old['id']}/rotate")).json()
    assert new["expires_at"] == iso(NOON_US + HOUR_US // 2 + HOUR_US)
    clock_of(hub).at_us = NOON_US + HOUR_US
    assert not await good(hub, old["key"])


async def test_the_first_administrator_can_be_rotated_and_one_lasting_always_stays(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    first = keys.id_of(admin_key(hub))
    await made(admin, role="admin", expires_at=iso(NOON_US + HOUR_US))
    await made(admin, role="admin", scopes=["market:read"])
    refused = await admin.delete(f"/api/v1/keys/{first}")
    assert refused.json()["code"] == "LAST_ADMIN", "one that ends, or is narrowed, is no heir"
    new = (await admin.post(f"/api/v1/keys/{first}/rotate", json={"overlap_s": 0})).json()
    assert not await good(hub, admin_key(hub))
    async with client_of(hub, new["key"]) as client:
        refused = await client.delete(f"/api/v1/keys/{new['id']}")
    assert refused.json()["code"] == "LAST_ADMIN"


async def test_the_last_use_of_a_key_is_shown_at_once_and_written_later(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    key = await add_key(hub, "stadtwerk", Role.VIEWER)
    clock_of(hub).at_us += HOUR_US
    assert await good(hub, key)

    async def kept() -> int | None:
        async with hub.database.reading() as connection:
            record = await keys.find(connection, keys.id_of(key))
        assert record is not None
        return record.used_us

    listed = {row["id"]: row for row in (await admin.get("/api/v1/keys")).json()["keys"]}
    assert listed[keys.id_of(key)]["last_used_at"] == iso(NOON_US + HOUR_US)
    assert await kept() is None, "a request writes nothing"
    await uses.write(hub)
    assert await kept() == NOON_US + HOUR_US
    assert not hub.service(uses.Uses).last_us
    listed = {row["id"]: row for row in (await admin.get("/api/v1/keys")).json()["keys"]}
    assert listed[keys.id_of(key)]["last_used_at"] == iso(NOON_US + HOUR_US)


@pytest.mark.parametrize(
    "body",
    [
        {"scopes": []},
        {"scopes": ["orders:read", "everything"]},
        {"expires_at": "2026-11-21T12:00:00"},
        {"expires_at": "soon"},
        {"colour": "red"},
    ],
)
async def test_a_wrong_wish_for_a_key_is_refused(
    admin: httpx.AsyncClient, body: dict[str, object]
) -> None:
    await admin.post("/api/v1/accounts", json={"id": "handel"})
    wish = {"account": "handel", "role": "trader", **body}
    answer = await admin.post("/api/v1/keys", json=wish)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID")
    assert len((await admin.get("/api/v1/keys")).json()["keys"]) == 1


def test_scopes_are_kept_in_one_order() -> None:

    text = scopes_text({Scope.ORDERS_WRITE, Scope.MARKET_READ})
    assert text == "market:read orders:write"
    assert scopes_of(text) == frozenset((Scope.ORDERS_WRITE, Scope.MARKET_READ))
    assert scopes_of(None) is None
