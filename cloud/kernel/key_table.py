"""What is kept of an API key, and where; `keys` makes and ends them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Row, String, Table

from cloud.kernel.database import metadata
from cloud.kernel.instants import iso
from cloud.kernel.roles import Role, Scope, scopes_of, scopes_text


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is kept of a key."""

    key_id: str
    account: str
    role: Role
    created_us: int
    revoked_us: int | None
    scopes: frozenset[Scope] | None = None
    expires_us: int | None = None
    replaces: str | None = None
    """The key that this one was made for, at a rotation."""
    used_us: int | None = None
    """Its last use, a minute or two behind."""
    person: str | None = None
    """Who uses it; None: nobody said, it may be anybody of the account."""

    def valid_at(self, now_us: int) -> bool:
        return self.revoked_us is None and (self.expires_us is None or now_us < self.expires_us)

    def said(self) -> str:
        """Return it for the audit log: ``trader of handel, orders:read, until …``."""
        parts = [f"{self.role} of {self.account}"]
        if self.scopes is not None:
            parts.append(scopes_text(self.scopes))
        if self.person is not None:
            parts.append(f"used by {self.person}")
        if self.expires_us is not None:
            parts.append(f"until {iso(self.expires_us)}")
        return ", ".join(parts)


keys_table = Table(
    "api_key",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("account", String(40), ForeignKey("account.id"), nullable=False, index=True),
    Column("role", String(10), nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("revoked_us", BigInteger),
    Column("scopes", String(200)),
    Column("expires_us", BigInteger),
    Column("replaces", String(12)),
    Column("used_us", BigInteger),
    Column("person", String(80)),
)


def record_of(row: Row[Any]) -> KeyRecord:
    """Return what a row of the table says."""
    return KeyRecord(
        key_id=row.id,
        account=row.account,
        role=Role(row.role),
        created_us=row.created_us,
        revoked_us=row.revoked_us,
        scopes=scopes_of(row.scopes),
        expires_us=row.expires_us,
        replaces=row.replaces,
        used_us=row.used_us,
        person=row.person,
    )
