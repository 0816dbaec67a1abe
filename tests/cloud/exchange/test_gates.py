"""Gates of the shipped markets in a real venue: not one fill at or after closing, on any day."""

from datetime import date

import pytest

from cloud.exchange.facts import Fact, Refused, Traded
from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.commands import Entry
from cloud.exchange.venue.venue import Venue
from cloud.market import catalogue
from cloud.market.contracts import Contract

MARKETS = [
    "EPEX_AT_INTRADAY_15MIN",
    "EPEX_AT_INTRADAY_60MIN",
    "EPEX_DE_INTRADAY_30MIN",
    "EPEX_DE_TENNET_INTRADAY_15MIN",
    "SIDC_AT_INTRADAY_15MIN",
]
DAYS = [date(2026, 3, 29), date(2026, 7, 1), date(2026, 10, 25)]
BUYER, SELLER = Owner(0, "buyer"), Owner(0, "seller")


def enter(venue: Venue, of: Contract, side: Side, at_us: int) -> list[Fact]:
    owner = BUYER if side is Side.BUY else SELLER
    entry = Entry(owner=owner, contract=of, side=side, price_ticks=5_000, quantity_steps=1)
    return venue.handle(entry, at_us)


def codes(facts: list[Fact]) -> list[str]:
    return [fact.code for fact in facts if isinstance(fact, Refused)]


def trades(facts: list[Fact]) -> list[Traded]:
    return [fact for fact in facts if isinstance(fact, Traded)]


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("code", MARKETS)
def test_a_contract_trades_from_its_opening_to_the_microsecond_before_its_gate(
    code: str, day: date
) -> None:
    venue = Venue()
    contracts = catalogue.known()[code].contracts_of(day)
    by_opening = sorted(contracts, key=lambda of: of.opens_us)
    opened_us = by_opening[-1].opens_us
    if opened_us < min(of.closes_us for of in contracts):
        early = [enter(venue, of, Side.SELL, of.opens_us - 1) for of in by_opening]
        assert [codes(facts) for facts in early] == [["CONTRACT_NOT_OPEN"]] * len(contracts)
        for of in by_opening:
            assert trades(enter(venue, of, Side.SELL, opened_us)) == []
            assert len(trades(enter(venue, of, Side.BUY, opened_us))) == 1
    for of in contracts:
        assert trades(enter(venue, of, Side.SELL, of.closes_us - 1)) == []
        assert len(trades(enter(venue, of, Side.BUY, of.closes_us - 1))) == 1
        enter(venue, of, Side.SELL, of.closes_us - 1)
        late = enter(venue, of, Side.BUY, of.closes_us)
        assert trades(late) == []
        assert codes(late) == ["CONTRACT_CLOSED"]


def test_an_hour_and_its_quarters_are_two_books_that_never_meet() -> None:
    known = catalogue.known()
    quarters, hours = known["EPEX_AT_INTRADAY_15MIN"], known["EPEX_AT_INTRADAY_60MIN"]
    venue = Venue()
    for hour in hours.contracts_of(DAYS[2]):
        quarter = quarters.contract(hour.start_us)
        assert quarter is not None
        at_us = max(hour.opens_us, quarter.opens_us)
        if venue.desk.last_us <= at_us:
            assert trades(enter(venue, hour, Side.SELL, at_us)) == []
            assert trades(enter(venue, quarter, Side.BUY, at_us)) == []
