"""Several accounts of one member: limits on all of them together, and whose orders are its own."""

import json
from typing import Any

import pytest

from cloud.exchange.checks import limits
from cloud.exchange.checks.guard import Checks
from cloud.exchange.checks.limits import MEMBER_ACCOUNTS_MAX, BadLimits
from cloud.exchange.facts import Traded
from cloud.exchange.matching.codes import SelfTrade
from cloud.exchange.owners import Owners
from cloud.exchange.venue.commands import Configure, Entry
from cloud.exchange.venue.refusals import STATUS
from cloud.exchange.venue.venue import Venue
from tests.support.checks import AT_US
from tests.support.venues import BUY, SELL, quarter


class Member:
    """A venue with the accounts a and b of the member ``stadt``, and others."""

    def __init__(self, own: dict[str, Any] | None = None, **both: Any) -> None:
        self.checks = Checks()
        self.venue = Venue(self.checks)
        self.owners = Owners(lambda: self.checks.limits)
        self.version = 0
        self.at_us = AT_US
        self.limit(own, **both)

    def limit(self, own: dict[str, Any] | None = None, **both: Any) -> None:
        self.version += 1
        accounts = {name: {"member": "stadt", **both} for name in ("a", "b")}
        members = {} if own is None else {"stadt": own}
        content = {"version": self.version, "accounts": accounts, "members": members}
        self.venue.handle(
            Configure(what="limits", version=self.version, by="admin", content=json.dumps(content)),
            self.at_us,
        )
        assert self.venue.answers()[0].code == ""

    def enter(self, account: str, side: Any, ticks: int, steps: int) -> str:
        self.at_us += 1
        entry = Entry(
            owner=self.owners.of(account, "", "", "", ""),
            contract=quarter(),
            side=side,
            price_ticks=ticks,
            quantity_steps=steps,
        )
        self.facts = self.venue.handle(entry, self.at_us)
        (answer,) = self.venue.answers()
        assert not answer.code or STATUS[answer.code] == 403
        return answer.code or answer.ending


def test_open_orders_of_all_accounts_count_against_the_position_of_their_member() -> None:
    stadt = Member({"abs_open_kw_max": 1_000})
    assert stadt.enter("a", SELL, 5_000, 6) == ""
    assert stadt.enter("b", SELL, 5_000, 5) == "MEMBER_POSITION"
    assert stadt.enter("b", SELL, 5_000, 4) == ""
    assert stadt.enter("b", BUY, 1_000, 10) == "", "the other direction has its own room"
    assert stadt.enter("other", SELL, 5_000, 500) == ""


def test_what_one_account_has_bought_gives_the_other_room_to_sell() -> None:
    stadt = Member({"net_kw_max": 500, "net_kw_min": -500})
    stadt.enter("maker", SELL, 5_000, 5)
    assert stadt.enter("a", BUY, 5_000, 5) == "FILLED"
    assert stadt.enter("b", BUY, 5_000, 1) == "MEMBER_POSITION"
    assert stadt.enter("b", SELL, 5_100, 10) == ""
    assert stadt.enter("b", SELL, 5_100, 11) == "MEMBER_POSITION"


def test_cash_and_orders_of_a_member_are_those_of_its_accounts() -> None:
    stadt = Member({"cash_out_eur_max": 100, "orders_max": 3})
    assert stadt.enter("a", BUY, 4_000, 50) == "", "5 MW for a quarter-hour at 40 EUR/MWh: 50 EUR"
    assert stadt.enter("b", BUY, 4_000, 51) == "MEMBER_CASH"
    assert stadt.enter("b", BUY, 4_000, 50) == ""
    assert stadt.enter("a", SELL, 9_000, 1) == ""
    assert stadt.enter("b", SELL, 9_000, 1) == "MEMBER_ORDERS"


def test_a_member_without_limits_binds_nobody() -> None:
    stadt = Member()
    assert stadt.enter("a", SELL, 5_000, 5_000) == ""


def test_accounts_of_one_member_trade_with_each_other_unless_the_scope_is_the_member() -> None:
    stadt = Member()
    stadt.enter("a", SELL, 5_000, 1)
    assert stadt.enter("b", BUY, 5_000, 1) == "FILLED"
    stadt.limit(self_trade_scope="member")
    stadt.enter("a", SELL, 5_000, 1)
    assert stadt.enter("b", BUY, 5_000, 1) == "SELF_TRADE"
    assert stadt.enter("other", BUY, 5_000, 1) == "FILLED"


@pytest.mark.parametrize(
    ("policy", "ending", "traded"),
    [
        (SelfTrade.ALLOW, "FILLED", [True]),
        (SelfTrade.CANCEL_NEWEST, "SELF_TRADE", []),
        (SelfTrade.CANCEL_OLDEST, "", []),
        (SelfTrade.DECREMENT_BOTH, "SELF_TRADE", []),
    ],
)
def test_what_happens_with_an_own_order_is_said_in_the_limits(
    policy: SelfTrade, ending: str, traded: list[bool]
) -> None:
    stadt = Member(self_trade=policy.value)
    stadt.enter("a", SELL, 5_000, 1)
    assert stadt.enter("a", BUY, 5_000, 1) == ending
    assert [fact.self_trade for fact in stadt.facts if isinstance(fact, Traded)] == traded


def test_a_recovered_venue_has_the_members_and_their_limits() -> None:
    stadt = Member({"abs_open_kw_max": 1_000}, self_trade_scope="member")
    stadt.enter("a", SELL, 5_000, 6)
    again = Member()
    again.checks = Checks()
    again.venue = Venue(again.checks)
    again.venue.load(stadt.venue.dump())
    assert again.enter("b", SELL, 5_000, 5) == "MEMBER_POSITION"
    assert again.enter("b", BUY, 5_000, 1) == "SELF_TRADE"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"default": {"member": "stadt"}}, "limits: default.member: 'stadt' is not allowed"),
        ({"accounts": {"a": {"member": "A B"}}}, "limits: accounts.a: member: 'A B'"),
        ({"accounts": {"a": {"self_trade": "maybe"}}}, "accounts.a: self_trade: 'maybe'"),
        ({"members": {"stadt": {"state": "active"}}}, "limits: members.stadt.state"),
        (
            {
                "accounts": {f"a{n}": {"member": "b"} for n in range(MEMBER_ACCOUNTS_MAX + 1)},
                "members": {"b": {}},
            },
            "limits: members.b: 101 accounts are too many; 100 are allowed",
        ),
    ],
)
def test_wrong_members_name_the_key_and_the_value(content: dict[str, Any], said: str) -> None:
    with pytest.raises(BadLimits) as refused:
        limits.parse(json.dumps({"version": 1, **content}))
    assert said in str(refused.value)
