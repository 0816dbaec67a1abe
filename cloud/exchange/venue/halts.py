"""Trading stops in a scope and goes on; an account is stopped and freed. Pure.

On a halt the orders in scope fall asleep, contract by contract and in priority; lifting it wakes
none of them. Deleting stays possible, and so does asking for a recall. The kill switch of an
account deletes all its orders, and refuses entry and change until it is freed.
"""

from cloud.exchange.facts import Fact, Freed, Halted, Refused, Resumed, Stopped
from cloud.exchange.matching.codes import Action
from cloud.exchange.venue import changes, scopes
from cloud.exchange.venue.commands import Allot, Configure, Halt, Kill, MoveTrade
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.guard import Refusal
from cloud.exchange.venue.profile import HALTS_MAX


def halt(desk: Desk, command: Halt, at_us: int, facts: list[Fact]) -> None:
    """Stop trading in a scope, or let it go on; a second halt of a scope has the newer reason."""
    scope, value = command.scope, command.value
    key = scope, value
    refusal = None
    if scope not in scopes.SCOPES or (scope == "venue") != (value == ""):
        names = ", ".join(scopes.SCOPES)
        refusal = Refusal("SCOPE", f"scope: one of {names} with its value, venue without")
    elif command.resume and key not in desk.halts:
        refusal = Refusal("SCOPE", f"{scope} {value} is not halted".replace("  ", " "))
    elif not command.resume and key not in desk.halts and len(desk.halts) >= HALTS_MAX:
        refusal = Refusal("SCOPE", f"{HALTS_MAX} scopes are halted, more are not allowed")
    if refusal is not None:
        refuse(desk, command, refusal, at_us, facts)
    elif command.resume:
        resumed_fact = Resumed(at_us, scope, value, command.by, command.reason)
        facts.append(resumed_fact)
        resumed(desk, resumed_fact, facts)
    else:
        halted_fact = Halted(at_us, scope, value, command.by, command.reason)
        facts.append(halted_fact)
        halted(desk, halted_fact, facts)
        _sleep(desk, halted_fact, facts)


def kill(desk: Desk, command: Kill, at_us: int, facts: list[Fact]) -> None:
    """Stop an account, or free it."""
    account = command.account
    if not account or (command.release and account not in desk.stopped):
        refusal = Refusal("SCOPE", f"account: {account!r} is not stopped")
        refuse(desk, command, refusal, at_us, facts)
    elif command.release:
        freed_fact = Freed(at_us, account, command.by, command.reason)
        facts.append(freed_fact)
        freed(desk, freed_fact, facts)
    else:
        stopped_fact = Stopped(at_us, account, command.by, command.reason)
        facts.append(stopped_fact)
        stopped(desk, stopped_fact, facts)
        for order in changes.orders_of(desk, account):
            changes.take_back(
                desk,
                order,
                Action.DELETED_BY_ADMIN,
                command.reason,
                command.by,
                at_us,
                facts,
            )


def halted(desk: Desk, fact: Halted, _: list[Fact]) -> None:
    """Put a scope under a halt; the orders in it follow as facts of their own."""
    desk.halts[fact.scope, fact.value] = fact
    _mark(desk, fact.at_us)


def resumed(desk: Desk, fact: Resumed, _: list[Fact]) -> None:
    """Lift a halt; whoever sleeps goes on sleeping."""
    del desk.halts[fact.scope, fact.value]
    _mark(desk, fact.at_us)


def stopped(desk: Desk, fact: Stopped, _: list[Fact]) -> None:
    """Stop an account; its orders follow as facts of their own."""
    desk.stopped[fact.account] = fact
    desk.last_us = fact.at_us
    desk.answers.done(fact.at_us)


def freed(desk: Desk, fact: Freed, _: list[Fact]) -> None:
    """Let an account trade again."""
    del desk.stopped[fact.account]
    desk.last_us = fact.at_us
    desk.answers.done(fact.at_us)


def refuse(
    desk: Desk,
    command: Halt | Kill | MoveTrade | Configure | Allot,
    refusal: Refusal,
    at_us: int,
    facts: list[Fact],
) -> None:
    """Write down that what operations, or a party of a trade, wanted was turned away."""
    action = Action.REFUSED_TO_ADMIN
    refused = Refused(at_us, 0, 0, 0, "", refusal.code, refusal.text, action, 0, command.by)
    facts.append(refused)
    desk.refused(refused, counts=True)


def _mark(desk: Desk, at_us: int) -> None:
    for stall in desk.numbers.values():
        stall.halted = any(stall.covered_by(halt) for halt in desk.halts.values())
    desk.last_us = at_us
    desk.answers.done(at_us)


def _sleep(desk: Desk, fact: Halted, facts: list[Fact]) -> None:
    for stall in desk.numbers.values():
        if not scopes.of_people(fact) and not stall.covered_by(fact):
            continue
        for order in list(stall.book.in_priority()):
            if scopes.covers(fact, order.owner, stall):
                changes.put_to_sleep(
                    desk,
                    order,
                    Action.HIBERNATED_BY_ADMIN,
                    fact.reason,
                    fact.by,
                    fact.at_us,
                    facts,
                )
