"""The signed envelope around each message of a feed. Pure.

``{"meta":{"ts":…,"sig":…,"algo":"HMAC-SHA256","key_id":…},"data":…}``: the signature is the
base64 of HMAC-SHA256 over ``ts|data``, ts in milliseconds as text, data as `canonical.text_of`
writes it. What else is in ``meta`` is for old clients, and not signed.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from cloud.exchange.feeds.canonical import Unsignable, text_of
from cloud.exchange.feeds.ring import KeyRing, SigningKey

ALGORITHM: Final = "HMAC-SHA256"
AGE_MS_MAX = 60_000
"""How old a message may be for `verified`; a client chooses its own."""


class BadEnvelope(ValueError):
    """A message that is not to be believed; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def signature(secret: bytes, ts: str, text: str) -> str:
    """Return the signature of a data text at a time."""
    mac = hmac.digest(secret, f"{ts}|{text}".encode("ascii"), hashlib.sha256)
    return base64.b64encode(mac).decode("ascii")


def sealed(text: str, key: SigningKey, ts_ms: int, unsigned: str = "") -> str:
    """Return the message that carries this data text.

    Args:
        unsigned: more of ``meta``, as JSON members that begin with a comma.
    """
    ts = str(ts_ms)
    sig = signature(key.secret, ts, text)
    meta = f'"ts":"{ts}","sig":"{sig}","algo":"{ALGORITHM}","key_id":"{key.kid}"{unsigned}'
    return f'{{"meta":{{{meta}}},"data":{text}}}'


def verified(message: str, ring: KeyRing, now_us: int) -> Mapping[str, Any]:
    """Return the data of a message, as a Python client would.

    Raises:
        BadEnvelope: MALFORMED, UNKNOWN_KEY, BAD_SIGNATURE, TOO_OLD.
    """
    try:
        document = json.loads(message)
        meta, data = document["meta"], document["data"]
        ts, sig, kid = meta["ts"], base64.b64decode(meta["sig"], validate=True), meta["key_id"]
        text = text_of(data)
        at_ms = int(ts)
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error, Unsignable) as error:
        raise BadEnvelope("MALFORMED", "the message is no signed envelope") from error
    key = ring.key(kid, now_us)
    if key is None:
        raise BadEnvelope("UNKNOWN_KEY", f"key_id {kid!r} is not valid")
    expected = hmac.digest(key.secret, f"{ts}|{text}".encode(), hashlib.sha256)
    if not hmac.compare_digest(expected, sig):
        raise BadEnvelope("BAD_SIGNATURE", "the signature does not match the data")
    if abs(now_us // 1_000 - at_ms) > AGE_MS_MAX:
        raise BadEnvelope("TOO_OLD", f"the message is not of the last {AGE_MS_MAX // 1_000} s")
    found: Mapping[str, Any] = data
    return found
