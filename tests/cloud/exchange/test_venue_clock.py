"""The venue's clock: a microsecond before, at and after openings, closings and dates of orders."""

from datetime import date, time
from random import Random
from zoneinfo import ZoneInfo

import pytest

from cloud.exchange.facts import Closed, Ended, Entered, Expired, Hibernated, Traded
from cloud.exchange.matching.codes import Ending, Execution, State, TradeState
from cloud.exchange.venue.commands import Halt, MoveTrade
from cloud.market.contracts import Contract, Market, Rule
from tests.support.venues import BUY, OPENS_US, SELL, Pit, block, quarter

LATE_US = 1_000
"""A gate that closes a millisecond after it opened, so that little has to be imagined."""


@pytest.fixture
def pit() -> Pit:
    return Pit(step_us=0)


def short(number: int = 0) -> Contract:
    return quarter(number, closes_us=OPENS_US + LATE_US)


def test_an_order_is_taken_from_the_opening_on_and_not_a_microsecond_before(pit: Pit) -> None:
    pit.at_us = OPENS_US - 1
    assert pit.enter("ada", SELL, 5_000, 10).code == "CONTRACT_NOT_OPEN"
    pit.at_us = OPENS_US
    assert pit.enter("ada", SELL, 5_000, 10).code == ""
    pit.at_us = OPENS_US + 1
    pit.enter("bob", BUY, 5_000, 10)
    assert pit.fills == [(10, 5_000)]


def test_an_order_trades_until_the_closing_and_not_at_its_microsecond(pit: Pit) -> None:
    for offset_us, code, fills in (
        (-1, "", [(10, 5_000)]),
        (0, "CONTRACT_CLOSED", []),
        (1, "CONTRACT_CLOSED", []),
    ):
        pit.venue, pit.at_us = Pit().venue, OPENS_US
        pit.enter("ada", SELL, 5_000, 10, of=short())
        pit.at_us = OPENS_US + LATE_US + offset_us
        assert pit.enter("bob", BUY, 5_000, 10, of=short()).code == code
        assert pit.fills == fills


def test_a_closing_ends_all_orders_also_those_that_sleep(pit: Pit) -> None:
    pit.at_us = OPENS_US
    pit.enter("ada", SELL, 5_000, 10, of=short())
    pit.enter("ada", SELL, 4_000, 10, of=short(), asleep=True)
    pit.enter("bob", BUY, 4_900, 10, Execution.AON, of=short())
    pit.at_us += LATE_US
    pit.facts = pit.venue.advance(pit.at_us)
    assert isinstance(pit.facts[0], Closed)
    assert pit.facts[0].at_us == OPENS_US + LATE_US
    assert pit.endings == {1: Ending.EXPIRED, 2: Ending.EXPIRED, 3: Ending.EXPIRED}
    assert pit.venue.next_us() is None


def test_a_closing_comes_before_a_message_of_the_same_microsecond(pit: Pit) -> None:
    pit.at_us = OPENS_US
    pit.enter("ada", SELL, 5_000, 10, of=short())
    pit.at_us += LATE_US
    pit.enter("bob", BUY, 5_000, 10, of=quarter(1))
    kinds = [type(fact) for fact in pit.facts]
    assert kinds.index(Closed) < kinds.index(Ended) < kinds.index(Entered)


def test_a_closing_that_is_told_late_has_the_stamp_of_its_own_instant(pit: Pit) -> None:
    pit.at_us = OPENS_US
    pit.enter("ada", SELL, 5_000, 10, of=short())
    pit.at_us += LATE_US + 77
    pit.enter("bob", BUY, 5_000, 10, of=quarter(1))
    assert pit.facts[0].at_us == OPENS_US + LATE_US


@pytest.mark.parametrize(("offset_us", "fills"), [(-1, [(10, 5_000)]), (0, []), (1, [])])
def test_an_order_good_till_date_trades_until_its_date(
    pit: Pit, offset_us: int, fills: list[tuple[int, int]]
) -> None:
    pit.at_us = OPENS_US
    pit.enter("ada", SELL, 5_000, 10, until_us=OPENS_US + 50)
    pit.at_us = OPENS_US + 50 + offset_us
    pit.enter("bob", BUY, 5_000, 10)
    assert pit.fills == fills
    assert any(isinstance(fact, Expired) for fact in pit.facts) is not bool(fills)


def test_a_date_that_has_come_is_refused(pit: Pit) -> None:
    pit.at_us = OPENS_US + 50
    assert pit.enter("ada", SELL, 5_000, 10, until_us=OPENS_US + 50).code == "VALID_UNTIL"
    assert pit.enter("ada", SELL, 5_000, 10, until_us=OPENS_US + 51).code == ""


def test_a_block_ends_with_the_first_gate_of_its_range(pit: Pit) -> None:
    pit.at_us = OPENS_US
    whole = block(short(0), quarter(1))
    pit.enter("ada", SELL, 5_000, 10, Execution.AON, of=whole)
    pit.at_us += LATE_US
    refused = pit.enter("bob", BUY, 5_000, 10, Execution.IOC, of=whole)
    assert refused.code == "CONTRACT_CLOSED"
    assert pit.endings == {1: Ending.EXPIRED}


