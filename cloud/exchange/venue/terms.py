"""What a contract asks of an order: that its gate is open, its limits, a price. Pure."""

from typing import Final

from cloud.exchange.matching.codes import Execution, Kind, Side
from cloud.exchange.venue.commands import Entry
from cloud.exchange.venue.guard import Refusal
from cloud.exchange.venue.stall import Stall
from cloud.market.contracts import Contract
from cloud.market.money import eur_mwh

_BLOCK: Final = Kind.BLOCK
_IOC: Final = Execution.IOC


def gate(contract: Contract | Stall, at_us: int) -> Refusal | None:
    """Say whether a contract may not be traded at this instant."""
    if at_us < contract.opens_us:
        return Refusal("CONTRACT_NOT_OPEN", "this contract is not open for trading yet")
    if at_us >= contract.closes_us:
        return Refusal("CONTRACT_CLOSED", "the gate of this contract is closed")
    return None


def form(entry: Entry, stall: Stall, ticks: int, at_us: int) -> Refusal | None:
    """Say which limit of its contract an order does not keep."""
    if (entry.kind is _BLOCK) != bool(stall.parts):
        return Refusal("BLOCK_RANGE", "a block, and only a block, is for a range of contracts")
    refusal = limits(stall, ticks, entry.quantity_steps)
    if refusal is None and entry.valid_until_us and entry.valid_until_us <= at_us:
        return Refusal("VALID_UNTIL", "valid_until: an instant in the future is expected")
    return refusal


def limits(stall: Stall, ticks: int, steps: int) -> Refusal | None:
    """Say which limit of the contract a price or a quantity does not keep."""
    if not stall.price_ticks_min <= ticks <= stall.price_ticks_max:
        low, high = eur_mwh(stall.price_ticks_min), eur_mwh(stall.price_ticks_max)
        return Refusal("PRICE_RANGE", f"a price of {low} to {high} EUR/MWh is allowed")
    if steps < 1:
        return Refusal("QUANTITY_MIN", "an order is for at least one step")
    if steps > stall.steps_max:
        kw_max = stall.contract.rule.quantity_kw_max
        return Refusal("QUANTITY_MAX", f"at most {kw_max} kW are allowed")
    return None


def protected_ticks(entry: Entry, stall: Stall) -> int | None:
    """Return the limit of a market order, None where there is none to be had."""
    reference_ticks = stall.reference_ticks()
    if reference_ticks is None or entry.execution not in (_IOC, Execution.FOK):
        return None
    rule = stall.contract.rule
    protection = rule.protection_ticks if entry.side is Side.BUY else -rule.protection_ticks
    return max(rule.price_ticks_min, min(rule.price_ticks_max, reference_ticks + protection))


def no_price(entry: Entry) -> Refusal:
    if entry.execution in (_IOC, Execution.FOK):
        return Refusal("NO_REFERENCE_PRICE", "nothing has traded yet and no two sides are quoted")
    return Refusal("PRICE_MISSING", "an order that may rest needs a limit")
