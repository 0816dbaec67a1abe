"""cloud.exchange.venue.allotment: what an auction gave comes into the positions, once."""

import json

from cloud.exchange.auction.facts import Auctioned
from cloud.exchange.facts import Fact, Joined, Listed
from cloud.exchange.matching.order import Owner
from cloud.exchange.read.entries import auction_entries
from cloud.exchange.venue.commands import Allot
from cloud.exchange.venue.venue import Venue

_START_US = 1_800_000_000_000_000
_HOUR_US = 3_600_000_000


def _allot() -> Allot:
    return Allot(
        auction="PHO_AT_DAY_AHEAD",
        area="AT",
        day=740_000,
        start_us=_START_US,
        period_us=_HOUR_US,
        step_kw=10,
        price_ticks=(5_000, 0),
        awards=((Owner(0, "stadtwerk"), (3, 0)), (Owner(0, "handel"), (-3, 0))),
    )


def _venue() -> tuple[Venue, list[Fact]]:
    venue = Venue()
    return venue, venue.handle(_allot(), 1_000)


def test_each_owner_gets_a_fact_and_a_name() -> None:
    _, facts = _venue()
    assert [type(fact) for fact in facts] == [Joined, Joined, Auctioned, Auctioned]
    assert [fact.steps for fact in facts if isinstance(fact, Auctioned)] == [(3, 0), (-3, 0)]


def test_a_repeat_gets_the_first_answer_and_changes_nothing() -> None:
    venue, _ = _venue()
    first = venue.answers()
    assert venue.handle(_allot(), 2_000) == []
    assert venue.answers() == first
    assert first[0].code == ""


def test_a_replay_and_a_snapshot_know_that_it_was_done() -> None:
    venue, facts = _venue()
    again, loaded = Venue(), Venue()
    again.replay(facts)
    assert again.dump() == venue.dump()
    loaded.load(json.loads(json.dumps(venue.dump())))
    assert loaded.handle(_allot(), 3_000) == []


def test_an_hour_counts_in_each_of_its_quarters_on_both_sides() -> None:
    _, facts = _venue()
    assert not any(isinstance(fact, Listed) for fact in facts)
    owners = {fact.owner: fact for fact in facts if isinstance(fact, Joined)}
    entries = [
        entry
        for fact in facts
        if isinstance(fact, Auctioned)
        for entry in auction_entries(fact, owners[fact.owner])
    ]
    assert [entry.power_kw for entry in entries] == [30] * 4 + [-30] * 4
    assert [entry.energy_wh for entry in entries] == [7_500] * 4 + [-7_500] * 4
    assert sum(entry.cash for entry in entries) == 0
    assert {entry.market for entry in entries} == {"PHO_AT_DAY_AHEAD"}
