"""Which gateway speaks? Signatures as in `wire.signing`, and the nonces that were seen."""

from fastapi import Request

from cloud.fleet import store
from cloud.fleet.model import Gateway
from cloud.kernel.context import Hub
from cloud.kernel.errors import Forbidden, TooLarge, TooMany, Unauthenticated
from wire import signing
from wire.signing import BadSignature, Key, Signature
from wire.sync import UPLOAD_BYTES_MAX

NONCES_MAX = 20_000
"""Of one gateway within two windows: 33 requests a second."""
_REMEMBER_US = 2 * signing.WINDOW_US
"""A stamp may lie one window ahead and is good until one window after."""


class Nonces:
    """Remembers which signed requests were seen; only good signatures get in.

    Two generations of `_REMEMBER_US` each: the older one is forgotten as a whole.
    """

    def __init__(self) -> None:
        self._young: dict[str, set[str]] = {}
        self._old: dict[str, set[str]] = {}
        self._turn_us = 0

    def use(self, key_id: str, nonce: str, now_us: int) -> None:
        """Take the nonce.

        Raises:
            Unauthenticated: REPLAYED, it was seen before.
            TooMany: more requests than any gateway of ours sends.
        """
        if not 0 <= now_us - self._turn_us < _REMEMBER_US:
            self._old = self._young if 0 <= now_us - self._turn_us < 2 * _REMEMBER_US else {}
            self._young, self._turn_us = {}, now_us
        young, old = self._young.setdefault(key_id, set()), self._old.get(key_id, set())
        if nonce in young or nonce in old:
            raise Unauthenticated("this request was seen before", "REPLAYED")
        if len(young) >= NONCES_MAX:
            raise TooMany("too many requests of this gateway", retry_after_s=60)
        young.add(nonce)


async def signed(hub: Hub, request: Request) -> tuple[Gateway, bytes]:
    """Return the gateway that signed the request, and the body.

    Raises:
        Unauthenticated: not signed, not by a key of ours, changed on the way, a clock too far
            off, or sent before.
        Forbidden: the gateway was revoked.
        TooLarge: a body beyond what an upload may have.
    """
    try:
        signature = signing.read(request.headers.get("authorization", ""))
    except BadSignature as error:
        raise Unauthenticated(str(error), error.code) from error
    async with hub.database.reading() as connection:
        gateway = await store.gateway_of_key(connection, signature.key_id)
    if gateway is None:
        raise Unauthenticated("the signature does not match the request", "BAD_SIGNATURE")
    body = await _body(request)
    _verify(request, body, signature, gateway, hub.clock.now_us())
    hub.service(Nonces).use(signature.key_id, signature.nonce, hub.clock.now_us())
    if gateway.revoked_us is not None:
        raise Forbidden(f"gateway {gateway.id!r} is revoked", "GATEWAY_REVOKED")
    return gateway, body


def _verify(
    request: Request, body: bytes, signature: Signature, gateway: Gateway, now_us: int
) -> None:
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
    asked = signing.Request(request.method, path, body)
    key = Key(gateway.key_id, bytes.fromhex(gateway.secret))
    try:
        signing.verify(asked, signature, key, now_us)
    except BadSignature as error:
        raise Unauthenticated(str(error), error.code) from error


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > UPLOAD_BYTES_MAX:
            raise TooLarge(f"upload: at most {UPLOAD_BYTES_MAX} bytes are allowed")
        parts.append(part)
    return b"".join(parts)
