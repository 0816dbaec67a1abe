"""From what a trader writes to what the writer takes: exact, or refused with the reason. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from cloud.exchange.book import Execution, Side
from cloud.exchange.floor import NewOrder
from cloud.exchange.refusals import OrderRefused
from cloud.fleet.model import Site
from cloud.kernel.instants import iso
from cloud.market import money
from cloud.market.catalogue import Catalogue
from cloud.market.contracts import Contract, Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An order as its owner writes it."""

    account: str
    client_order_id: str | None
    site: str | None
    """None: the account's only site, or no site where it has none."""
    market: str
    start_us: int
    end_us: int | None
    side: Side
    quantity_mwh: Decimal
    limit_eur_mwh: Decimal | None
    """None: a market order."""
    execution: Execution


def order_of(ticket: Ticket, catalogue: Catalogue, sites: Sequence[Site]) -> NewOrder:
    """Return the order in ticks, steps and contracts.

    Args:
        sites: those of the account.

    Raises:
        OrderRefused: something does not fit; the message names the key and what is allowed.
    """
    contract = _contract(ticket, market_of(ticket.market, catalogue))
    site = _site(ticket, sites)
    try:
        steps = money.steps_of(ticket.quantity_mwh, contract)
    except money.OffStep as error:
        raise OrderRefused("QUANTITY_STEP", f"quantity_mwh: {error}") from error
    limit = ticket.limit_eur_mwh
    try:
        ticks = None if limit is None else money.ticks_of(limit)
    except money.OffStep as error:
        raise OrderRefused("PRICE_STEP", f"limit_price_eur_mwh: {error}") from error
    return NewOrder(
        account=ticket.account,
        client_order_id=ticket.client_order_id,
        site=None if site is None else site.id,
        site_limit_kw=None if site is None else site.power_kw,
        contract=contract,
        side=ticket.side,
        price_ticks=ticks,
        quantity_steps=steps,
        execution=Execution.IOC
        if limit is None and ticket.execution is Execution.REST
        else ticket.execution,
    )


def market_of(code: str, catalogue: Catalogue) -> Market:
    """Return the market.

    Raises:
        OrderRefused: MARKET_UNKNOWN.
    """
    market = catalogue.get(code)
    if market is None:
        raise OrderRefused(
            "MARKET_UNKNOWN", f"market: {code!r} is not known; {', '.join(sorted(catalogue))} are"
        )
    return market


def contract_of(market: Market, start_us: int) -> Contract:
    """Return the contract that starts at this instant.

    Raises:
        OrderRefused: CONTRACT_UNKNOWN.
    """
    contract = market.contract(start_us)
    if contract is None:
        raise OrderRefused(
            "CONTRACT_UNKNOWN",
            f"delivery_start: {iso(start_us)!r} is not allowed; a full quarter-hour is expected",
        )
    return contract


def _contract(ticket: Ticket, market: Market) -> Contract:
    contract = contract_of(market, ticket.start_us)
    if ticket.end_us not in (None, contract.end_us):
        raise OrderRefused(
            "CONTRACT_UNKNOWN",
            f"delivery_end: {iso(ticket.end_us or 0)!r} is not allowed;"
            f" {iso(contract.end_us)!r} is expected, one quarter-hour after delivery_start",
        )
    return contract


def _site(ticket: Ticket, sites: Sequence[Site]) -> Site | None:
    names = ", ".join(site.id for site in sites)
    if ticket.site is not None:
        found = next((site for site in sites if site.id == ticket.site), None)
        if found is None:
            allowed = f"one of {names} is" if names else "this account has no site"
            raise OrderRefused("NO_SITE", f"site: {ticket.site!r} is not allowed; {allowed}")
        return found
    if len(sites) > 1:
        raise OrderRefused("SITE_NEEDED", f"site: is missing; say which of {names} shall deliver")
    return sites[0] if sites else None
