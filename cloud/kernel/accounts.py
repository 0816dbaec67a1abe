"""Accounts: whom keys, sites, orders and invoices belong to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, String, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel.database import insert_or_ignore, metadata
from cloud.kernel.errors import NotFound, Refused

ACCOUNTS_MAX = 10_000
IDENTIFIER = r"^[a-z0-9][a-z0-9-]{0,39}$"
"""What accounts may be called; sites and gateways too."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom keys, sites, orders and invoices belong to."""

    id: str
    name: str


OPERATOR = Account("operator", "Operator")
"""The account of the first key: whoever runs this hub."""

accounts_table = Table(
    "account",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("created_us", BigInteger, nullable=False),
)


async def add_account(connection: AsyncConnection, account: Account, now_us: int) -> None:
    """Create the account.

    Raises:
        Refused: ACCOUNT_EXISTS, or ACCOUNTS_MAX.
    """
    if await account_of_id(connection, account.id) is not None:
        raise Refused("ACCOUNT_EXISTS", f"account {account.id!r} is there already")
    count = await connection.scalar(select(func.count()).select_from(accounts_table))
    if count is not None and count >= ACCOUNTS_MAX:
        raise Refused("ACCOUNTS_MAX", f"at most {ACCOUNTS_MAX} accounts are allowed")
    row = {"id": account.id, "name": account.name, "created_us": now_us}
    await insert_or_ignore(connection, accounts_table, [row])


async def accounts(connection: AsyncConnection) -> Sequence[Account]:
    """Return all accounts, sorted by id."""
    rows = await connection.execute(select(accounts_table).order_by(accounts_table.c.id))
    return [Account(row.id, row.name) for row in rows]


async def account_of_id(connection: AsyncConnection, account_id: str) -> Account | None:
    """Return the account, or None."""
    query = select(accounts_table).where(accounts_table.c.id == account_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Account(row.id, row.name)


async def check_account(connection: AsyncConnection, account_id: str) -> None:
    """Return if the account is there.

    Raises:
        NotFound: it is not.
    """
    if await account_of_id(connection, account_id) is None:
        raise NotFound(f"account {account_id!r} is not known")


def is_identifier(text: str) -> bool:
    return re.fullmatch(IDENTIFIER, text) is not None
