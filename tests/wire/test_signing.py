"""wire/signing.py: only the holder of the key signs, and only what he signed is believed."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.signing import WINDOW_US, BadSignature, Key, Request, Signature, read, sign, verify

KEY = Key("gw-1", bytes(range(32)))
REQUEST = Request("POST", "/sync/v1/uploads?x=1", b"body")
AT_US = 1_767_225_600_000_000
NONCE = "0123456789abcdef"
HEADER = sign(REQUEST, KEY, AT_US, NONCE)


def test_the_mac_is_hmac_sha256_over_the_documented_lines() -> None:
    body = hashlib.sha256(b"body").hexdigest()
    text = f"PHO1-HMAC-SHA256\nPOST\n/sync/v1/uploads?x=1\n{AT_US}\n{NONCE}\n{body}"
    mac = hmac.new(KEY.secret, text.encode(), hashlib.sha256).hexdigest()
    expected = f"PHO1-HMAC-SHA256 key=gw-1, time={AT_US}, nonce={NONCE}, signature={mac}"
    assert expected == HEADER
    assert read(HEADER) == Signature("gw-1", AT_US, NONCE, mac)


@given(st.sampled_from(["GET", "POST"]), st.text("/abc?=&", max_size=20), st.binary(max_size=50))
def test_what_was_signed_is_believed(method: str, path: str, body: bytes) -> None:
    request = Request(method, path, body)
    verify(request, read(sign(request, KEY, AT_US, NONCE)), KEY, AT_US)


@pytest.mark.parametrize(
    "request_changed",
    [
        Request("GET", REQUEST.path, REQUEST.body),
        Request(REQUEST.method, REQUEST.path + "0", REQUEST.body),
        Request(REQUEST.method, REQUEST.path, REQUEST.body + b"\0"),
    ],
)
def test_a_changed_request_is_not_believed(request_changed: Request) -> None:
    with pytest.raises(BadSignature) as caught:
        verify(request_changed, read(HEADER), KEY, AT_US)
    assert caught.value.code == "BAD_SIGNATURE"


@pytest.mark.parametrize(
    "changed",
    [
        HEADER.replace(str(AT_US), str(AT_US + 1)),
        HEADER.replace(NONCE, NONCE[::-1]),
        HEADER[:-64] + "0" * 64,
    ],
)
def test_a_changed_header_is_not_believed(changed: str) -> None:
    with pytest.raises(BadSignature):
        verify(REQUEST, read(changed), KEY, AT_US)


def test_another_key_of_the_same_name_is_not_believed() -> None:
    with pytest.raises(BadSignature):
        verify(REQUEST, read(HEADER), Key("gw-1", bytes(32)), AT_US)


@pytest.mark.parametrize("sign_of", [-1, 1])
def test_the_clocks_may_differ_by_the_window_and_no_more(sign_of: int) -> None:
    verify(REQUEST, read(HEADER), KEY, AT_US + sign_of * WINDOW_US)
    with pytest.raises(BadSignature, match="set the clock of the box") as caught:
        verify(REQUEST, read(HEADER), KEY, AT_US + sign_of * (WINDOW_US + 1))
    assert caught.value.code == "CLOCK_OFF"


@given(st.text(max_size=80) | st.just(HEADER).map(lambda h: h + "\n") | st.just(HEADER[:-1]))
def test_any_other_header_is_not_signed(header: str) -> None:
    with pytest.raises(BadSignature) as caught:
        read(header)
    assert caught.value.code == "NOT_SIGNED"


def test_a_secret_is_never_printed() -> None:
    assert "secret" not in repr(KEY)
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(KEY.secret) not in repr(KEY)
