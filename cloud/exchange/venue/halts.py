"""Trading stops in a scope and goes on; an account is stopped and freed. Pure.

On a halt the orders in scope fall asleep, contract by contract and in priority; lifting it wakes
none of them. Deleting stays possible, and so does asking for a recall.
"""

from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.guard import Refusal
from cloud.exchange.venue.stall import Stall

SCOPES = ("venue", "area", "product", "market", "contract", "member", "account")


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
