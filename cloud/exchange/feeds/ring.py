"""The keys that messages are signed with: one signs, those before it are still good. Pure."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

KEYS_MAX = 16
"""Keys that are good at one time; a rotation beyond is refused until one ends."""
SECRET_BYTES_MIN = 16
SECRET_BYTES_MAX = 128
_KID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_VERSION = 1


class BadRing(ValueError):
    """Keys that cannot be used; one line that names the key and what is allowed, no secret."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A secret, the name it goes by, and when it is good; the secret is never printed."""

    kid: str
    secret: bytes = field(repr=False)
    from_us: int = 0
    """It signs from here on, until a newer one does."""
    until_us: int | None = None
    """It verifies until here; None: as long as it is the newest."""

    @property
    def fingerprint(self) -> str:
        """Return the first 16 hex digits of its SHA-256: enough to compare, not to sign."""
        return hashlib.sha256(self.secret).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class KeyRing:
    """At least one key, in the order in which they sign; changed only by making another ring."""

    keys: tuple[SigningKey, ...]

    def active(self, now_us: int) -> SigningKey:
        """Return the key that signs now."""
        ready = [key for key in self.keys if key.from_us <= now_us]
        return (ready or self.keys[:1])[-1]

    def key(self, kid: str, now_us: int) -> SigningKey | None:
        """Return the key of this name if it verifies now."""
        return next((key for key in self.good(now_us) if key.kid == kid), None)

    def good(self, now_us: int) -> tuple[SigningKey, ...]:
        """Return the keys that verify now, and those that will sign soon."""
        return tuple(key for key in self.keys if key.until_us is None or now_us < key.until_us)

    def rotated(self, new: SigningKey, now_us: int, overlap_us: int) -> "KeyRing":
        """Return a ring in which `new` signs from its time on; the others end after the overlap.

        A key that would have signed only later than that leaves.

        Raises:
            BadRing: the name or the secret is in use, or too many keys are good.
        """
        starts_us = max(new.from_us, now_us)
        kept = tuple(key for key in self.good(now_us) if key.from_us <= starts_us)
        if any(key.kid == new.kid or key.secret == new.secret for key in kept):
            raise BadRing(f"key_id: {new.kid!r} or its secret is in the ring already")
        if len(kept) >= KEYS_MAX:
            raise BadRing(f"at most {KEYS_MAX} keys may be good at one time; wait for one to end")
        ends_us = starts_us + overlap_us
        ending = (
            key
            if key.until_us is not None and key.until_us <= ends_us
            else replace(key, until_us=ends_us)
            for key in kept
        )
        return KeyRing((*ending, new))


def secret_of(encoding: str, text: str, path: str) -> bytes:
    """Return the bytes of a secret in the encoding that was declared, which is never guessed.

    Raises:
        BadRing: not ``hex`` or ``base64``, not of that encoding, too short or too long.
    """
    try:
        if encoding == "hex":
            secret = bytes.fromhex(text)
        elif encoding == "base64":
            secret = base64.b64decode(text, validate=True)
        else:
            raise BadRing(f"{path}: hex or base64 is expected as encoding")
    except (ValueError, binascii.Error) as error:
        if isinstance(error, BadRing):
            raise
        raise BadRing(f"{path}: the secret is no {encoding}") from error
    if not SECRET_BYTES_MIN <= len(secret) <= SECRET_BYTES_MAX:
        limits = f"{SECRET_BYTES_MIN} to {SECRET_BYTES_MAX}"
        raise BadRing(f"{path}: {len(secret)} bytes are not allowed; {limits} are expected")
    return secret


def key_of(kid: str, encoding: str, text: str, path: str) -> SigningKey:
    """Return a key from its three parts; raises `BadRing`."""
    if not _KID.fullmatch(kid):
        raise BadRing(f"{path}: the key id {kid[:50]!r} is not allowed; up to 40 of A-z 0-9 . _ -")
    return SigningKey(kid, secret_of(encoding, text, path))


def declared(text: str, path: str) -> SigningKey:
    """Return the key in ``<key id>:hex:<secret>`` or ``<key id>:base64:<secret>``."""
    parts = text.split(":", 2)
    if len(parts) != 3:
        raise BadRing(f"{path}: '<key id>:hex:<secret>' or '<key id>:base64:<secret>' is expected")
    kid, encoding, secret = parts
    return key_of(kid, encoding, secret, path)


def document_of(ring: KeyRing) -> dict[str, Any]:
    """Return what the file of the ring keeps."""
    rows = [
        {
            "kid": key.kid,
            "encoding": "hex",
            "secret": key.secret.hex(),
            "from_us": key.from_us,
            "until_us": key.until_us,
        }
        for key in ring.keys
    ]
    return {"v": _VERSION, "keys": rows}


def ring_of(document: object, path: str) -> KeyRing:
    """Return the ring in a file's document; raises `BadRing`."""
    match document:
        case {"v": 1, "keys": [*rows]} if 1 <= len(rows) <= 2 * KEYS_MAX:
            keys = tuple(_row(row, f"{path}: keys.{place}") for place, row in enumerate(rows))
        case _:
            raise BadRing(f'{path}: {{"v":1,"keys":[…]}} with at least one key is expected')
    names = [key.kid for key in keys]
    if len(set(names)) < len(names):
        raise BadRing(f"{path}: each kid may be there once")
    return KeyRing(_in_order(keys))


def _in_order(keys: Sequence[SigningKey]) -> tuple[SigningKey, ...]:
    return tuple(sorted(keys, key=lambda key: key.from_us))


def _row(row: object, path: str) -> SigningKey:
    known = {"kid", "encoding", "secret", "from_us", "until_us"}
    if not isinstance(row, Mapping) or not set(row) <= known:
        raise BadRing(f"{path}: an object with {', '.join(sorted(known))} is expected")
    kid, encoding, secret = row.get("kid"), row.get("encoding"), row.get("secret")
    from_us, until_us = row.get("from_us", 0), row.get("until_us")
    texts = isinstance(kid, str) and isinstance(encoding, str) and isinstance(secret, str)
    if not texts or not isinstance(from_us, int) or not isinstance(until_us, int | None):
        raise BadRing(f"{path}: kid, encoding and secret are texts, from_us and until_us instants")
    key = key_of(str(kid), str(encoding), str(secret), path)
    return replace(key, from_us=from_us, until_us=until_us)
