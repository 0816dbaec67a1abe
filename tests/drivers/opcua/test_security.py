"""drivers.opcua: signed and encrypted, with a password or a certificate, or not at all."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from drivers.errors import ProfileError
from drivers.opcua import certificates
from drivers.opcua.config import OpcUaConfig
from tests.support.opcua_peer import Peer, readings, unreachable

SERVER_URI = "urn:phoenyra:bess:simulator"
NOW_US = 1_800_000_000_000_000


def made(folder: Path, name: str, uri: str, *, server: bool = False) -> tuple[Path, Path]:
    files = folder / f"{name}.pem", folder / f"{name}.key.pem"
    assert certificates.make_missing(*files, uri, NOW_US, name, server=server)
    return files


def secured(folder: Path, trust: Path) -> dict[str, object]:
    own = {"certificate": str(folder / "own.pem"), "key": str(folder / "own.key.pem")}
    return {"security": "Basic256Sha256", "trust": str(trust), **own}


async def test_a_password_opens_a_signed_and_encrypted_server(
    cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    peer = Peer(cache)
    files = made(tmp_path, "server", SERVER_URI, server=True)
    manners = replace(
        peer.manners,
        identity=certificates.identity(*files, "server"),
        users={"phoenyra": "not-for-everybody"},
    )
    settings = secured(tmp_path, files[0]) | {"user": "phoenyra", "password": "not-for-everybody"}
    with caplog.at_level(logging.INFO, logger="drivers"):
        async with peer.serving(manners):
            async with peer.driver(**settings) as driver:
                await readings(driver)
            async with peer.driver(**settings | {"password": "wrong"}) as driver:
                await unreachable(driver, "BadUserAccessDenied")
            async with peer.driver(**secured(tmp_path, files[0])) as driver:
                await unreachable(driver, "BadIdentityTokenRejected")
            async with peer.driver() as driver:
                await unreachable(driver, "No matching endpoints")
    assert "made" in caplog.text
    assert "not-for-everybody" not in caplog.text
    assert (tmp_path / "own.key.pem").stat().st_mode & 0o077 == 0


async def test_a_certificate_signs_a_user_in(cache: Path, tmp_path: Path) -> None:
    peer = Peer(cache)
    files = made(tmp_path, "server", SERVER_URI, server=True)
    user, other = made(tmp_path, "user", "urn:user"), made(tmp_path, "other", "urn:user")
    manners = replace(
        peer.manners,
        identity=certificates.identity(*files, "server"),
        user_certificates=certificates.trusted(user[0], "user"),
    )
    settings = secured(tmp_path, files[0])

    def signed_in(pair: tuple[Path, Path]) -> dict[str, object]:
        return settings | {"user_certificate": str(pair[0]), "user_key": str(pair[1])}

    async with peer.serving(manners):
        async with peer.driver(**signed_in(user)) as driver:
            await readings(driver)
        async with peer.driver(**signed_in(other)) as driver:
            await unreachable(driver, "BadUserAccessDenied")


async def test_a_server_with_another_certificate_is_not_talked_to(
    cache: Path, tmp_path: Path
) -> None:
    peer = Peer(cache)
    files = made(tmp_path, "server", SERVER_URI, server=True)
    folder = tmp_path / "trusted"
    folder.mkdir()
    strangers = [made(folder, name, SERVER_URI, server=True)[0] for name in ("one", "two")]
    for key in folder.glob("*.key.pem"):
        key.rename(tmp_path / key.name)
    manners = replace(peer.manners, identity=certificates.identity(*files, "server"))
    async with peer.serving(manners):
        async with peer.driver(**secured(tmp_path, folder)) as driver:
            await unreachable(driver, "none of those that are trusted")
        async with peer.driver(**secured(tmp_path, strangers[0])) as driver:
            await unreachable(driver, "no answer within")
        (folder / "server.pem").write_bytes(files[0].read_bytes())
        async with peer.driver(**secured(tmp_path, folder)) as driver:
            await readings(driver)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "certificate, key and trust are expected"),
        ({"security": "none", "user": "a", "password": "b"}, "for whoever signs in"),
        ({"security": "none", "user": "a"}, "user and password are expected together"),
        ({"security": "none", "key": "a"}, "a certificate and its key are expected together"),
        ({"url": "opc.tcp://h:0", "security": "none"}, "a port from 1 to 65535"),
        ({"url": "http://h:1", "security": "none"}, "String should match"),
    ],
)
def test_settings_that_leave_a_door_open_are_refused(settings: dict[str, str], said: str) -> None:
    base = {"id": "a", "kind": "opcua", "profile": "opcua-battery", "url": "opc.tcp://h:4840"}
    with pytest.raises(ValidationError, match=said):
        OpcUaConfig.model_validate(base | settings)


def test_certificates_that_cannot_be_used_cost_one_line(tmp_path: Path) -> None:
    one, two = made(tmp_path, "one", "urn:one"), made(tmp_path, "two", "urn:two")
    with pytest.raises(ProfileError, match="does not belong to the certificate"):
        certificates.identity(one[0], two[1], "devices.a")
    with pytest.raises(ProfileError, match="cannot be read: No such file"):
        certificates.identity(tmp_path / "none", two[1], "devices.a")
    with pytest.raises(ProfileError, match="holds no certificate"):
        certificates.trusted(one[1], "devices.a.trust")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProfileError, match="has 0 certificates"):
        certificates.trusted(tmp_path / "empty", "devices.a.trust")
    with pytest.raises(ProfileError, match="is there, but"):
        certificates.make_missing(one[0], tmp_path / "gone", "urn:one", NOW_US, "devices.a")
    assert repr(certificates.identity(*one, "devices.a")) == "Identity('urn:one')"
