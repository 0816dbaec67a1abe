"""drivers.rest: set-points that the device must show, signing in, and settings that fit."""

import json
import ssl
from pathlib import Path

import pytest
from pydantic import ValidationError

from drivers.base import PowerSetter
from drivers.errors import DeviceRefused, DeviceUnreachable, ProfileError
from drivers.rest.config import RestConfig
from drivers.rest.device import open_rest
from tests.support.certificates import Authority
from tests.support.rest_peer import rest_peer
from tests.support.rest_site import GOOD, config, polling, until, until_silent
from wire.clock import SystemClock

SECRET = "a-very-secret-word"


async def test_a_setpoint_is_written_in_the_devices_own_terms_and_read_back(tmp_path: Path) -> None:
    async with rest_peer() as peer, polling(tmp_path, peer) as device:
        assert isinstance(device, PowerSetter)
        assert (device.refresh_s, device.power_share_max) == (3.0, 0.1)

        def obey(body: bytes) -> None:
            watts = json.loads(body)["charge_w"]
            peer.body = json.dumps({**GOOD, "set": watts}).encode()

        peer.obey = obey
        await device.take_over()
        await device.write_power_kw(12.5)
        await device.write_power_kw(-0.0005)
    bodies = [body for method, _, _, body in peer.requests if method == "PUT"]
    assert bodies == [b'{"charge_w": -12500}', b'{"charge_w": 0.5}']


async def test_a_setpoint_that_the_device_does_not_show_is_refused(tmp_path: Path) -> None:
    async with rest_peer() as peer, polling(tmp_path, peer) as device:
        with pytest.raises(DeviceRefused, match="the device shows 0 kW after 50 kW"):
            await device.write_power_kw(50.0)
        with pytest.raises(DeviceRefused, match="101 is not allowed; -100 to 100"):
            await device.write_power_kw(101.0)
        assert sum(method == "PUT" for method, *_ in peer.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [("403 No", DeviceUnreachable), ("422 No", DeviceRefused), ("503 No", DeviceUnreachable)],
)
async def test_a_device_that_says_no_to_a_setpoint_is_told_from_one_that_is_not_well(
    tmp_path: Path, status: str, error: type[Exception]
) -> None:
    async with rest_peer() as peer, polling(tmp_path, peer) as device:
        peer.status = status
        with pytest.raises(error):
            await device.write_power_kw(1.0)


@pytest.mark.parametrize(
    ("way", "header", "said"),
    [
        ({"token": SECRET}, "authorization", f"Bearer {SECRET}"),
        ({"api_key": SECRET}, "x-api-key", SECRET),
        ({"api_key": SECRET, "api_key_header": "X-Token"}, "x-token", SECRET),
        ({"username": "me", "password": "you"}, "authorization", "Basic bWU6eW91"),
    ],
)
async def test_we_sign_in_as_the_settings_say(
    tmp_path: Path, way: dict[str, object], header: str, said: str
) -> None:
    async with rest_peer() as peer, polling(tmp_path, peer, **way) as device:
        await until(device)
    assert all(headers[header] == said for _, _, headers, _ in peer.requests)
    assert SECRET not in repr(config(tmp_path, 1, **way))


async def test_a_certificate_of_the_named_authority_is_believed_and_no_other(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path / "authority")
    files, ca_file = authority.sign("device"), authority.ca
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.cert, files.key)
    async with rest_peer(context) as peer:
        async with polling(tmp_path, peer, scheme="https", ca_file=ca_file) as device:
            await until(device)
        async with polling(tmp_path, peer, scheme="https") as device:
            assert "certificate" in (await until_silent(device)).lower()


async def test_a_file_that_holds_no_certificates_is_a_mistake_of_the_settings(
    tmp_path: Path,
) -> None:
    for file in (tmp_path / "none.pem", tmp_path / "mine.toml"):
        with pytest.raises(ProfileError, match=r"ca_file: .* a file of certificates"):
            open_rest(config(tmp_path, 1, scheme="https", ca_file=file), SystemClock())


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://x"},
        {"url": "http://me@x"},
        {"url": "http://x/#a"},
        {"token": "a", "api_key": "b"},
        {"username": "me"},
        {"password": "you"},
        {"ca_file": "/x"},
        {"api_key_header": "A: b"},
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong: dict[str, object]) -> None:
    good = {"kind": "rest", "id": "pcs", "profile": "generic-rest", "url": "http://127.0.0.1"}
    RestConfig.model_validate(good)
    with pytest.raises(ValidationError):
        RestConfig.model_validate({**good, **wrong})
