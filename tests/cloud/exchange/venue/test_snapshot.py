"""cloud.exchange.venue.snapshot, replay: a venue is rebuilt from facts, a dump, or both."""

import json
from random import Random

import pytest

from cloud.exchange.facts import Closed, Entered, Fact, Traded
from cloud.exchange.venue.replay import ReplayDiffers
from cloud.exchange.venue.venue import Venue
from tests.cloud.exchange.naive.venue_flows import VenuePair
from tests.support.venues import BUY, SELL, Pit, quarter

_SEEDS = range(60)
_COMMANDS = 60


@pytest.mark.parametrize("seed", _SEEDS)
def test_a_snapshot_with_the_rest_of_the_facts_is_the_same_venue(seed: int) -> None:
    pair = VenuePair(Random(seed))
    ends = [0]
    for _ in range(_COMMANDS):
        pair.step()
        ends.append(len(pair.facts))
    half = ends[_COMMANDS // 2]

    whole, first, second = Venue(), Venue(), Venue()
    whole.replay(pair.facts)
    first.replay(pair.facts[:half])
    second.load(json.loads(json.dumps(first.dump())))
    second.replay(pair.facts[half:])

    assert second.dump() == whole.dump()
    assert second.next_us() == whole.next_us() == pair.venue.next_us()


def _two_that_trade() -> Pit:
    pit = Pit()
    pit.enter("seller", SELL, 5_000, 10)
    pit.enter("buyer", BUY, 5_000, 4)
    return pit


def test_a_replay_stops_where_a_trade_is_not_what_it_was() -> None:
    facts = _two_that_trade().past
    for place, fact in enumerate(facts):
        if isinstance(fact, Traded):
            facts[place] = fact._replace(quantity_steps=3)

    with pytest.raises(ReplayDiffers, match="quantity_steps=3"):
        Venue().replay(facts)


def test_a_replay_stops_where_an_effect_is_missing() -> None:
    facts = [fact for fact in _two_that_trade().past if not isinstance(fact, Traded)]

    with pytest.raises(ReplayDiffers):
        Venue().replay(facts)


def test_a_replay_stops_where_an_effect_has_no_cause() -> None:
    facts = _two_that_trade().past

    with pytest.raises(ReplayDiffers):
        Venue().replay([*facts, facts[-1]])


def test_a_replay_stops_at_a_gap_in_the_numbers() -> None:
    facts: list[Fact] = [
        fact._replace(order_id=fact.order_id + 1) if isinstance(fact, Entered) else fact
        for fact in _two_that_trade().past
    ]

    with pytest.raises(ReplayDiffers, match="without gaps"):
        Venue().replay(facts)


def test_a_replay_stops_where_a_gate_should_have_closed() -> None:
    pit = _two_that_trade()
    pit.at_us = quarter().closes_us
    pit.enter("seller", SELL, 5_000, 1, of=quarter(1))
    facts = [fact for fact in pit.past if not isinstance(fact, Closed)]

    with pytest.raises(ReplayDiffers, match="what is due comes first"):
        Venue().replay(facts)


def test_a_snapshot_whose_book_is_not_whole_is_refused() -> None:
    state = _two_that_trade().venue.dump()
    state["contracts"][0][5] = []

    with pytest.raises(ReplayDiffers, match="the book of contract 1"):
        Venue().load(state)


def test_a_snapshot_of_another_version_is_refused() -> None:
    state = _two_that_trade().venue.dump() | {"version": 99}

    with pytest.raises(ReplayDiffers, match="version 99"):
        Venue().load(state)
