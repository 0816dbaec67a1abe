"""cloud.kernel.persons: two keys are of two people where they say so, or are of two accounts."""

import pytest

from cloud.kernel import keys, persons
from cloud.kernel.context import Hub
from cloud.kernel.keys import KeyRecord, Role
from tests.support.hub import admin_key, client_of


def _key(account: str, person: str | None) -> KeyRecord:
    return KeyRecord("0" * 12, account, Role.ADMIN, 0, None, person=person)


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        (_key("operator", "Anna"), _key("operator", "Otto"), False),
        (_key("operator", "Anna"), _key("aufsicht", "anna"), True),
        (_key("operator", None), _key("operator", None), True),
        (_key("operator", None), _key("operator", "Anna"), True),
        (_key("operator", None), _key("aufsicht", None), False),
        (_key("operator", None), _key("aufsicht", "Anna"), False),
    ],
)
def test_whose_two_keys_may_be(first: KeyRecord, second: KeyRecord, one: bool) -> None:
    assert persons.one_person(first, second) is persons.one_person(second, first) is one


async def test_a_key_says_who_uses_it_and_so_does_the_one_that_follows_it(hub: Hub) -> None:
    async with client_of(hub, admin_key(hub)) as admin:
        body = {"account": "operator", "role": "admin", "person": " Anna   Huber "}
        made = (await admin.post("/api/v1/keys", json=body)).json()
        followed = (await admin.post(f"/api/v1/keys/{made['id']}/rotate")).json()
        listed = {key["id"]: key for key in (await admin.get("/api/v1/keys")).json()["keys"]}
        assert listed[made["id"]]["person"] == listed[followed["id"]]["person"] == "Anna Huber"
        first = keys.id_of(admin_key(hub))
        assert listed[first]["person"] is None
        for wrong in ("", "  ", "x" * 81, "a\x07b"):
            refused = await admin.post("/api/v1/keys", json={**body, "person": wrong})
            assert refused.status_code == 422, wrong
    async with hub.database.reading() as connection:
        same = await persons.keys_of_person(connection, made["id"])
    assert same == {first, made["id"], followed["id"]}
