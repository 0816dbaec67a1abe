"""API keys over HTTP: made, listed, rotated and ended by administrators."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from cloud.kernel import audit, keys
from cloud.kernel.auth import Admin, Role, Scope
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
from cloud.kernel.instants import Instant, iso, iso_or_none
from cloud.kernel.keys import IDENTIFIER, KeyRecord
from cloud.kernel.known_keys import KnownKeys
from cloud.kernel.persons import Person
from cloud.kernel.uses import Uses
from wire.clock import micros

router = APIRouter(prefix="/api/v1", tags=["accounts and keys"])

KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$", description="the middle part of the key")]
_ID = "0f3c5a9d7b21"
_AT = "2026-11-21T10:15:00Z"
_SCOPES = Field(
    default=None,
    min_length=1,
    max_length=len(Scope),
    description="what the key is narrowed to; null: it does all that its role may",
    examples=[["market:read"]],
)


class KeyBody(BaseModel):
    """A new key for an account."""

    model_config = ConfigDict(extra="forbid")

    account: str = Field(pattern=IDENTIFIER, examples=["stadtwerk"])
    role: Role = Field(examples=["trader"])
    scopes: list[Scope] | None = _SCOPES
    expires_at: Instant | None = Field(
        default=None, description="when it ends by itself; null: never", examples=[_AT]
    )
    person: Person | None = Field(
        default=None,
        description="who uses it: what takes two people takes two keys that name different ones",
        examples=["Anna Huber"],
    )


class RotationBody(BaseModel):
    """How a key is followed by another one."""

    model_config = ConfigDict(extra="forbid")

    overlap_s: int = Field(
        default=keys.OVERLAP_S,
        strict=True,
        ge=0,
        le=keys.OVERLAP_S_MAX,
        description="how long the old key is still good, in seconds",
    )


class KeyMade(BaseModel):
    id: str = Field(examples=[_ID])
    account: str = Field(examples=["stadtwerk"])
    role: Role
    scopes: list[Scope] | None = _SCOPES
    expires_at: str | None = Field(examples=[None])
    key: str = Field(description="shown this once; only its hash is kept", examples=["pho_…"])


class KeyView(BaseModel):
    id: str = Field(examples=[_ID])
    account: str = Field(examples=["stadtwerk"])
    role: Role
    scopes: list[Scope] | None = _SCOPES
    created_at: str = Field(examples=[_AT])
    expires_at: str | None = None
    revoked_at: str | None = None
    last_used_at: str | None = Field(default=None, description="a minute or two behind")
    replaces: str | None = Field(default=None, description="the key that it was made for")
    person: str | None = Field(default=None, description="who uses it; null: nobody said")

    @classmethod
    def of(cls, record: KeyRecord, noted_us: int | None) -> "KeyView":
        return cls(
            id=record.key_id,
            account=record.account,
            role=record.role,
            scopes=_listed(record),
            created_at=iso(record.created_us),
            expires_at=iso_or_none(record.expires_us),
            revoked_at=iso_or_none(record.revoked_us),
            last_used_at=iso_or_none(record.used_us if noted_us is None else noted_us),
            replaces=record.replaces,
            person=record.person,
        )


class KeysView(BaseModel):
    keys: list[KeyView]


@router.post(
    "/keys", status_code=201, summary="Create an API key", responses=responses(401, 403, 404, 409)
)
async def create_key(body: KeyBody, hub: HubHere, principal: Admin) -> KeyMade:
    """The key is in this answer and nowhere else.

    Roles: a `viewer` reads, a `trader` also trades, an `operator` reads and sends commands to
    the account's sites, a `gateway` is a service that feeds prices and telemetry in, an `admin`
    does all of it, manages accounts, sites, gateways and keys, and sees every account. Scopes
    narrow a key further: it opens then only what they name.
    """
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        key = await keys.add_key(
            connection,
            body.account,
            body.role,
            now_us,
            scopes=body.scopes,
            expires_us=None if body.expires_at is None else micros(body.expires_at),
            person=body.person,
        )
        record = await keys.find(connection, keys.id_of(key))
        assert record is not None
        entry = audit.by(principal, "key.create", f"key {record.key_id}", now_us)
        await audit.record(connection, replace(entry, result=record.said()))
    return _made(record, key)


@router.get("/keys", summary="List API keys", responses=responses(401, 403))
async def list_keys(hub: HubHere, _admin: Admin) -> KeysView:
    """Return what is kept of every key, ended ones too; never the secret."""
    async with hub.database.reading() as connection:
        found = await keys.key_records(connection)
    noted_us = hub.service(Uses).last_us
    return KeysView(keys=[KeyView.of(record, noted_us.get(record.key_id)) for record in found])


@router.post(
    "/keys/{key_id}/rotate",
    status_code=201,
    summary="Let a key be followed by another one",
    responses=responses(401, 403, 404, 409),
)
async def rotate_key(
    key_id: KeyId, hub: HubHere, principal: Admin, body: RotationBody | None = None
) -> KeyMade:
    """Make a key of the same account, role and scopes; the old one ends after the overlap.

    Both are good in between, so that whoever uses the old one can change over without a gap.
    """
    now_us = hub.clock.now_us()
    overlap_s = (body or RotationBody()).overlap_s
    async with hub.database.transaction() as connection:
        key = await keys.rotate_key(connection, key_id, now_us, overlap_s)
        record = await keys.find(connection, keys.id_of(key))
        assert record is not None
        entry = audit.by(principal, "key.rotate", f"key {key_id}", now_us)
        said = f"followed by {record.key_id}; ends within {overlap_s} s"
        await audit.record(connection, replace(entry, result=said))
    hub.service(KnownKeys).forget()
    hub.bus.wake(keys.CHANGED_TOPIC)
    return _made(record, key)


@router.delete(
    "/keys/{key_id}",
    status_code=204,
    summary="Revoke an API key",
    responses=responses(401, 403, 404, 409),
)
async def delete_key(key_id: KeyId, hub: HubHere, principal: Admin) -> None:
    """The key and every session made with it end at once. The last admin key stays."""
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        await keys.revoke_key(connection, key_id, now_us)
        entry = audit.by(principal, "key.revoke", f"key {key_id}", now_us)
        await audit.record(connection, entry)
    hub.service(KnownKeys).forget()
    hub.bus.wake(keys.CHANGED_TOPIC)


def _made(record: KeyRecord, key: str) -> KeyMade:
    return KeyMade(
        id=record.key_id,
        account=record.account,
        role=record.role,
        scopes=_listed(record),
        expires_at=iso_or_none(record.expires_us),
        key=key,
    )


def _listed(record: KeyRecord) -> list[Scope] | None:
    return None if record.scopes is None else sorted(record.scopes)
