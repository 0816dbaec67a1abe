"""cloud.exchange.venue.recall: who may ask, who decides, until when."""

import pytest

from cloud.exchange.facts import TradeMoved
from cloud.exchange.matching.codes import Execution, TradeState
from cloud.exchange.venue import flow
from cloud.exchange.venue.commands import (
    Kill,
    MoveTrade,
)
from cloud.exchange.venue.profile import Profile
from cloud.exchange.venue.venue import Venue
from tests.support.venues import BUY, SELL, Pit, quarter


def _traded(profile: Profile | None = None) -> Pit:
    pit = Pit(Venue(profile=profile))
    pit.enter("seller", SELL, 5_000, 1)
    pit.enter("buyer", BUY, 5_000, 1)
    return pit


def _move(to: TradeState, account: str = "", by: str = "anna", trade_id: int = 1) -> MoveTrade:
    return MoveTrade(trade_id=trade_id, to=to, by=by, account=account, reason="typo")


def test_a_recall_is_asked_for_by_a_party_and_granted_by_operations() -> None:
    pit = _traded()

    assert pit.give(_move(TradeState.RECALL_ASKED, "stranger")).code == "NOT_A_PARTY"
    assert pit.give(_move(TradeState.RECALL_ASKED, "buyer")).code == ""
    assert pit.give(_move(TradeState.RECALLED, "buyer")).code == "NOT_A_PARTY"
    assert pit.give(_move(TradeState.RECALLED)).code == ""

    fact = pit.facts[-1]
    assert isinstance(fact, TradeMoved)
    assert (fact.price_ticks, fact.quantity_steps) == (5_000, 1)
    assert pit.give(_move(TradeState.CANCEL_ASKED)).code == "TRADE_STATE"


def test_a_cancellation_needs_a_second_person() -> None:
    pit = _traded()
    pit.give(_move(TradeState.CANCEL_ASKED, by="anna"))

    assert pit.give(_move(TradeState.CANCELLED, by="anna")).code == "SECOND_PERSON"
    assert pit.give(_move(TradeState.CANCELLED, by="otto")).code == ""


def test_a_second_key_of_the_same_person_is_no_second_person() -> None:
    pit = _traded()
    pit.give(_move(TradeState.CANCEL_ASKED, by="annas-old-key"))
    confirmed = _move(TradeState.CANCELLED, by="annas-new-key")
    confirmed.same = frozenset({"annas-old-key", "annas-new-key"})

    assert pit.give(confirmed).code == "SECOND_PERSON"
    assert pit.give(_move(TradeState.CANCELLED, by="otto")).code == ""


def test_a_trade_that_was_not_recalled_is_in_force_again() -> None:
    pit = _traded()
    pit.give(_move(TradeState.RECALL_ASKED, "seller"))
    pit.give(_move(TradeState.RECALL_REFUSED))

    assert pit.give(_move(TradeState.RECALL_ASKED, "buyer")).code == ""


@pytest.mark.parametrize(("after_s", "code"), [(0, "TOO_LATE"), (60, "")])
def test_whether_a_recall_may_be_asked_for_after_the_gate_is_a_setting(
    after_s: int, code: str
) -> None:
    pit = _traded(Profile(recall_after_close_s=after_s))
    pit.at_us = quarter().closes_us

    assert pit.give(_move(TradeState.RECALL_ASKED, "buyer")).code == code


def test_a_stopped_account_may_still_ask_for_a_recall() -> None:
    pit = _traded()
    pit.give(Kill(account="buyer", by="operator", reason="safe mode"))

    assert pit.give(_move(TradeState.RECALL_ASKED, "buyer")).code == ""


def test_a_trade_that_never_was_cannot_be_moved() -> None:
    assert _traded().give(_move(TradeState.CANCEL_ASKED, trade_id=9)).code == "TRADE_UNKNOWN"


def test_only_the_newest_trades_can_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "TRADES_KEPT_MAX", 1)
    pit = _traded()
    pit.enter("seller", SELL, 5_000, 1)
    pit.enter("buyer", BUY, 5_000, 1)

    assert pit.give(_move(TradeState.CANCEL_ASKED)).code == "TRADE_UNKNOWN"
    assert pit.give(_move(TradeState.CANCEL_ASKED, trade_id=2)).code == ""


def _void(pit: Pit, trade_id: int) -> None:
    pit.give(_move(TradeState.CANCEL_ASKED, by="anna", trade_id=trade_id))
    pit.give(_move(TradeState.CANCELLED, by="otto", trade_id=trade_id))


def _market_limit_ticks(pit: Pit) -> int:
    """Return the limit that a market order of a buyer gets now."""
    return pit.enter("other", BUY, None, 1, Execution.IOC).price_ticks


def test_a_void_trade_is_no_reference_price_any_more() -> None:
    pit = _traded()
    pit.enter("seller", SELL, 90_000, 1)  # two zeros too many
    pit.enter("buyer", BUY, 90_000, 1)
    protection_ticks = quarter().rule.protection_ticks
    assert _market_limit_ticks(pit) == 90_000 + protection_ticks

    _void(pit, 2)

    assert _market_limit_ticks(pit) == 5_000 + protection_ticks


def test_an_older_void_trade_leaves_the_last_price_as_it_is() -> None:
    pit = _traded()
    pit.enter("seller", SELL, 6_000, 1)
    pit.enter("buyer", BUY, 6_000, 1)

    _void(pit, 1)

    assert _market_limit_ticks(pit) == 6_000 + quarter().rule.protection_ticks


def test_where_the_only_trade_is_void_the_middle_of_the_book_is_the_reference() -> None:
    pit = _traded()
    _void(pit, 1)
    assert pit.enter("other", BUY, None, 1, Execution.IOC).code == "NO_REFERENCE_PRICE"

    pit.enter("buyer", BUY, 4_000, 1)
    pit.enter("seller", SELL, 4_200, 1)

    assert _market_limit_ticks(pit) == 4_100 + quarter().rule.protection_ticks


def test_a_recovered_venue_has_the_same_reference_after_a_void_trade() -> None:
    pit = _traded()
    pit.enter("seller", SELL, 6_000, 1)
    pit.enter("buyer", BUY, 6_000, 1)
    _void(pit, 2)
    replayed, loaded = Venue(), Venue()

    replayed.replay(pit.past)
    loaded.load(pit.venue.dump())

    assert replayed.dump() == loaded.dump() == pit.venue.dump()
