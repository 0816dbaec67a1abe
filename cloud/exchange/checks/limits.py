"""What each account may do, as data: read strictly, whole or not at all. Pure.

The content of a `Configured` fact named ``limits``. An account has the default's limits but for
those that it names itself. A limit that nobody names does not bind.

    {"version": 3,
     "default": {"orders_max": 5000, "quantity_kw_max": 20000},
     "accounts": {"werk": {"net_kw_max": 500, "order_counts": [{"window_s": 60, "allowed": 100}]},
                  "werk-2": {"member": "stadt", "self_trade_scope": "member"}},
     "members": {"stadt": {"abs_open_kw_max": 800}}}

A **member** has several accounts; its own limits bind what all of them do together. Powers in kW
with the sign of `wire` (sold is positive), amounts in EUR, prices in EUR/MWh.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cloud.exchange.checks.windows import ALLOWED_MAX, WINDOW_S_MAX
from cloud.market.contracts import TICKS_PER_EUR
from cloud.market.money import CASH_PER_EUR

UNBOUND = 10**18
"""More than anything that is counted: stands for no limit, so that comparing needs no question."""
ORDERS_MAX = 5_000
"""Orders of an account that may live at a time, where nobody says otherwise (ours)."""
ACCOUNTS_MAX = 100_000
MEMBER_ACCOUNTS_MAX = 100
"""Accounts of a member that has limits: each of its orders looks at all of them (ours)."""
_NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"
_KW_MAX = 10**9
_Kw = Annotated[int, Field(ge=-_KW_MAX, le=_KW_MAX)]
_Size = Annotated[int, Field(ge=0, le=_KW_MAX)]
_Count = Annotated[int, Field(ge=0, le=10_000_000)]
_Eur = Annotated[Decimal, Field(ge=0, le=10**9, max_digits=20, decimal_places=8)]
_Distance = Annotated[Decimal, Field(ge=0, le=100_000, max_digits=10, decimal_places=2)]


class BadLimits(ValueError):
    """The limits cannot be used; the text has one line for each mistake."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Count(_Strict):
    """So many entries and changes in any so many seconds."""

    window_s: int = Field(ge=1, le=WINDOW_S_MAX)
    allowed: int = Field(ge=0, le=ALLOWED_MAX)


class Quota(_Strict):
    """Two windows; an account may use the fraction of each that it sets itself (§4.8)."""

    short: Count
    long: Count
    fraction_max: Decimal = Field(default=Decimal(1), gt=0, le=1)


class Algorithm(_Strict):
    """Limits of one trading strategy, beside those of its account."""

    quantity_kw_max: _Size | None = None
    price_distance_eur_mwh_max: _Distance | None = None


class Bounds(_Strict):
    """Positions of a quarter-hour, and cash of a day; None does not bind."""

    net_kw_min: _Kw | None = None
    net_kw_max: _Kw | None = None
    abs_kw_max: _Size | None = None
    """The position of a quarter-hour with this order, without the other open ones."""
    net_open_kw_min: _Kw | None = None
    net_open_kw_max: _Kw | None = None
    abs_open_kw_max: _Size | None = None
    """The same if all open orders of its direction trade with it."""
    cash_in_eur_max: _Eur | None = None
    cash_out_eur_max: _Eur | None = None
    """Received and paid for the deliveries of one local day, with all open orders."""

    def position_bounds(self) -> tuple[int, int, int, int]:
        """Return least and greatest net position without, then with, the open orders, in kW."""
        return (
            _least(self.net_kw_min, self.abs_kw_max),
            _most(self.net_kw_max, self.abs_kw_max),
            _least(self.net_open_kw_min, self.abs_open_kw_max),
            _most(self.net_open_kw_max, self.abs_open_kw_max),
        )


class MemberLimits(Bounds):
    """What all accounts of a member may do together."""

    orders_max: _Count | None = None


