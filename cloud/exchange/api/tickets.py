"""From the bodies of version 1 to tickets and changes: exact, or refused with the reason. Pure."""

from datetime import datetime
from decimal import Decimal

from cloud.exchange.api.forms import ChangeBody, EntryBody
from cloud.exchange.entry import Ticket, contract_of, limit_ticks, market_of, sizes_of, steps_of
from cloud.exchange.matching.codes import Side
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.venue.commands import Modification
from cloud.market.catalogue import Catalogue
from cloud.market.contracts import Contract
from wire.clock import micros

SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
_US_OF_KW = 3_600_000_000 * 1_000
"""Microseconds in which one kW makes one MWh."""


def ticket_of(
    body: EntryBody, catalogue: Catalogue, account: str, *, user: str = "", by_admin: str = ""
) -> Ticket:
    """Return the order as its owner wrote it; powers become energies of its delivery.

    Raises:
        OrderRefused: the market or the contract is not known.
    """
    contract = delivery_of(catalogue, body.market, body.delivery_start, body.delivery_end)
    quantity = body.quantity_mwh
    if quantity is None:
        assert body.power_kw is not None, "the form has one of the two"
        quantity = _energy(body.power_kw, contract)
    until = body.valid_until
    return Ticket(
        account=account,
        market=body.market,
        start_us=contract.start_us,
        end_us=contract.end_us,
        side=SIDES[body.side],
        quantity_mwh=quantity,
        limit_eur_mwh=body.limit_price_eur_mwh,
        kind=body.type,
        execution=body.execution,
        validity=body.validity,
        valid_until_us=0 if until is None else micros(until),
        state=body.state,
        display_mwh=None if body.display_kw is None else _energy(body.display_kw, contract),
        delta_eur_mwh=body.peak_price_delta_eur_mwh,
        site=body.site,
        client_order_id=body.client_order_id or "",
        text=body.text,
        portfolio=body.portfolio or "",
        strategy=body.strategy or "",
        user=user,
        by_admin=by_admin,
    )


def change_of(
    body: ChangeBody, account: str, order_id: int, contract: Contract, by_admin: str = ""
) -> Modification:
    """Return a change of an order of this contract.

    Raises:
        OrderRefused: a value does not fit the contract.
    """
    rule, until = contract.rule, body.valid_until
    sizes = sizes_of(rule)
    quantity = body.quantity_mwh
    if body.power_kw is not None:
        quantity = _energy(body.power_kw, contract)
    steps = None if quantity is None else steps_of(quantity, contract, "quantity")
    if steps is not None and steps < sizes.steps_min:
        least_kw = sizes.steps_min * rule.step_kw
        raise OrderRefused("QUANTITY_MIN", f"quantity: {least_kw} kW at least are expected")
    display = None
    if body.display_kw is not None:
        display, rest = divmod(body.display_kw, rule.step_kw)
        if rest or display < sizes.clip_steps_min:
            least_kw = sizes.clip_steps_min * rule.step_kw
            raise OrderRefused(
                "DISPLAY",
                f"display_kw: {body.display_kw} is not allowed; {least_kw} at least, in steps of"
                f" {rule.step_kw}, is",
            )
    return Modification(
        account=account,
        order_id=order_id,
        revision=body.revision,
        price_ticks=limit_ticks(body.limit_price_eur_mwh, rule, "limit_price_eur_mwh"),
        quantity_steps=steps,
        display_steps=display,
        delta_ticks=limit_ticks(body.peak_price_delta_eur_mwh, rule, "peak_price_delta_eur_mwh"),
        valid_until_us=None if until is None else micros(until),
        text=body.text,
        client_order_id=body.client_order_id or "",
        by_admin=by_admin,
    )


def delivery_of(
    catalogue: Catalogue, market: str, start: datetime, end: datetime | None
) -> Contract:
    """Return the contract, or the block, that somebody names.

    Raises:
        OrderRefused: MARKET_UNKNOWN, CONTRACT_UNKNOWN.
    """
    found = market_of(market, catalogue)
    return contract_of(found, micros(start), None if end is None else micros(end))


def _energy(power_kw: int, contract: Contract) -> Decimal:
    """Return a power over a whole contract in MWh; exact, for contracts last whole minutes."""
    return Decimal(power_kw * (contract.end_us - contract.start_us)) / _US_OF_KW
