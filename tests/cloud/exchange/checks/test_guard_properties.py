"""cloud.exchange.checks: against plain sums over all that happened; across a snapshot; bounded."""

import json
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.exchange.checks.guard import Checks
from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.market.contracts import Contract
from tests.support.exchange import NOON_US, contract
from wire.clock import QUARTER_HOUR_US

AT_US = NOON_US - 3_600_000_000
OWNERS = [Owner(1, "a"), Owner(2, "a", strategy="bot"), Owner(3, "b", site="")]
CONTRACTS = [
    *(contract(NOON_US + i * QUARTER_HOUR_US, market="PT15") for i in range(4)),
    contract(NOON_US, market="EPEX"),
    replace(contract(NOON_US, market="PT60"), end_us=NOON_US + 4 * QUARTER_HOUR_US),
    replace(contract(NOON_US, market="PT30"), end_us=NOON_US + 2 * QUARTER_HOUR_US),
    replace(contract(NOON_US, market="DE"), area="DE-LU"),
]
LIMITS = {
    "version": 1,
    "default": {
        "orders_max": 6,
        "orders_per_contract_max": 3,
        "abs_kw_max": 60,
        "net_open_kw_max": 90,
        "net_open_kw_min": -80,
        "cash_out_eur_max": 2,
        "cash_in_eur_max": 3,
        "order_counts": [{"window_s": 10, "allowed": 4}],
    },
}


class Event(NamedTuple):
    kind: str
    owner: Owner
    contract: Contract
    side: Side
    price_ticks: int
    steps: int
    after_us: int


WHAT = list(
    product(
        ("offer", "offer", "leave", "trade", "trade", "void", "act"),
        OWNERS,
        CONTRACTS,
        Side,
        (0, 1, 3_000_000),
    )
)
"""Kind, owner, contract, side and time between: one draw is cheaper than five."""
EVENTS = st.lists(
    st.tuples(st.sampled_from(WHAT), st.integers(-3_000, 9_000), st.integers(1, 40)).map(
        lambda drawn: Event(*drawn[0][:4], drawn[1], drawn[2], drawn[0][4])
    ),
    min_size=10,
    max_size=60,
)


class Plain:
    """All that happened, in one list, added up anew for each question."""

    def __init__(self) -> None:
        self.open: list[Event] = []
        self.done: list[Event] = []
        self.acted: list[tuple[str, int]] = []

    def code(self, e: Event, at_us: int) -> str:
        account = e.owner.account
        recent = [at for who, at in self.acted if who == account and at > at_us - 10_000_000]
        if len(recent) >= 4:
            return "ORDER_COUNT"
        mine = [o for o in self.open if o.owner.account == account]
        here = [o for o in mine if o.contract is e.contract]
        if len(mine) + 1 > 6:
            return "ACTIVE_ORDERS"
        if len(here) + 1 > 3:
            return "ACTIVE_ORDERS_CONTRACT"
        for start_us in range(e.contract.start_us, e.contract.end_us, QUARTER_HOUR_US):
            code = self._position(e, start_us)
            if code:
                return code
        return self._cash(e)

    def _position(self, e: Event, start_us: int) -> str:
        def touches(o: Event) -> bool:
            same = o.owner.account == e.owner.account and o.contract.area == e.contract.area
            return same and o.contract.start_us <= start_us < o.contract.end_us

        sign = 1 if e.side is Side.SELL else -1
        net = sum(o.steps if o.side is Side.SELL else -o.steps for o in self.done if touches(o))
        waits = sum(o.steps for o in self.open if touches(o) and o.side is e.side)
        alone, all_open = net + sign * e.steps, net + sign * (e.steps + waits)
        if sign * alone > 60:
            return "POSITION_LIMIT"
        over = all_open > 90 if sign > 0 else all_open < -80
        return "POSITION_OPEN" if over else ""

    def _cash(self, e: Event) -> str:
        def cash(o: Event) -> int:
            value = o.price_ticks * o.steps * o.contract.wh_per_step
            return value if o.side is Side.SELL else -value

        received = cash(e) > 0 or (cash(e) == 0)
        mine = [o for o in [*self.open, *self.done] if o.owner.account == e.owner.account]
        if received:
            done = sum(cash(o) for o in mine if cash(o) * o.steps > 0)
            return "CASH_LIMIT" if cash(e) and done + cash(e) > 3 * 10**8 else ""
        done = -sum(cash(o) for o in mine if cash(o) * o.steps < 0)
        return "CASH_LIMIT" if done - cash(e) > 2 * 10**8 else ""