class Limits(Bounds):
    """One account's limits; None does not bind."""

    member: Annotated[str, Field(pattern=_NAME)] | None = None
    """Whose account it is; None: a member of its own, named like the account."""
    self_trade: Literal["allow", "cancel_newest", "cancel_oldest", "decrement_both"] = (
        "cancel_newest"
    )
    """What happens when an order of it would meet one of its own; of orders entered from now on."""
    self_trade_scope: Literal["account", "member"] = "account"
    """Whose orders are its own for that."""
    state: Literal["active", "reduce_only", "suspended"] = "active"
    quantity_kw_max: _Size | None = None
    """Of one order: the fat finger."""
    price_distance_eur_mwh_max: _Distance | None = None
    """How far a limit may be from the reference price on the side that costs its owner."""
    orders_max: _Count | None = ORDERS_MAX
    orders_per_contract_max: _Count | None = None
    order_counts: tuple[Count, ...] = Field(default=(), max_length=10)
    action_quota: Quota | None = None
    on_quota: Literal["refuse", "hibernate"] = "refuse"
    """What a used-up quota leads to: the refusal alone, or all orders of the account hibernate."""
    order_to_trade_max: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """Entries and changes for each trade of a UTC day."""
    order_to_trade_free: _Count = 0
    """Up to so many a day the ratio does not count."""
    strategies: dict[str, Algorithm] = Field(default_factory=dict, max_length=1_000)


class LimitBook:
    """The limits of all accounts under one version."""

    __slots__ = ("_accounts", "_default", "_fellows", "members", "version")

    def __init__(
        self,
        version: int = 0,
        default: Limits | None = None,
        own: Mapping[str, Limits] = {},
        members: Mapping[str, MemberLimits] = {},
    ) -> None:
        self.version = version
        self._default = default or Limits()
        self._accounts = own
        self.members = members
        self._fellows: dict[str, list[str]] = {}
        for account, limits in own.items():
            if limits.member is not None:
                self._fellows.setdefault(limits.member, []).append(account)

    def accounts_of(self, member: str) -> Sequence[str]:
        """Return the accounts that name this member."""
        return self._fellows.get(member, ())

    def of(self, account: str) -> Limits:
        return self._accounts.get(account, self._default)


class _Document(_Strict):
    version: int = Field(ge=0, le=2**62)
    default: Limits = Limits()
    accounts: dict[str, dict[str, Any]] = Field(default_factory=dict, max_length=ACCOUNTS_MAX)
    members: dict[str, MemberLimits] = Field(default_factory=dict, max_length=ACCOUNTS_MAX)


def parse(content: str) -> LimitBook:
    """Return the limits in a JSON text.

    Raises:
        BadLimits: a key is unknown, or a value out of range.
    """
    try:
        document = _Document.model_validate(json.loads(content, parse_float=Decimal))
    except json.JSONDecodeError as error:
        raise BadLimits(f"limits: {error}") from error
    except ValidationError as error:
        raise BadLimits("\n".join(lines_of(error, "limits"))) from error
    said = document.default.model_dump(exclude_unset=True)
    accounts: dict[str, Limits] = {}
    mistakes: list[str] = []
    if document.default.member is not None:
        mistakes.append(
            f"limits: default.member: {document.default.member!r} is not allowed; a member is named"
            " by each of its accounts"
        )
    for account, own in document.accounts.items():
        try:
            accounts[account] = Limits.model_validate({**said, **own})
        except ValidationError as error:
            mistakes += lines_of(error, f"limits: accounts.{account}")
    if mistakes:
        raise BadLimits("\n".join(mistakes))
    book = LimitBook(document.version, document.default, accounts, document.members)
    for member in document.members:
        if len(book.accounts_of(member)) > MEMBER_ACCOUNTS_MAX:
            raise BadLimits(
                f"limits: members.{member}: {len(book.accounts_of(member))} accounts are too many;"
                f" {MEMBER_ACCOUNTS_MAX} are allowed where the member has limits"
            )
    return book


def lines_of(error: ValidationError, where: str) -> list[str]:
    """Return one line a mistake: the key, the value and what is allowed."""
    return [
        f"{where}: {'.'.join(map(str, e['loc']))}: {e['input']!r} is not allowed; {e['msg']}"
        for e in error.errors(include_url=False)
    ]


def cash_of(amount: Decimal | None) -> int:
    """Return an amount in units of 10⁻⁸ EUR, `UNBOUND` for none."""
    return UNBOUND if amount is None else int(amount * CASH_PER_EUR)


def ticks_of(distance: Decimal | None) -> int:
    """Return a distance of prices in ticks, `UNBOUND` for none."""
    return UNBOUND if distance is None else int(distance * TICKS_PER_EUR)


def bound(limit: int | None) -> int:
    """Return a limit as it is compared, `UNBOUND` for none."""
    return UNBOUND if limit is None else limit


def _least(net: int | None, magnitude: int | None) -> int:
    return max(-UNBOUND if net is None else net, -bound(magnitude))


def _most(net: int | None, magnitude: int | None) -> int:
    return min(bound(net), bound(magnitude))
