"""The ring of signing keys: its file, the setting, rotation, and what the hub tells of it."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from cloud.exchange.feeds.canonical import text_of
from cloud.exchange.feeds.envelope import BadEnvelope, verified
from cloud.exchange.feeds.ring import BadRing, KeyRing, SigningKey
from cloud.exchange.feeds.signer import OVERLAP_S, RING_FILE, Signer, open_signer
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from tests.support.hub import NOON_US, add_key, client_of, clock_of
from wire.clock import SetClock

HOUR_US = 3_600_000_000
DECLARED = "2026-01:hex:" + bytes(range(32)).hex()
ROTATE = "/admin/ws_hmac/rotate"
KNOWN = "/.well-known/ws-keys"


def good_now(signer: Signer, message: str, now_us: int) -> bool:
    """Say whether a client that has the ring believes the message."""
    try:
        verified(message, signer.ring, now_us)
    except BadEnvelope:
        return False
    return True


def test_the_first_start_makes_a_key_that_only_we_may_read_and_the_next_finds_it(
    tmp_path: Path,
) -> None:
    clock = SetClock(NOON_US)
    first = open_signer(tmp_path, None, clock)
    path = tmp_path / RING_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(first.ring.keys[0].secret) == 32
    assert open_signer(tmp_path, None, clock).ring == first.ring


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_a_declared_key_is_read_in_its_encoding_and_never_guessed(
    tmp_path: Path, encoding: str
) -> None:
    text = "0123456789abcdef0123456789abcdef"
    signer = open_signer(tmp_path, f"ops:{encoding}:{text}", SetClock(NOON_US))
    lengths = {"hex": 16, "base64": 24}
    assert len(signer.ring.active(NOON_US).secret) == lengths[encoding]


def test_a_declared_key_joins_a_ring_once_and_undoes_no_rotation(tmp_path: Path) -> None:
    clock = SetClock(NOON_US)
    before = open_signer(tmp_path, None, clock).ring.active(NOON_US)
    signer = open_signer(tmp_path, DECLARED, clock)
    assert signer.ring.active(NOON_US).kid == "2026-01"
    assert signer.ring.key(before.kid, NOON_US) is not None, "good during the overlap"
    asyncio.run(signer.rotate(kid="2026-02"))
    assert open_signer(tmp_path, DECLARED, clock).ring.active(NOON_US).kid == "2026-02"
    with pytest.raises(BadRing, match="another key"):
        open_signer(tmp_path, "2026-01:hex:" + "ab" * 32, clock)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("secret", "<key id>:hex:<secret>"),
        ("a:text:secret", "hex or base64"),
        ("a:hex:zz", "no hex"),
        ("a:base64:___", "no base64"),
        ("a:hex:0011", "2 bytes are not allowed; 16 to 128"),
        ("ü:hex:" + "00" * 32, "key id"),
    ],
)
def test_a_declared_key_that_cannot_be_used_costs_one_line_without_the_secret(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(BadRing, match=said) as refused:
        open_signer(tmp_path, text, SetClock(NOON_US))
    assert "\n" not in str(refused.value)
    assert not (tmp_path / RING_FILE).exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"v":2,"keys":[]}',
        '{"v":1,"keys":[]}',
        '{"v":1,"keys":[1]}',
        '{"v":1,"keys":[{"kid":"a","encoding":"hex","secret":"00"}]}',
        '{"v":1,"keys":[{"kid":"a","encoding":"hex","secret":1}]}',
        '{"v":1,"keys":[{"kid":"a","encoding":"hex","secret":"%s","more":1}]}' % ("00" * 32),
        json.dumps({"v": 1, "keys": [{"kid": "a", "encoding": "hex", "secret": "00" * 32}] * 2}),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_start_with_one_line(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / RING_FILE).write_text(content)
    with pytest.raises(BadRing, match=RING_FILE) as refused:
        open_signer(tmp_path, None, SetClock(NOON_US))
    assert "\n" not in str(refused.value)
    assert (tmp_path / RING_FILE).read_text() == content


async def test_old_keys_are_good_during_the_overlap_and_not_after(tmp_path: Path) -> None:
    clock = SetClock(NOON_US)
    signer = open_signer(tmp_path, None, clock)
    text = text_of({"type": "beat"})
    old = signer.sealed(text)
    await signer.rotate(overlap_s=30)
    new = signer.sealed(text)
    for at_us, expected in ((0, (True, True)), (30_000_000, (False, True))):
        now_us = NOON_US + at_us
        assert (good_now(signer, old, now_us), good_now(signer, new, now_us)) == expected


async def test_a_key_that_signs_later_is_known_before_and_a_newer_one_takes_its_turn(
    tmp_path: Path,
) -> None:
    clock = SetClock(NOON_US)
    signer = open_signer(tmp_path, DECLARED, clock)
    await signer.rotate(kid="soon", activate_s=3_600)
    assert signer.ring.active(NOON_US).kid == "2026-01"
    assert [key.kid for key in signer.ring.good(NOON_US)] == ["2026-01", "soon"]
    clock.at_us += HOUR_US
    assert signer.ring.active(clock.at_us).kid == "soon"
    await signer.rotate(kid="later", activate_s=3_600)
    await signer.rotate(kid="now")
    assert [key.kid for key in signer.ring.keys] == ["2026-01", "soon", "now"]
    assert open_signer(tmp_path, None, clock).ring == signer.ring


def test_a_ring_takes_no_key_twice_and_no_more_than_its_limit() -> None:
    ring = KeyRing((SigningKey("a", b"0" * 32),))
    for again in (SigningKey("a", b"1" * 32), SigningKey("b", b"0" * 32)):
        with pytest.raises(BadRing, match="in the ring already"):
            ring.rotated(again, NOON_US, HOUR_US)
    for place in range(15):
        ring = ring.rotated(SigningKey(f"k{place}", bytes([place]) * 32), NOON_US, HOUR_US)
    with pytest.raises(BadRing, match="at most 16"):
        ring.rotated(SigningKey("z", b"z" * 32), NOON_US, HOUR_US)
    assert len(ring.rotated(SigningKey("z", b"z" * 32), NOON_US + HOUR_US, HOUR_US).keys) == 2


async def test_the_hub_tells_its_keys_and_never_a_secret(hub: Hub) -> None:
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.VIEWER)) as client:
        answer = await client.get(KNOWN)
    signer = hub.service(Signer)
    key = signer.ring.active(NOON_US)
    assert answer.json() == {
        "keys": [
            {
                "kid": key.kid,
                "alg": "HMAC-SHA256",
                "fingerprint": key.fingerprint,
                "signs_from": "2026-11-21T12:00:00Z" if key.from_us else "1970-01-01T00:00:00Z",
                "valid_until": None,
            }
        ],
        "active": key.kid,
    }
    assert key.secret.hex() not in answer.text
    async with client_of(hub, None) as nobody:
        assert (await nobody.get(KNOWN)).status_code == 401


async def test_an_administrator_rotates_and_the_audit_log_has_it(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    signer = hub.service(Signer)
    before = signer.ring.active(NOON_US)
    made = (await admin.post(ROTATE)).json()
    assert (made["status"], made["active"]) == ("OK", made["kid"])
    assert signer.ring.active(NOON_US).secret.hex() == made["secret"]
    given = {"kid": "ops-1", "secret": "qk" * 22, "encoding": "base64", "activate_s": 60}
    answer = (await admin.post(ROTATE, json=given)).json()
    assert (answer["active"], answer["kid"], answer["secret"]) == (made["kid"], "ops-1", None)
    clock_of(hub).at_us += 60_000_000
    keys = (await admin.get(KNOWN)).json()
    assert keys["active"] == "ops-1"
    assert [key["kid"] for key in keys["keys"]] == [before.kid, made["kid"], "ops-1"]
    clock_of(hub).at_us += OVERLAP_S * 1_000_000
    assert [key["kid"] for key in (await admin.get(KNOWN)).json()["keys"]] == ["ops-1"]
    log = (await admin.get("/api/v1/audit", params={"action": "ws_key.rotate"})).json()["audit"]
    assert [row["subject"] for row in log] == ["ws key ops-1", f"ws key {made['kid']}"]
    assert made["secret"] not in str(log)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"secret": "00" * 32}, 409),
        ({"encoding": "hex"}, 409),
        ({"secret": "zz" * 32, "encoding": "hex"}, 409),
        ({"secret": "00" * 32, "encoding": "text"}, 422),
        ({"kid": "a b"}, 409),
        ({"overlap_s": -1}, 422),
        ({"key": "x"}, 422),
    ],
)
async def test_a_wrong_rotation_changes_nothing(
    hub: Hub, admin: httpx.AsyncClient, body: dict[str, object], status: int
) -> None:
    before = hub.service(Signer).ring
    assert (await admin.post(ROTATE, json=body)).status_code == status
    assert hub.service(Signer).ring is before


async def test_only_an_administrator_rotates(hub: Hub) -> None:
    for role in (Role.TRADER, Role.OPERATOR, Role.GATEWAY):
        async with client_of(hub, await add_key(hub, "stadtwerk", role)) as client:
            assert (await client.post(ROTATE)).status_code == 403
