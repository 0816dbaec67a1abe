"""Under which halt, or kill switch, an order stands. Pure."""

from cloud.exchange.facts import Halted
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.guard import Refusal
from cloud.exchange.venue.stall import Stall

SCOPES = ("venue", "area", "product", "market", "contract", "member", "account")
_PEOPLE = ("member", "account")


def refusal(desk: Desk, owner: Owner, stall: Stall) -> Refusal | None:
    """Say which halt, or kill switch, an order or a change is under."""
    stopped = desk.stopped.get(owner.account)
    if stopped is not None:
        return Refusal("ACCOUNT_STOPPED", f"the account is stopped: {stopped.reason}")
    halts = desk.halts
    halt = halts.get(("account", owner.account)) or halts.get(("member", owner.member))
    if halt is None and stall.halted:
        halt = next(h for h in halts.values() if stall.covered_by(h))
    if halt is None:
        return None
    what = f"{halt.scope} {halt.value}".strip()
    return Refusal("HALTED", f"trading is halted ({what}): {halt.reason}")


def of_people(halt: Halted) -> bool:
    """Say whether a halt is one of somebody, whatever the contract."""
    return halt.scope in _PEOPLE


def covers(halt: Halted, owner: Owner, stall: Stall) -> bool:
    """Say whether an owner's orders in a contract are in the scope of a halt."""
    if of_people(halt):
        return halt.value == (owner.account if halt.scope == "account" else owner.member)
    return stall.covered_by(halt)
