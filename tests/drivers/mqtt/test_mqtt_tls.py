"""drivers.mqtt.client and .tls: whom we believe behind a real broker, and how it believes us."""

from datetime import timedelta
from pathlib import Path

import pytest

from drivers.errors import ProfileError
from drivers.mqtt.party import Message, Tls
from drivers.mqtt.tls import check_tls
from tests.support import mosquitto
from tests.support.certificates import Authority
from tests.support.mosquitto import Listening, place, talking, with_tls
from tests.support.patience import eventually

pytestmark = pytest.mark.skipif(not mosquitto.PROGRAM, reason="mosquitto is not installed")
TELL_S = 5.0


async def test_tls_with_a_certificate_of_our_own_is_let_in(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "pki")
    server_files, own = authority.sign("server"), authority.sign("gateway")
    lines = with_tls(
        authority, server_files, "require_certificate true", "use_identity_as_username true"
    )
    tls = Tls(ca_file=str(authority.ca), cert_file=str(own.cert), key_file=str(own.key))
    party = Listening()
    async with mosquitto.running(tmp_path, lines) as server:
        async with talking(place(server.port, tls=tls), party) as broker:
            await eventually(lambda: broker.connected)
            await broker.publish(Message("a", b"1"), TELL_S)
            await eventually(lambda: party.heard)
        assert "u'gateway'" in server.log


async def test_a_broker_that_another_authority_vouches_for_is_not_believed(tmp_path: Path) -> None:
    real, other = Authority(tmp_path / "pki"), Authority(tmp_path / "other", "somebody else")
    party = Listening()
    async with (
        mosquitto.running(tmp_path, with_tls(other, other.sign("server"))) as server,
        talking(place(server.port, tls=Tls(ca_file=str(real.ca))), party),
    ):
        await eventually(lambda: party.troubles)
    assert "certificate" in party.troubles[0].lower()


async def test_an_expired_broker_is_not_believed(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "pki")
    expired = authority.sign("server", lifetime=timedelta(hours=1), age=timedelta(hours=3))
    party = Listening()
    async with (
        mosquitto.running(tmp_path, with_tls(authority, expired)) as server,
        talking(place(server.port, tls=Tls(ca_file=str(authority.ca))), party),
    ):
        await eventually(lambda: party.troubles)
    assert "expired" in party.troubles[0]


async def test_a_broker_that_another_name_belongs_to_is_not_believed(tmp_path: Path) -> None:
    authority, party = Authority(tmp_path / "pki"), Listening()
    elsewhere = authority.sign("server", address="127.0.0.9")
    async with (
        mosquitto.running(tmp_path, with_tls(authority, elsewhere)) as server,
        talking(place(server.port, tls=Tls(ca_file=str(authority.ca))), party),
    ):
        await eventually(lambda: party.troubles)
    assert "127.0.0.1" in party.troubles[0]


async def test_our_certificate_once_revoked_is_refused_and_told(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "pki")
    own = authority.sign("gateway")
    revoked = authority.revoke(own)
    lines = with_tls(
        authority,
        authority.sign("server"),
        "require_certificate true",
        f"crlfile {revoked}",
        "allow_anonymous true",
    )
    tls = Tls(ca_file=str(authority.ca), cert_file=str(own.cert), key_file=str(own.key))
    party = Listening()
    async with (
        mosquitto.running(tmp_path, lines) as server,
        talking(place(server.port, tls=tls), party) as broker,
    ):
        await eventually(lambda: party.troubles)
        assert broker.connections == 0
    assert "hangs up" in party.troubles[0] or "revoked" in party.troubles[0]


def test_files_that_cannot_be_used_are_named_at_the_start(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "pki")
    own = authority.sign("gateway")
    check_tls(None, "devices.bms")
    check_tls(Tls(ca_file=str(authority.ca)), "devices.bms")
    with pytest.raises(ProfileError, match=r"devices\.bms\.ca_file: '/no/ca' .*No such file"):
        check_tls(Tls(ca_file="/no/ca"), "devices.bms")
    other = authority.sign("other")
    with pytest.raises(ProfileError, match=r"devices\.bms\.cert_file: "):
        check_tls(Tls(cert_file=str(own.cert), key_file=str(other.key)), "devices.bms")
