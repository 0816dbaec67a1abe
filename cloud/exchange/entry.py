"""From what a trader writes to what the writer takes: exact, or refused with the reason. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cloud.exchange import matrix
from cloud.exchange.matching.codes import Execution, Kind, Side, State
from cloud.exchange.matching.order import Owner
from cloud.exchange.matrix import Codes, Sizes
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.venue.commands import Entry
from cloud.exchange.venue.guard import Refusal
from cloud.fleet.model import Site
from cloud.kernel.instants import iso
from cloud.market import money
from cloud.market.catalogue import Catalogue
from cloud.market.contracts import Contract, Market, Rule

TEXT_MAX = 250
"""Characters of an order's free text."""
STRATEGY_MAX = 40

Owners = Callable[[str, str, str, str, str], Owner]
"""Returns the owner of an account, site, portfolio, strategy and user; the same one each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An order as its owner writes it; the codes are those of `matching.codes`."""

    account: str
    market: str
    start_us: int
    end_us: int | None = None
    """None: the contract that begins at `start_us`; further away: the range of a block."""
    side: Side
    quantity_mwh: Decimal
    """Over the whole of the contract."""
    limit_eur_mwh: Decimal | None
    """None: a market order."""
    kind: str | None = None
    """None: a block where it is for a range, else an ordinary order."""
    execution: str | None = None
    """None: it rests, a block as a whole or not at all, and a market order never."""
    validity: str | None = None
    """None: what suits the execution."""
    valid_until_us: int = 0
    state: str = State.ACTIVE.value
    display_mwh: Decimal | None = None
    delta_eur_mwh: Decimal | None = None
    site: str | None = None
    """None: the account's only site, or no site where it has none."""
    client_order_id: str = ""
    text: str = ""
    portfolio: str = ""
    strategy: str = ""
    user: str = ""
    by_admin: str = ""


def entry_of(ticket: Ticket, catalogue: Catalogue, sites: Sequence[Site], owners: Owners) -> Entry:
    """Return the order in ticks, steps and contracts.

    Args:
        sites: those of the account.

    Raises:
        OrderRefused: something does not fit; the message names the key and what is allowed.
    """
    contract = contract_of(market_of(ticket.market, catalogue), ticket.start_us, ticket.end_us)
    codes = _codes(ticket, contract)
    site = _site(ticket, sites)
    entry = Entry(
        owner=owners(ticket.account, site, ticket.portfolio, ticket.strategy, ticket.user),
        contract=contract,
        side=ticket.side,
        price_ticks=limit_ticks(ticket.limit_eur_mwh, contract.rule, "limit_price_eur_mwh"),
        quantity_steps=steps_of(ticket.quantity_mwh, contract, "quantity_mwh"),
        kind=codes.kind,
        execution=codes.execution,
        validity=codes.validity,
        valid_until_us=ticket.valid_until_us,
        state=codes.state,
        display_steps=_display_steps(ticket, contract),
        delta_ticks=limit_ticks(ticket.delta_eur_mwh, contract.rule, "peak_price_delta") or 0,
        client_order_id=ticket.client_order_id,
        text=ticket.text,
        by_admin=ticket.by_admin,
    )
    refusal = matrix.refusal(entry, sizes=sizes_of(contract.rule))
    if refusal is not None:
        raise OrderRefused(*refusal)
    return entry


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


def contract_of(market: Market, start_us: int, end_us: int | None = None) -> Contract:
    """Return the contract that starts at this instant, or the block that ends at the other.

    Raises:
        OrderRefused: CONTRACT_UNKNOWN.
    """
    contract = market.contract(start_us)
    if contract is None:
        raise OrderRefused(
            "CONTRACT_UNKNOWN",
            f"delivery_start: {iso(start_us)!r} is not allowed; the start of a period of"
            f" {market.product} is expected",
        )
    if end_us in (None, contract.end_us):
        return contract
    block = market.block(start_us, end_us or 0)
    if block is None:
        raise OrderRefused(
            "CONTRACT_UNKNOWN",
            f"delivery_end: {iso(end_us or 0)!r} is not allowed; {iso(contract.end_us)!r} is"
            " expected, or for a block the end of a later period of the same delivery day",
        )
    return block


def limit_ticks(price_eur_mwh: Decimal | None, rule: Rule, key: str) -> int | None:
    """Return a price in ticks, None for none.

    Raises:
        OrderRefused: PRICE_STEP.
    """
    if price_eur_mwh is None:
        return None
    try:
        ticks = money.ticks_of(price_eur_mwh)
    except money.OffStep as error:
        raise OrderRefused("PRICE_STEP", f"{key}: {error}") from error
    if ticks % rule.tick_ticks:
        step = money.eur_mwh(rule.tick_ticks)
        raise OrderRefused(
            "PRICE_STEP", f"{key}: {price_eur_mwh} is not allowed; multiples of {step} are"
        )
    return ticks


def steps_of(energy_mwh: Decimal, contract: Contract, key: str) -> int:
    """Return an energy over the whole of a contract in steps of power.

    Raises:
        OrderRefused: QUANTITY_STEP.
    """
    try:
        return money.steps_of(energy_mwh, contract)
    except money.OffStep as error:
        raise OrderRefused("QUANTITY_STEP", f"{key}: {error}") from error


def sizes_of(rule: Rule) -> Sizes:
    """Return the least sizes of a market in steps."""
    return Sizes(
        steps_min=max(1, -(-rule.quantity_kw_min // rule.step_kw)),
        clip_steps_min=max(1, -(-rule.clip_kw_min // rule.step_kw)),
    )


def _codes(ticket: Ticket, contract: Contract) -> Codes:
    kind, execution = ticket.kind, ticket.execution
    if kind is None:
        kind = (Kind.BLOCK if contract.parts else Kind.LIMIT).value
    if execution is None:
        resting = Execution.AON if kind == Kind.BLOCK.value else Execution.NON
        execution = (Execution.IOC if ticket.limit_eur_mwh is None else resting).value
    codes = matrix.codes_of(kind, execution, ticket.validity, ticket.state)
    if isinstance(codes, Refusal):
        raise OrderRefused(*codes)
    return codes


def _display_steps(ticket: Ticket, contract: Contract) -> int:
    if ticket.display_mwh is None:
        return 0
    try:
        return money.steps_of(ticket.display_mwh, contract)
    except money.OffStep as error:
        raise OrderRefused("DISPLAY", f"display_mwh: {error}") from error


def _site(ticket: Ticket, sites: Sequence[Site]) -> str:
    names = ", ".join(site.id for site in sites)
    if ticket.site is not None:
        if all(site.id != ticket.site for site in sites):
            allowed = f"one of {names} is" if names else "this account has no site"
            raise OrderRefused("NO_SITE", f"site: {ticket.site!r} is not allowed; {allowed}")
        return ticket.site
    if len(sites) > 1:
        raise OrderRefused("SITE_NEEDED", f"site: is missing; say which of {names} shall deliver")
    return sites[0].id if sites else ""
