"""The keys of the signatures over HTTP: which there are, and another one."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from cloud.exchange.feeds.envelope import ALGORITHM
from cloud.exchange.feeds.ring import BadRing, key_of
from cloud.exchange.feeds.signer import ACTIVATE_S_MAX, OVERLAP_S, OVERLAP_S_MAX, Signer
from cloud.kernel import audit
from cloud.kernel.auth import Admin, MarketReader
from cloud.kernel.bodies import OnceRoute
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Refused, responses
from cloud.kernel.instants import iso, iso_or_none

_KID = "20261121-a1b2c3"
_AT = "2026-11-21T10:15:00Z"

router = APIRouter(tags=["feeds"], route_class=OnceRoute)


async def _signer(hub: HubHere) -> Signer:
    return hub.service(Signer)


SignerHere = Annotated[Signer, Depends(_signer)]


class KeyView(BaseModel):
    """A key without its secret."""

    kid: str = Field(examples=[_KID])
    alg: Literal["HMAC-SHA256"] = ALGORITHM
    fingerprint: str = Field(
        description="first 16 hex digits of the SHA-256 of the key", examples=["630dcd2966c43366"]
    )
    signs_from: str = Field(examples=[_AT])
    valid_until: str | None = Field(description="null: as long as it signs", examples=[None])


class KeysView(BaseModel):
    keys: list[KeyView]
    active: str = Field(description="kid of the key that signs now", examples=[_KID])


class SigningRotationBody(BaseModel):
    """Another key. Without a secret the hub makes one; it is in the answer and nowhere else."""

    model_config = ConfigDict(extra="forbid")

    kid: str | None = Field(default=None, min_length=1, max_length=40, examples=["2026-12"])
    secret: str | None = Field(
        default=None, min_length=16, max_length=512, description="without one the hub makes it"
    )
    encoding: Literal["hex", "base64"] | None = Field(
        default=None, description="of the secret; needed with one, and never guessed"
    )
    overlap_s: int = Field(default=OVERLAP_S, strict=True, ge=0, le=OVERLAP_S_MAX)
    activate_s: int = Field(
        default=0,
        strict=True,
        ge=0,
        le=ACTIVATE_S_MAX,
        description="it signs that much later, so that subscribers can learn it before",
    )


class RotationAnswer(BaseModel):
    status: Literal["OK"] = "OK"
    active: str = Field(description="kid of the key that signs now", examples=[_KID])
    kid: str = Field(description="of the new key", examples=[_KID])
    fingerprint: str = Field(examples=["630dcd2966c43366"])
    signs_from: str = Field(examples=[_AT])
    secret: str | None = Field(
        description="hex; only of a key that the hub made, and shown this once"
    )


@router.get(
    "/.well-known/ws-keys", summary="Keys of the signed feeds", responses=responses(401, 403)
)
async def read_keys(hub: HubHere, signer: SignerHere, _reader: MarketReader) -> KeysView:
    """Return which keys are good now or soon; a fingerprint says whether yours is the same."""
    now_us = hub.clock.now_us()
    return KeysView(
        keys=[
            KeyView(
                kid=key.kid,
                fingerprint=key.fingerprint,
                signs_from=iso(key.from_us),
                valid_until=iso_or_none(key.until_us),
            )
            for key in signer.ring.good(now_us)
        ],
        active=signer.ring.active(now_us).kid,
    )


@router.post(
    "/admin/ws_hmac/rotate",
    summary="Sign with another key",
    responses=responses(401, 403, 409, 422),
)
async def rotate_key(
    hub: HubHere, signer: SignerHere, principal: Admin, body: SigningRotationBody | None = None
) -> RotationAnswer:
    """Messages are signed with the new key; the old ones are good until the overlap has passed.

    Open subscriptions go on: each message names its key.
    """
    wish = body or SigningRotationBody()
    if (wish.secret is None) != (wish.encoding is None):
        raise Refused("BAD_KEY", "secret and encoding are expected together")
    try:
        given = None
        if wish.secret is not None and wish.encoding is not None:
            given = key_of(wish.kid or "given", wish.encoding, wish.secret, "secret").secret
        elif wish.kid is not None:
            key_of(wish.kid, "hex", "00" * 32, "kid")
        new = await signer.rotate(
            kid=wish.kid, secret=given, overlap_s=wish.overlap_s, activate_s=wish.activate_s
        )
    except BadRing as error:
        raise Refused("BAD_KEY", str(error)) from error
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        entry = audit.by(principal, "ws_key.rotate", f"ws key {new.kid}", now_us)
        said = f"signs from {iso(new.from_us)}; overlap {wish.overlap_s} s"
        await audit.record(connection, replace(entry, result=said))
    return RotationAnswer(
        active=signer.ring.active(now_us).kid,
        kid=new.kid,
        fingerprint=new.fingerprint,
        signs_from=iso(new.from_us),
        secret=new.secret.hex() if given is None else None,
    )
