"""Accounts over HTTP: for administrators, and "who am I" for everybody."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from cloud.kernel import audit, keys
from cloud.kernel.auth import Admin, Anybody, Role, Scope
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
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


class Me(BaseModel):
    key_id: str = Field(examples=["0f3c5a9d7b21"])
    account: str = Field(examples=["stadtwerk"])
    role: Role
    scopes: list[Scope] | None = Field(
        description="what the key is narrowed to; null: nothing", examples=[None]
    )


@router.get("/me", summary="Who am I?", responses=responses(401))
async def read_me(principal: Anybody) -> Me:
    """Return the account and role of the key that asks."""
    return Me(
        key_id=principal.key_id,
        account=principal.account,
        role=principal.role,
        scopes=None if principal.scopes is None else sorted(principal.scopes),
    )


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
