"""agent.enrol.credentials: which key signs, what is on disk first, who has the last word."""

import asyncio
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.enrol import credentials
from agent.enrol.config import HubSettings
from agent.enrol.credentials import (
    BOX_FILE,
    KEY_FILE,
    CredentialStore,
    CredentialsUnusable,
    Kept,
    fingerprint,
    open_store,
)
from wire.enrolment import Credentials
from wire.signing import Key

URL = "https://hub.example"


def key(number: int) -> Key:
    return Key(f"gwk-{number}", bytes([number]) * 32)


def given(number: int, gateway: str = "gw-1", site: str = "werk") -> Credentials:
    return Credentials(gateway=gateway, site=site, key=key(number))


def settings(number: int, url: str = URL) -> HubSettings:
    return HubSettings.model_validate(
        {"url": url, "gateway": "gw-1", "key_id": f"gwk-{number}", "secret": f"{number:02x}" * 32}
    )


def opened(hub: HubSettings | None, folder: Path, site: str = "werk") -> CredentialStore:
    store = open_store(hub, folder, site)
    assert store is not None
    return store


def enrolled(folder: Path, number: int = 1, hub: HubSettings | None = None) -> None:
    kept = Kept(url=URL, current=given(number), grew_from=fingerprint(hub))
    credentials.write(folder / KEY_FILE, kept)


async def fetched(number: int) -> Credentials:
    return given(number)


def test_a_box_without_a_hub_has_no_keys(tmp_path: Path) -> None:
    assert open_store(None, tmp_path, "werk") is None


def test_a_box_with_a_hub_and_no_key_is_told_to_enrol(tmp_path: Path) -> None:
    with pytest.raises(CredentialsUnusable, match="phoenyra-agent enrol"):
        open_store(HubSettings(url=URL), tmp_path, "werk")


def test_the_key_of_the_settings_signs_and_nothing_is_written(tmp_path: Path) -> None:
    store = opened(settings(1), tmp_path)
    assert (store.url, store.gateway, store.keys()) == (URL, "gw-1", (key(1),))
    store.accepted("gwk-1")
    assert list(tmp_path.iterdir()) == []


def test_an_enrolled_box_needs_nothing_in_its_settings(tmp_path: Path) -> None:
    enrolled(tmp_path)
    for hub in (None, HubSettings(), HubSettings(url=URL)):
        store = opened(hub, tmp_path)
        assert (store.url, store.gateway, store.keys()) == (URL, "gw-1", (key(1),))


async def test_a_newer_key_is_on_disk_before_it_signs_and_the_older_one_stays_until_it_did(
    tmp_path: Path,
) -> None:
    store = opened(settings(1), tmp_path)
    assert await store.rotate(lambda: fetched(2)) == "gwk-2"
    assert store.keys() == opened(settings(1), tmp_path).keys() == (key(2), key(1))
    store.accepted("gwk-1")
    assert store.keys() == (key(2), key(1)), "an older request was answered late"
    store.accepted("gwk-2")
    assert store.keys() == opened(settings(1), tmp_path).keys() == (key(2),)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


async def test_whoever_edits_the_settings_later_has_the_last_word(tmp_path: Path) -> None:
    store = opened(settings(1), tmp_path)
    await store.rotate(lambda: fetched(2))
    store.accepted("gwk-2")
    assert opened(settings(1), tmp_path).keys() == (key(2),)
    assert opened(settings(3), tmp_path).keys() == (key(3),)
    assert opened(HubSettings(url=URL), tmp_path).keys() == (key(2),), "the settings have no key"
    enrolled(tmp_path)
    assert opened(settings(3), tmp_path).keys() == (key(3),), "it came after the enrolment"


def test_an_enrolment_replaces_the_key_that_the_settings_had_then(tmp_path: Path) -> None:
    enrolled(tmp_path, 2, settings(1))
    assert opened(settings(1), tmp_path).keys() == (key(2),)


