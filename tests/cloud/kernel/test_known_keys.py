"""`cloud.kernel.known_keys`: looked up once a second, and never good for longer than that."""

import httpx
import pytest

from cloud.kernel.context import Hub
from cloud.kernel.keys import KeyRecord, Role, revoke_key
from cloud.kernel.known_keys import KEYS_MAX, TRUST_S, KnownKeys
from tests.support.hub import NOON_US, add_key, client_of


def record(name: str) -> KeyRecord:
    return KeyRecord(key_id=name, account="handel", role=Role.TRADER, created_us=0, revoked_us=None)


def test_what_was_read_is_known_for_a_moment_and_then_not_any_more() -> None:
    known = KnownKeys()
    known.keep("pho_a", record("a"), 10.0, known.changes)
    assert known.get("pho_a", 10.0 + TRUST_S) == record("a")
    assert known.get("pho_a", 10.01 + TRUST_S) is None
    assert known.get("pho_b", 10.0) is None


def test_what_was_read_before_a_key_ended_is_not_kept_after_it() -> None:
    known = KnownKeys()
    before = known.changes
    known.forget()
    known.keep("pho_a", record("a"), 10.0, before)
    assert known.get("pho_a", 10.0) is None


def test_there_is_a_limit_and_the_oldest_are_forgotten() -> None:
    known = KnownKeys()
    for number in range(KEYS_MAX + 1):
        known.keep(f"pho_{number}", record(str(number)), 10.0, known.changes)
    assert known.get("pho_0", 10.0) is None
    assert known.get("pho_1", 10.0) is not None


async def test_a_key_that_another_process_ends_is_good_for_a_moment_at_most(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await add_key(hub, "handel")
    async with client_of(hub, key) as client:
        assert await status(client) == 200
        async with hub.database.transaction() as connection:
            await revoke_key(connection, key.split("_")[1], NOON_US)
        monkeypatch.setattr("cloud.kernel.known_keys.TRUST_S", -1.0)  # the moment is over
        assert await status(client) == 401


async def status(client: httpx.AsyncClient) -> int:
    return (await client.get("/api/v1/sites")).status_code
