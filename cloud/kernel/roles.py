"""What a key may do: its role, and the scopes that narrow it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a key may do.

    Everybody reads, but for services and orders. Who trades moves no battery by hand, and who
    operates does not trade: one key in wrong hands does one kind of harm.
    """

    VIEWER = "viewer"
    TRADER = "trader"
    OPERATOR = "operator"
    """Sends commands to the account's sites and acknowledges their alarms."""
    GATEWAY = "gateway"
    """A service: feeds prices and telemetry in over the API. It logs in to no page.

    It stands in a switch room or with a supplier, so it reads its account's orders, trades and
    positions only where its scopes name them.
    """
    ADMIN = "admin"
    """May do everything, and sees every account."""

    def covers(self, needed: "Role") -> bool:
        return self is Role.ADMIN or needed in (Role.VIEWER, self)


class Scope(StrEnum):
    """What a narrowed key is still good for; a key without scopes does all that its role may."""

    MARKET_READ = "market:read"
    """Markets, contracts, books, public trades and prices; their feeds."""
    ORDERS_READ = "orders:read"
    """The account's own orders, trades and positions; their feed."""
    ORDERS_WRITE = "orders:write"
    """Enter, change and delete orders."""
    PRICEFEED = "pricefeed"
    """Feed prices in."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks."""

    key_id: str
    account: str
    role: Role
    scopes: frozenset[Scope] | None = None
    """None: all that the role may."""

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    def sees(self, account: str) -> bool:
        """Say whether what belongs to `account` is visible: an admin sees everything."""
        return self.is_admin or self.account == account

    def may(self, needed: Role, scope: Scope | None) -> bool:
        """Say whether role and scopes reach; what has no scope is closed to narrowed keys."""
        if self.role is Role.GATEWAY and self.scopes is None and scope is Scope.ORDERS_READ:
            return False
        return self.role.covers(needed) and (self.scopes is None or scope in self.scopes)


def scopes_text(scopes: Iterable[Scope]) -> str:
    """Return scopes as they are kept: ``market:read orders:read``."""
    return " ".join(sorted(scopes))


def scopes_of(text: str | None) -> frozenset[Scope] | None:
    """Return what `scopes_text` made; None: not narrowed."""
    return None if text is None else frozenset(Scope(word) for word in text.split())
