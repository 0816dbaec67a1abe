"""The result of an auction comes into the positions that the checks know, once. Pure."""

from datetime import date

from cloud.exchange.auction.facts import Auctioned
from cloud.exchange.facts import Fact
from cloud.exchange.matching.codes import Side
from cloud.exchange.venue import halts
from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.commands import Allot
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.guard import Refusal
from cloud.exchange.venue.profile import OWNERS_MAX
from cloud.market.contracts import PRODUCTS, Contract, Rule

_NOBODY = ""
"""Account under which results are remembered as answers: they are no client's."""
_ANY = 10**12


def allot(desk: Desk, command: Allot, at_us: int, facts: list[Fact]) -> None:
    """Do what an auction decided; all of it, or nothing where it was done before."""
    known = desk.answers.known(_NOBODY, _name(command.auction, command.day))
    if known is not None:
        desk.answers.repeat(known)
        return
    owners = [desk.owner(given, at_us, facts) for given, _ in command.awards]
    if None in owners:
        text = f"the venue knows {OWNERS_MAX} owners, more are not allowed"
        halts.refuse(desk, command, Refusal("OWNERS_MAX", text), at_us, facts)
        return
    for owner, (_, steps) in zip(filter(None, owners), command.awards, strict=True):
        fact = Auctioned(
            at_us,
            command.auction,
            command.area,
            command.day,
            owner.number,
            command.start_us,
            command.period_us,
            command.step_kw,
            command.price_ticks,
            steps,
        )
        facts.append(fact)
        auctioned(desk, fact, facts)
    desk.answers.done(at_us)


def auctioned(desk: Desk, fact: Auctioned, _: list[Fact]) -> None:
    """Count what one owner got."""
    owner = desk.owners[fact.owner]
    for period, steps in enumerate(fact.steps):
        if steps:
            side = Side.SELL if steps > 0 else Side.BUY
            ticks = fact.price_ticks[period]
            desk.guard.post(owner, _contract(fact, period)).traded(side, ticks, abs(steps))
    desk.last_us = fact.at_us
    answer = Answer(0, "", "", "", 0, 0, 0, "", fact.at_us, 0)
    desk.answers.remember(_NOBODY, _name(fact.auction, fact.day), answer)


def _name(auction: str, day: int) -> str:
    return f"{auction} {day}"


def _contract(fact: Auctioned, period: int) -> Contract:
    """Return the delivery of one period; nothing can be ordered in it here."""
    start_us = fact.start_us + period * fact.period_us
    rule = Rule(
        valid_from=date.min,
        opens_ahead_s=0,
        close_lead_s=0,
        step_kw=fact.step_kw,
        quantity_kw_max=_ANY,
        price_ticks_min=-_ANY,
        price_ticks_max=_ANY,
        protection_ticks=_ANY,
    )
    return Contract(
        market=fact.auction,
        area=fact.area,
        product=PRODUCTS[fact.period_us // 1_000_000],
        start_us=start_us,
        end_us=start_us + fact.period_us,
        opens_us=start_us,
        closes_us=start_us,
        rule=rule,
        day=fact.day,
    )