async def test_rotations_take_turns(tmp_path: Path) -> None:
    store = opened(settings(1), tmp_path)
    asked: list[tuple[Key, ...]] = []

    async def ask() -> Credentials:
        asked.append(tuple(store.keys()))
        await asyncio.sleep(0)
        return given(len(asked) + 1)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(store.rotate(ask))
    assert asked == [(key(1),), (key(2), key(1)), (key(3), key(1))]
    assert store.keys() == (key(4), key(1))


async def test_an_answer_that_does_not_come_changes_nothing(tmp_path: Path) -> None:
    store = opened(settings(1), tmp_path)

    async def lost() -> Credentials:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await store.rotate(lost)
    assert store.keys() == (key(1),)
    assert await store.rotate(lambda: fetched(2)) == "gwk-2"


async def test_a_key_for_another_box_is_not_taken(tmp_path: Path) -> None:
    store = opened(settings(1), tmp_path)
    for other in (given(2, gateway="gw-2"), given(2, site="hafen")):
        with pytest.raises(CredentialsUnusable, match="is expected"):
            store.begin(other)
    assert store.keys() == (key(1),)


async def test_a_disk_that_takes_nothing_leaves_the_older_key_in_force(tmp_path: Path) -> None:
    store = opened(settings(1), tmp_path / "gone")
    with pytest.raises(CredentialsUnusable, match=KEY_FILE):
        await store.rotate(lambda: fetched(2))
    assert store.keys() == (key(1),)


async def test_a_trial_that_cannot_be_ended_on_disk_is_begun_again_at_the_next_start(
    tmp_path: Path,
) -> None:
    store = opened(settings(1), tmp_path)
    await store.rotate(lambda: fetched(2))
    before = (tmp_path / KEY_FILE).read_bytes()
    (tmp_path / (KEY_FILE + ".new")).mkdir()
    store.accepted("gwk-2")
    assert store.keys() == (key(2),)
    assert (tmp_path / KEY_FILE).read_bytes() == before
    assert opened(settings(1), tmp_path).keys() == (key(2), key(1))


def test_a_key_of_another_site_is_refused(tmp_path: Path) -> None:
    enrolled(tmp_path)
    with pytest.raises(CredentialsUnusable, match="site 'werk'; the settings say 'hafen'"):
        open_store(None, tmp_path, "hafen")


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"v": 1, "url": "", "grew_from": ""}'])
def test_a_damaged_file_is_told_in_one_line_and_stops_nobody_who_has_another_key(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(CredentialsUnusable, match="enrol again") as refused:
        open_store(None, tmp_path, "werk")
    assert len(str(refused.value).splitlines()) == 1
    assert opened(settings(1), tmp_path).keys() == (key(1),)


def test_no_secret_is_in_what_is_printed(tmp_path: Path) -> None:
    enrolled(tmp_path, 7)
    kept = credentials.read(tmp_path / KEY_FILE)
    assert "07" * 32 not in f"{kept!r} {settings(7)!r}"
    (tmp_path / KEY_FILE).write_text((tmp_path / KEY_FILE).read_text().replace("07", "0x"))
    with pytest.raises(CredentialsUnusable) as refused:
        open_store(None, tmp_path, "werk")
    assert "0x0x" not in str(refused.value)


def test_the_token_of_the_box_is_made_once(tmp_path: Path) -> None:
    token = credentials.box_token(tmp_path)
    assert len(bytes.fromhex(token)) == 16
    assert credentials.box_token(tmp_path) == token
    assert stat.S_IMODE((tmp_path / BOX_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"url": URL, "gateway": "gw-1"}, "key_id: is missing"),
        ({"gateway": "gw-1", "key_id": "k", "secret": "ab" * 32}, "url: is missing"),
        ({"url": URL, "gateway": "gw-1", "key_id": "k", "secret": "x" * 32}, "hexadecimal"),
        ({"url": "ftp://hub"}, "url"),
    ],
)
def test_half_a_key_in_the_settings_is_refused(section: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        HubSettings.model_validate(section)
