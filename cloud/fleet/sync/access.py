"""Which gateway speaks? Signatures as in `wire.signing`, and the nonces that were seen.

Nonces are kept in the memory of a process, so a request that was overheard may be sent once more to
another process, or to this one after a restart. That gains nobody anything: every route takes the
same request twice without a difference (frames and results have numbers and ids, a newer key is
given only to a newer stamp, live values carry their own times).
"""

import asyncio
from dataclasses import dataclass, field

from fastapi import Request

from cloud.fleet import keys
from cloud.fleet.model import Gateway, GatewayKey
from cloud.fleet.sync.lookup import Lookups
from cloud.fleet.sync.rates import POSTS, Rate, Rates
from cloud.kernel.context import Hub
from cloud.kernel.errors import Forbidden, TooLarge, TooMany, Unauthenticated
from cloud.kernel.limits import BODY_BYTES_MAX
from wire import signing
from wire.signing import BadSignature, Signature

NONCES_MAX = 60_000
"""Of one key within two windows: 100 requests a second."""
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


@dataclass(frozen=True, slots=True)
class Signed:
    """A request that is to be believed."""

    gateway: Gateway
    key_id: str
    at_us: int
    """The stamp that is signed with it."""
    body: bytes = field(repr=False)


async def signed(
    hub: Hub, request: Request, rate: Rate = POSTS, body_max: int = BODY_BYTES_MAX
) -> tuple[Gateway, bytes]:
    """Return the gateway that signed the request, and the body; see `believed`."""
    found = await believed(hub, request, rate, body_max)
    return found.gateway, found.body


async def believed(hub: Hub, request: Request, rate: Rate, body_max: int) -> Signed:
    """Return who signed the request and what; a pending key becomes the current one by it.

    Raises:
        Unauthenticated: not signed, not by a key of ours or by a retired one, changed on the way,
            a clock too far off, or sent before.
        Forbidden: the gateway was revoked.
        TooLarge: a body of more than `body_max` bytes.
        TooMany: more than `rate` allows this gateway on this route.
    """
    try:
        signature = signing.read(request.headers.get("authorization", ""))
    except BadSignature as error:
        raise Unauthenticated(str(error), error.code) from error
    found = await hub.service(Lookups).find(signature.key_id)
    if found is None:
        raise _unknown()
    gateway, key = found
    body = await _body(request, body_max)
    now_us = hub.clock.now_us()
    _verify(request, body, signature, key, now_us)
    hub.service(Nonces).use(signature.key_id, signature.nonce, now_us)
    if gateway.revoked_us is not None:
        raise Forbidden(f"gateway {gateway.id!r} is revoked", "GATEWAY_REVOKED")
    if key.is_retired(now_us):
        raise Unauthenticated("a newer key has taken the place of this one", "KEY_RETIRED")
    route = request.scope["route"].path
    now_s = asyncio.get_running_loop().time()
    hub.service(Rates).take(route, gateway.id, rate, now_s)
    if key.used_us is None:
        async with hub.database.transaction() as connection:
            if not await keys.promote(connection, gateway, key.id, now_us):
                raise _unknown()
    return Signed(gateway, key.id, signature.at_us, body)


def _unknown() -> Unauthenticated:
    return Unauthenticated("the signature does not match the request", "BAD_SIGNATURE")


def _verify(
    request: Request, body: bytes, signature: Signature, key: GatewayKey, now_us: int
) -> None:
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
    asked = signing.Request(request.method, path, body)
    try:
        signing.verify(asked, signature, keys.wire_key(key), now_us)
    except BadSignature as error:
        raise Unauthenticated(str(error), error.code) from error


async def _body(request: Request, body_max: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > body_max:
            raise TooLarge(f"body: too many bytes; at most {body_max} are allowed")
        parts.append(part)
    return b"".join(parts)
