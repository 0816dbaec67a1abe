"""Signed requests: HMAC-SHA256 over method, path, time, nonce and body. Pure.

The signature travels in one header::

    Authorization: PHO1-HMAC-SHA256 key=<id>, time=<µs>, nonce=<hex>, signature=<hex>

The path includes the query as sent. Whoever verifies also has to refuse a nonce that was seen
within the window: this file keeps nothing.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field

SCHEME = "PHO1-HMAC-SHA256"
TIME_SCHEME = "PHO1-TIME"
WINDOW_US = 300 * 1_000_000
"""How far the clocks of box and hub may be apart; a nonce must be remembered this long."""
_HEADER = re.compile(
    rf"{SCHEME} key=(?P<key>[A-Za-z0-9_-]{{1,64}}), time=(?P<time>[0-9]{{1,17}}),"
    r" nonce=(?P<nonce>[0-9a-f]{16,64}), signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Key:
    """A shared secret and the name it goes by; the secret is never printed."""

    key_id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a request that are signed."""

    method: str
    path: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signature:
    """What the header says; not yet to be believed."""

    key_id: str
    at_us: int
    nonce: str
    mac: str


class BadSignature(Exception):
    """The request is not to be believed; `code` is stable and gives nothing away."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def sign(request: Request, key: Key, at_us: int, nonce: str) -> str:
    """Return the value of the Authorization header; `nonce`: 16 to 64 fresh hex digits."""
    mac = _mac(request, key.secret, at_us, nonce)
    return f"{SCHEME} key={key.key_id}, time={at_us}, nonce={nonce}, signature={mac}"


def read(header: str) -> Signature:
    """Return what an Authorization header claims.

    Raises:
        BadSignature: it is not one of ours.
    """
    match = _HEADER.fullmatch(header)
    if match is None:
        raise BadSignature("NOT_SIGNED", f"an Authorization header '{SCHEME} …' is expected")
    return Signature(match["key"], int(match["time"]), match["nonce"], match["signature"])


def verify(request: Request, signature: Signature, key: Key, now_us: int) -> None:
    """Return if `key` made the signature within the window around `now_us`.

    Raises:
        BadSignature: a changed byte, another key, or a clock too far off.
    """
    expected = _mac(request, key.secret, signature.at_us, signature.nonce)
    if not hmac.compare_digest(expected, signature.mac):
        raise BadSignature("BAD_SIGNATURE", "the signature does not match the request")
    if abs(now_us - signature.at_us) > WINDOW_US:
        raise BadSignature(
            "CLOCK_OFF",
            f"the request is stamped {(signature.at_us - now_us) / 1e6:+.0f} s from now;"
            f" at most {WINDOW_US // 1_000_000} s are allowed: set the clock of the box",
        )


def time_mac(key: Key, nonce: str, server_us: int) -> str:
    """Return what proves that a holder of `key` has said this time (µs) to this question."""
    text = f"{TIME_SCHEME}\n{nonce}\n{server_us}"
    return hmac.new(key.secret, text.encode("ascii"), hashlib.sha256).hexdigest()


def _mac(request: Request, secret: bytes, at_us: int, nonce: str) -> str:
    digest = hashlib.sha256(request.body).hexdigest()
    text = "\n".join((SCHEME, request.method, request.path, str(at_us), nonce, digest))
    return hmac.new(secret, text.encode("utf-8"), hashlib.sha256).hexdigest()