@pytest.mark.parametrize(("offset_us", "slept"), [(-1, True), (0, False)])
def test_a_halt_at_the_closing_instant_finds_nothing_to_put_to_sleep(
    pit: Pit, offset_us: int, slept: bool
) -> None:
    pit.at_us = OPENS_US
    pit.enter("ada", SELL, 5_000, 10, of=short())
    pit.at_us = OPENS_US + LATE_US + offset_us
    facts = pit.venue.handle(
        Halt(scope="market", value="AT", by="operator", reason="test"), pit.at_us
    )
    assert any(isinstance(fact, Hibernated) for fact in facts) is slept
    facts += pit.venue.advance(OPENS_US + LATE_US)
    ended = [fact.ending for fact in facts if isinstance(fact, Ended)]
    assert ended == [Ending.EXPIRED]


def test_what_sleeps_at_the_closing_cannot_be_woken_after_it(pit: Pit) -> None:
    pit.at_us = OPENS_US
    asleep = pit.enter("ada", SELL, 5_000, 10, of=short(), asleep=True)
    pit.at_us += LATE_US
    assert pit.switch(asleep, "ada", State.ACTIVE).code != ""


@pytest.mark.parametrize(("offset_us", "code"), [(-1, ""), (0, "TOO_LATE")])
def test_a_recall_is_asked_for_before_the_closing(pit: Pit, offset_us: int, code: str) -> None:
    pit.at_us = OPENS_US
    pit.enter("ada", SELL, 5_000, 10, of=short())
    pit.enter("bob", BUY, 5_000, 10, of=short())
    pit.at_us = OPENS_US + LATE_US + offset_us
    recall = MoveTrade(
        trade_id=1, to=TradeState.RECALL_ASKED, by="bob", account="bob", reason="a mistake"
    )
    assert pit.give(recall).code == code


# Whole days of real calendars

DAYS = {date(2026, 3, 29): 92, date(2026, 11, 21): 96, date(2026, 10, 25): 100}
GATES = {
    "AT": ("Europe/Vienna", 300),
    "DE": ("Europe/Berlin", 1_800),
    "XB": ("Europe/Vienna", 3_600),
}
"""Local trading closes 5 minutes before delivery, between control areas 30, across borders 60."""


def market_of(area: str) -> Market:
    zone, close_lead_s = GATES[area]
    rule = Rule(
        valid_from=date(2020, 1, 1),
        opens_ahead_s=0,
        opens_day=-1,
        opens_local=time(16, 0),
        close_lead_s=close_lead_s,
        step_kw=100,
        quantity_kw_max=999_000,
        price_ticks_min=-999_999,
        price_ticks_max=999_999,
        protection_ticks=500,
    )
    return Market(code=area, area=area, zone=ZoneInfo(zone), resolution_s=900, rules=(rule,))


def contracts_of(market: Market, day: date) -> list[Contract]:
    start_us, end_us = market.day_us(day)
    found = (market.contract(at_us) for at_us in range(start_us, end_us, market.resolution_us))
    return [contract for contract in found if contract is not None]


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("area", GATES)
def test_each_contract_of_a_day_trades_until_its_gate_and_never_after(
    pit: Pit, area: str, day: date
) -> None:
    contracts = contracts_of(market_of(area), day)
    assert len({contract.start_us for contract in contracts}) == DAYS[day]
    for contract in contracts:
        pit.at_us = contract.closes_us - 2
        pit.enter("ada", SELL, 5_000, 20, of=contract)
        pit.at_us += 1
        pit.enter("bob", BUY, 5_000, 10, of=contract)
        assert pit.fills == [(10, 5_000)]
        for _ in range(2):
            pit.at_us += 1
            assert pit.enter("bob", BUY, 5_000, 10, of=contract).code == "CONTRACT_CLOSED"
    traded = [fact for fact in pit.past if isinstance(fact, Traded)]
    assert len(traded) == DAYS[day]


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_no_trade_is_outside_its_contracts_hours_or_between_two_contracts(day: date) -> None:
    random, pit = Random(day.toordinal()), Pit(step_us=0)
    contracts = [c for area in GATES for c in contracts_of(market_of(area), day)]
    edges = [edge for c in contracts for edge in (c.opens_us, c.closes_us)]
    instants = sorted(random.choice(edges) + random.randint(-1, 1) for _ in range(3_000))
    wanted: dict[int, Contract] = {}
    for pit.at_us in instants:
        near = [c for c in contracts if c.opens_us - 2 < pit.at_us < c.closes_us + 2]
        contract = random.choice(near[:4])
        side = random.choice((BUY, SELL))
        answer = pit.enter(random.choice("abc"), side, random.randint(-2, 2), 10, of=contract)
        if not answer.code:
            wanted[answer.order_id] = contract
    trades = [fact for fact in pit.past if isinstance(fact, Traded)]
    assert len(trades) > 100
    for trade in trades:
        contract = wanted[trade.maker_id]
        assert wanted[trade.taker_id] is contract
        assert contract.opens_us <= trade.at_us < contract.closes_us
