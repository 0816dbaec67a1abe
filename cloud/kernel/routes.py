"""Accounts and API keys over HTTP: for administrators, and "who am I" for everybody."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from cloud.kernel import audit, keys
from cloud.kernel.auth import Admin, Role, Viewer
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
from cloud.kernel.instants import iso, iso_or_none
from cloud.kernel.keys import IDENTIFIER, Account

NAME = r"^[^\x00-\x1f\x7f]{1,100}$"

router = APIRouter(prefix="/api/v1", tags=["accounts and keys"])


class AccountBody(BaseModel):
    """Whom keys, sites and orders belong to."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=IDENTIFIER, examples=["stadtwerk"])
    name: str | None = Field(default=None, pattern=NAME, examples=["Stadtwerk Beispiel"])


class AccountView(BaseModel):
    id: str = Field(examples=["stadtwerk"])
    name: str = Field(examples=["Stadtwerk Beispiel"])


class AccountsView(BaseModel):
    accounts: list[AccountView]


class KeyBody(BaseModel):
    """A new key for an account."""

    model_config = ConfigDict(extra="forbid")

    account: str = Field(pattern=IDENTIFIER, examples=["stadtwerk"])
    role: Role = Field(examples=["trader"])


class KeyMade(BaseModel):
    id: str = Field(examples=["0f3c5a9d7b21"])
    account: str = Field(examples=["stadtwerk"])
    role: Role
    key: str = Field(description="shown this once; only its hash is kept", examples=["pho_…"])


class KeyView(BaseModel):
    id: str = Field(examples=["0f3c5a9d7b21"])
    account: str = Field(examples=["stadtwerk"])
    role: Role
    created_at: str = Field(examples=["2026-11-21T10:15:00Z"])
    revoked_at: str | None = None


class KeysView(BaseModel):
    keys: list[KeyView]


class Me(BaseModel):
    key_id: str = Field(examples=["0f3c5a9d7b21"])
    account: str = Field(examples=["stadtwerk"])
    role: Role


@router.get("/me", summary="Who am I?", responses=responses(401))
async def read_me(principal: Viewer) -> Me:
    """Return the account and role of the key that asks."""
    return Me(key_id=principal.key_id, account=principal.account, role=principal.role)


@router.post(
    "/accounts", status_code=201, summary="Create an account", responses=responses(401, 403, 409)
)
async def create_account(body: AccountBody, hub: HubHere, principal: Admin) -> AccountView:
    account = Account(body.id, body.name or body.id)
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        await keys.add_account(connection, account, now_us)
        entry = audit.by(principal, "account.create", f"account {account.id}", now_us)
        await audit.record(connection, entry)
    return AccountView(id=account.id, name=account.name)


@router.get("/accounts", summary="List accounts", responses=responses(401, 403))
async def list_accounts(hub: HubHere, _admin: Admin) -> AccountsView:
    async with hub.database.reading() as connection:
        found = await keys.accounts(connection)
    return AccountsView(accounts=[AccountView(id=a.id, name=a.name) for a in found])


@router.post(
    "/keys", status_code=201, summary="Create an API key", responses=responses(401, 403, 404, 409)
)
async def create_key(body: KeyBody, hub: HubHere, principal: Admin) -> KeyMade:
    """The key is in this answer and nowhere else.

    Roles: a `viewer` reads, a `trader` also trades, an `operator` reads and sends commands to
    the account's sites, an `admin` does all of it, manages accounts, sites, gateways and keys,
    and sees every account.
    """
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        key = await keys.add_key(connection, body.account, body.role, now_us)
        entry = audit.by(principal, "key.create", f"key {keys.id_of(key)}", now_us)
        said = f"{body.role} of {body.account}"
        await audit.record(connection, replace(entry, result=said))
    return KeyMade(id=keys.id_of(key), account=body.account, role=body.role, key=key)


@router.get("/keys", summary="List API keys", responses=responses(401, 403))
async def list_keys(hub: HubHere, _admin: Admin) -> KeysView:
    """Return what is kept of every key, revoked ones too; never the secret."""
    async with hub.database.reading() as connection:
        found = await keys.key_records(connection)
    return KeysView(
        keys=[
            KeyView(
                id=record.key_id,
                account=record.account,
                role=record.role,
                created_at=iso(record.created_us),
                revoked_at=iso_or_none(record.revoked_us),
            )
            for record in found
        ]
    )


@router.delete(
    "/keys/{key_id}",
    status_code=204,
    summary="Revoke an API key",
    responses=responses(401, 403, 404, 409),
)
async def delete_key(
    key_id: Annotated[
        str, Path(pattern=r"^[0-9a-f]{12}$", description="the middle part of the key")
    ],
    hub: HubHere,
    principal: Admin,
) -> None:
    """The key and every session made with it end at once. The last admin key stays."""
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        await keys.revoke_key(connection, key_id, now_us)
        entry = audit.by(principal, "key.revoke", f"key {key_id}", now_us)
        await audit.record(connection, entry)