def tell(found: Checks, plain: Plain, e: Event, at_us: int) -> None:
    """Let both know what happens; what leaves or becomes void has been there before."""
    owner, of = e.owner, e.contract
    if e.kind == "offer":
        plain.open.append(e)
        found.post(owner, of).offered(e.side, e.price_ticks, e.steps, 1)
    elif e.kind == "leave" and plain.open:
        gone = plain.open.pop(e.steps % len(plain.open))
        post = found.post(gone.owner, gone.contract)
        post.offered(gone.side, gone.price_ticks, -gone.steps, -1)
    elif e.kind == "trade":
        plain.done.append(e)
        found.post(owner, of).traded(e.side, e.price_ticks, e.steps)
    elif e.kind == "void" and plain.done:
        gone = plain.done.pop(e.steps % len(plain.done))
        found.post(gone.owner, gone.contract).traded(gone.side, gone.price_ticks, -gone.steps)
    elif e.kind == "act":
        plain.acted.append((owner.account, at_us))
        found.post(owner, of).acted(at_us)


def answer(found: Checks, e: Event, at_us: int) -> str:
    refusal = found.post(e.owner, e.contract).refusal(
        e.side, e.price_ticks, e.steps, None, at_us, 1
    )
    return "" if refusal is None else refusal.code


def limited() -> Checks:
    found = Checks()
    assert found.configured("limits", 1, json.dumps(LIMITS)) is None
    return found


@settings(max_examples=300)
@given(EVENTS)
def test_every_answer_is_what_plain_sums_over_all_that_happened_say(events: list[Event]) -> None:
    found, plain, at_us = limited(), Plain(), AT_US
    for event in events:
        at_us += event.after_us
        assert answer(found, event, at_us) == plain.code(event, at_us)
        tell(found, plain, event, at_us)


@given(EVENTS, EVENTS)
def test_after_a_snapshot_and_the_orders_told_again_every_answer_is_the_same(
    before: list[Event], after: list[Event]
) -> None:
    found, plain, at_us = limited(), Plain(), AT_US
    for event in before:
        at_us += event.after_us
        tell(found, plain, event, at_us)
    again = Checks()
    again.load(json.loads(json.dumps(found.dump())))
    for order in plain.open:
        post = again.post(order.owner, order.contract)
        post.offered(order.side, order.price_ticks, order.steps, 1)
    for event in after:
        assert answer(again, event, at_us) == answer(found, event, at_us)
    assert again.dump() == found.dump()


@given(EVENTS)
def test_what_has_been_delivered_is_forgotten_but_for_what_is_still_running(
    events: list[Event],
) -> None:
    found, plain = limited(), Plain()
    for event in events:
        tell(found, plain, event, AT_US)
    found.forget_until(NOON_US + QUARTER_HOUR_US)
    for seat in found.seats.values():
        assert all(start > NOON_US + QUARTER_HOUR_US for _, start in seat.periods)
        assert all(start > NOON_US + QUARTER_HOUR_US for _, start, _ in seat.desks)
    found.forget_until(NOON_US + 4 * 86_400_000_000)
    for seat in found.seats.values():
        assert {*seat.periods, *seat.desks, *seat.days} == set()
