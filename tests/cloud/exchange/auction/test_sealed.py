"""cloud.exchange.auction.sealed: what is sealed anywhere takes its part of every limit, once."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.exchange.auction import calendar, permits
from cloud.exchange.auction.calendar import Session
from cloud.exchange.auction.demand import demand
from cloud.exchange.auction.orders import Style, Submission
from cloud.exchange.auction.sealed import Sealed
from cloud.exchange.checks.guard import Checks
from cloud.exchange.service import Exchange
from cloud.kernel.context import Hub
from tests.cloud.exchange.auction.test_auction_hub import (
    DAY,
    PATH,
    after_the_gate,
    purchase,
    sale,
)
from tests.cloud.exchange.auction.test_permits import limits
from tests.support.auctions import curve, some_blocks, some_curve
from tests.support.checks import BUY, SELL, WERK, checks, code
from tests.support.exchange import contract, trading

GERMAN = PATH.replace("_AT_", "_DE_")
"""The same hours of the same day, in another area; its gate is at the same instant."""


async def ordered(client: httpx.AsyncClient, path: str, **body: Any) -> str:
    """Order in an auction; return the code of the refusal, '' where there is none."""
    answer = await client.put(f"{path}/orders", json=body)
    assert (answer.status_code == 200) is ("code" not in answer.json()), answer.text
    code: str = answer.json().get("code", "")
    return code


async def test_two_auctions_that_are_open_share_the_cash_of_their_day(hub: Hub) -> None:
    async with trading(hub) as desk:
        await limits(desk, "handel", 1, cash_out_eur_max=0.9)
        wanted = [purchase(0, 90, 40)]  # 40 kW for a quarter of an hour at 90 EUR/MWh: 0.90 EUR
        assert await ordered(desk.handel, PATH, curves=wanted) == ""
        assert await ordered(desk.handel, GERMAN, curves=wanted) == "CASH_LIMIT"
        assert await ordered(desk.handel, PATH, curves=wanted) == "", "in place of the first"
    async with trading(hub) as desk:  # as after a restart
        assert await ordered(desk.handel, GERMAN, curves=wanted) == "CASH_LIMIT"
        assert await ordered(desk.handel, PATH, curves=[purchase(0, 45, 40)]) == ""
        assert await ordered(desk.handel, GERMAN, curves=[purchase(0, 46, 40)]) == "CASH_LIMIT"
        assert await ordered(desk.handel, GERMAN, curves=[purchase(0, 45, 40)]) == ""
        assert (await desk.handel.delete(f"{PATH}/orders")).status_code == 204
        assert await ordered(desk.handel, GERMAN, curves=wanted) == ""
        await after_the_gate(hub)
        assert open_cash(hub) == (0, 0), "nobody sold: nothing of it is left"


async def test_two_auctions_that_are_open_share_the_power_and_the_energy_of_a_battery(
    hub: Hub,
) -> None:
    async with trading(hub) as desk:
        site = {"site": "werk-sued"}
        assert await ordered(desk.werk, PATH, **site, curves=[sale(0, 20, 60)]) == ""
        assert await ordered(desk.werk, GERMAN, **site, curves=[sale(0, 20, 41)]) == "SITE_LIMIT"
        assert await ordered(desk.werk, GERMAN, **site, curves=[sale(0, 20, 40)]) == ""
        first = [{"period": t, "points": [[0, 25]]} for t in range(4, 12)]
        assert await ordered(desk.werk, PATH, **site, curves=first) == ""
        later = [{"period": t, "points": [[0, 75]]} for t in range(12, 20)]
        assert await ordered(desk.werk, GERMAN, **site, curves=later) == "SITE_EMPTY"
        await desk.werk.delete(f"{PATH}/orders", params=site)
        assert await ordered(desk.werk, GERMAN, **site, curves=later[:4]) == ""


def open_cash(hub: Hub) -> tuple[int, int]:
    """Return what is on offer and sealed for the day: received and paid, in 10⁻⁸ EUR."""
    day = hub.service(Exchange).checks.seat("handel").days[DAY.toordinal()]
    return day.in_open, day.out_open


def session(code: str = "PHO_AT_DAY_AHEAD_15MIN", days: int = 0) -> Session:
    found = calendar.load()[code].session(DAY + timedelta(days=days))
    assert found is not None
    return found


FIRST = replace(contract(session().start_us), area="AT", day=DAY.toordinal())
"""The first quarter-hour of the day in continuous trading, in steps of a kW."""


@pytest.mark.parametrize(
    ("code_of", "limit"),
    [
        ("POSITION_LIMIT", {"net_kw_max": 60}),
        ("POSITION_OPEN", {"net_open_kw_max": 60}),
        ("CASH_LIMIT", {"cash_in_eur_max": 0.30}),
        ("REDUCE_ONLY", {"state": "reduce_only"}),
    ],
)
def test_continuous_trading_gets_of_a_limit_what_is_not_sealed(
    code_of: str, limit: dict[str, Any]
) -> None:
    found = checks(**limit)
    if "state" in limit:
        found.post(WERK, FIRST).traded(BUY, 0, 60)
    sealed = Sealed(found)
    sale_of_40 = Submission(account="werk", site="", curves=(curve(0, (2_000, 40)),))
    sealed.take(session(), sale_of_40)  # at 20 EUR/MWh: 0.20 EUR
    assert code(found, SELL, 20, 2_000, of=FIRST) == ""
    assert code(found, SELL, 21, 2_000, of=FIRST) == code_of
    sealed.drop(session(), "werk", "")
    assert code(found, SELL, 60, 2_000, of=FIRST) == ""


def test_what_is_sealed_counts_with_what_others_of_the_member_do() -> None:
    document = {
        "version": 1,
        "members": {"haus": {"net_kw_max": 60, "cash_in_eur_max": 0.30}},
        "accounts": {name: {"member": "haus"} for name in ("werk", "other")},
    }
    found = Checks()
    assert found.configured("limits", 1, json.dumps(document)) is None
    Sealed(found).take(
        session(), Submission(account="other", site="", curves=(curve(0, (2_000, 40)),))
    )
    assert code(found, SELL, 20, 2_000, of=FIRST) == ""
    assert code(found, SELL, 21, 1_000, of=FIRST) == "MEMBER_POSITION"
    assert code(found, SELL, 20, 2_001, of=FIRST) == "MEMBER_CASH"
    for kw, ticks, refused in ((20, 2_000, ""), (21, 1_000, "POSITION"), (20, 2_001, "CASH")):
        mine = Submission(account="werk", site="", curves=(curve(0, (ticks, kw)),))
        refusal = permits.of_limits(found, session(), mine)
        assert (refusal.code if refusal else "") == (f"MEMBER_{refused}" if refused else "")


@st.composite
def some(draw: st.DrawFn) -> tuple[Session, Submission]:
    random = draw(st.randoms(use_true_random=False))
    styles = draw(st.lists(st.sampled_from(Style), max_size=3))
    return (
        session(draw(st.sampled_from(sorted(calendar.load()))), draw(st.integers(0, 1))),
        Submission(
            account=draw(st.sampled_from(("werk", "other"))),
            site=draw(st.sampled_from(("", "here", "there"))),
            curves=tuple(some_curve(random, period, style) for period, style in enumerate(styles)),
            blocks=tuple(some_blocks(random, draw(st.integers(0, 3)), 3, [0, 1_000_000])),
        ),
    )


@given(st.lists(st.tuples(st.sampled_from(("keep", "ask", "drop", "settle")), some()), max_size=12))
def test_the_counters_are_the_sum_of_what_is_sealed_whatever_came_before(
    steps: list[tuple[str, tuple[Session, Submission]]],
) -> None:
    found = Checks()
    sealed = Sealed(found)
    kept: dict[tuple[Session, str, str], Submission] = {}
    for what, (of, one) in steps:
        if what == "keep":
            sealed.take(of, one)
            kept[of, one.account, one.site] = one
        elif what == "ask":
            with sealed.without(of, one):
                rest = {key: each for key, each in kept.items() if key != (of, *key_of(one))}
                assert counted(found) == expected(rest)
        elif what == "drop":
            sealed.drop(of, *key_of(one))
            kept.pop((of, *key_of(one)), None)
        else:
            sealed.settled(of)
            kept = {key: each for key, each in kept.items() if key[0] != of}
        assert counted(found) == expected(kept)


def key_of(one: Submission) -> tuple[str, str]:
    return one.account, one.site


def expected(kept: dict[tuple[Session, str, str], Submission]) -> Counter[object]:
    total: Counter[object] = Counter()
    for (of, account, site), one in kept.items():
        wanted = demand(one, of.terms)
        for period in range(of.terms.periods):
            start_us = of.start_us + period * of.period_us
            sold, bought = wanted.sold[period], wanted.bought[period]
            total[account, of.area, start_us, "sold"] += sold
            total[account, of.area, start_us, "bought"] += bought
            if site:
                total[site, start_us, "sold"] += sold
                total[site, start_us, "bought"] += bought
                total[site, start_us, "certain"] += wanted.certain[period]
        total[account, of.day.toordinal(), "in"] += wanted.received * 250
        total[account, of.day.toordinal(), "out"] += wanted.paid * 250
    return nothing_of(total)


def counted(found: Checks) -> Counter[object]:
    total: Counter[object] = Counter()
    for account, seat in found.seats.items():
        for (area, start_us), period in seat.periods.items():
            assert (period.sell_kw, period.buy_kw) == (period.sealed_sell_kw, period.sealed_buy_kw)
            total[account, area, start_us, "sold"] = period.sell_kw
            total[account, area, start_us, "bought"] = period.buy_kw
        for number, day in seat.days.items():
            total[account, number, "in"], total[account, number, "out"] = day.in_open, day.out_open
    for site in ("here", "there"):
        cell = found.sites.cell(site)
        starts = {start_us for seat in found.seats.values() for _, start_us in seat.periods}
        for start_us in starts:
            quarter = cell.quarter(start_us)
            total[site, start_us, "sold"] = quarter.sealed_sell_kw
            total[site, start_us, "bought"] = quarter.sealed_buy_kw
            total[site, start_us, "certain"] = quarter.sealed_kw
    return nothing_of(total)


def nothing_of(total: Counter[object]) -> Counter[object]:
    """Leave out what is nothing."""
    return Counter({key: amount for key, amount in total.items() if amount})


def test_what_is_released_after_its_delivery_was_forgotten_leaves_nothing() -> None:
    found = Checks()
    sealed = Sealed(found)
    sealed.take(session(), Submission(account="werk", site="here", curves=(curve(0, (2_000, 40)),)))
    found.forget_until(session().start_us + 4 * 86_400_000_000)
    sealed.settled(session())
    assert counted(found) == Counter()
