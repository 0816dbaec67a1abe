"""Which codes of an order go together, and which fields belong to which. Pure.

The compatibility matrix of an M7-type continuous venue: type x execution x validity x entry
state are 72 combinations, of which `CONTINUOUS` accepts 19 (``domain/exchange.md`` §3.3). A
profile is data; a venue that allows more or less is another table.

Confirmed by public texts: O with each execution, resting AON, blocks all-or-nothing or as a
sweep. Unconfirmed, hence a row and no rule in code: validity NON for FOK and IOC, and icebergs
with NON alone.

Codes of refusals stand in `cloud.exchange.venue.refusals`; the sentence names key and value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from cloud.exchange.matching.codes import Execution, Kind, Side, State, Validity
from cloud.exchange.venue import peaks
from cloud.exchange.venue.commands import Entry
from cloud.exchange.venue.guard import Refusal
from cloud.exchange.venue.profile import CLIPS_MAX


class Codes(NamedTuple):
    """The four codes of an order as it comes in."""

    kind: Kind
    execution: Execution
    validity: Validity
    state: State


_RESTS = (Validity.GFS, Validity.GTD)
_EITHER = (State.ACTIVE, State.HIBERNATED)
_NEVER = (Validity.NON,)
_AT_ONCE = (State.ACTIVE,)

Row = tuple[Kind, Execution, tuple[Validity, ...], tuple[State, ...]]
"""One line of a table: what it accepts is each of the validities with each of the states."""

TABLE: tuple[Row, ...] = (
    (Kind.LIMIT, Execution.NON, _RESTS, _EITHER),
    (Kind.LIMIT, Execution.AON, _RESTS, _EITHER),
    (Kind.LIMIT, Execution.FOK, _NEVER, _AT_ONCE),
    (Kind.LIMIT, Execution.IOC, _NEVER, _AT_ONCE),
    (Kind.BLOCK, Execution.AON, _RESTS, _EITHER),
    (Kind.BLOCK, Execution.IOC, _NEVER, _AT_ONCE),
    (Kind.ICEBERG, Execution.NON, _RESTS, _EITHER),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What one venue accepts."""

    accepted: frozenset[Codes]

    @classmethod
    def of(cls, table: Iterable[Row]) -> "Profile":
        return cls(
            frozenset(
                Codes(kind, execution, validity, state)
                for kind, execution, validities, states in table
                for validity in validities
                for state in states
            )
        )

    def refusal(self, codes: Codes) -> Refusal | None:
        """Say which pair of codes does not go together; None: all four do.

        The first pair that no accepted combination has, in the order of the fields; where each
        pair is possible and only the whole is not, the code is COMBINATION.
        """
        if codes in self.accepted:
            return None
        for first, second in combinations(range(len(codes)), 2):
            partners = {c[second] for c in self.accepted if c[first] is codes[first]}
            if codes[second] not in partners:
                return Refusal(
                    f"{_FIELDS[first]}_{_FIELDS[second]}".upper(),
                    f"{_FIELDS[second]}: {codes[second].value!r} is not allowed with"
                    f" {_FIELDS[first]} {codes[first].value!r}; {_listed(partners)}",
                )
        return Refusal(
            "COMBINATION",
            "type, execution, validity and state do not go together: "
            + ", ".join(code.value for code in codes),
        )


CONTINUOUS = Profile.of(TABLE)
"""Continuous trading: 19 of 72."""

_FIELDS = ("type", "execution", "validity", "state")
_ENTRY_STATES = (State.ACTIVE, State.HIBERNATED)
_EXECUTIONS = {code.value: code for code in Execution}
_KINDS = {code.value: code for code in Kind}
_VALIDITIES = {code.value: code for code in Validity}
_STATES = {code.value: code for code in _ENTRY_STATES}
_AUCTION = "AU"
"""Execution code of orders in an auction's call phase."""


def codes_of(
    kind: str, execution: str, validity: str | None, state: str = State.ACTIVE.value
) -> Codes | Refusal:
    """Read the codes as a trader writes them.

    Args:
        validity: None: what suits the execution, GFS for an order that rests, else NON.
    """
    if execution == _AUCTION:
        return Refusal(
            "AUCTION_ONLY",
            "execution: 'AU' is not allowed in continuous trading; in auctions it is",
        )
    read_execution = _EXECUTIONS.get(execution)
    if validity is None:
        at_once = read_execution in (Execution.FOK, Execution.IOC)
        validity = (Validity.NON if at_once else Validity.GFS).value
    read_kind = _KINDS.get(kind)
    read_validity = _VALIDITIES.get(validity)
    read_state = _STATES.get(state)
    if read_kind is None:
        return _unknown("type", kind, Kind)
    if read_execution is None:
        return _unknown("execution", execution, Execution)
    if read_validity is None:
        return _unknown("validity", validity, Validity)
    if read_state is None:
        return _unknown("state", state, _ENTRY_STATES)
    return Codes(read_kind, read_execution, read_validity, read_state)


class Sizes(NamedTuple):
    """What a product asks of quantities, in steps of the contract."""

    steps_min: int = 1
    clip_steps_min: int = 1
    """Smallest visible part of an iceberg; venues differ (5 MW at one of them)."""


ANY_SIZE = Sizes()


def refusal(
    entry: Entry, *, sizes: Sizes = ANY_SIZE, profile: Profile = CONTINUOUS
) -> Refusal | None:
    """Say what of a new order's form is wrong; None: nothing is.

    Looks at nothing but the order: neither at limits of price and size that the venue checks,
    nor at the clock.
    """
    codes = Codes(entry.kind, entry.execution, entry.validity, entry.state)
    return (
        profile.refusal(codes)
        or _contract(entry)
        or _price(entry)
        or _quantity(entry, sizes)
        or _iceberg(entry, sizes)
        or _valid_until(entry)
    )


def _contract(entry: Entry) -> Refusal | None:
    ranged = bool(entry.contract.parts)
    if ranged and entry.kind is not Kind.BLOCK:
        return Refusal(
            "BLOCK_RANGE", f"type: {entry.kind.value!r} is not allowed for a range; B is"
        )
    if entry.kind is Kind.BLOCK and not ranged:
        return Refusal("BLOCK_RANGE", "type: 'B' is not allowed for a single contract; O and I are")
    return None


def _price(entry: Entry) -> Refusal | None:
    if entry.price_ticks is None and entry.execution not in (Execution.IOC, Execution.FOK):
        return Refusal(
            "PRICE_MISSING",
            f"price: is missing; with execution {entry.execution.value!r} an order has a limit",
        )
    if entry.price_ticks is None and entry.kind is not Kind.LIMIT:
        return Refusal("PRICE_MISSING", f"price: is missing; type {entry.kind.value!r} has a limit")
    return None


def _quantity(entry: Entry, sizes: Sizes) -> Refusal | None:
    if entry.quantity_steps < sizes.steps_min:
        return Refusal(
            "QUANTITY_MIN",
            f"quantity: {entry.quantity_steps} steps is not allowed; {sizes.steps_min} or more is",
        )
    return None


def _iceberg(entry: Entry, sizes: Sizes) -> Refusal | None:
    if entry.kind is not Kind.ICEBERG:
        if entry.display_steps:
            return _only_iceberg("DISPLAY", "display_quantity", entry.kind)
        if entry.delta_ticks:
            return _only_iceberg("PRICE_DELTA", "peak_price_delta", entry.kind)
        return None
    if not entry.display_steps:
        return Refusal("DISPLAY", "display_quantity: is missing; type 'I' needs it")
    if entry.display_steps < sizes.clip_steps_min:
        return Refusal(
            "DISPLAY",
            f"display_quantity: {entry.display_steps} steps is not allowed;"
            f" {sizes.clip_steps_min} or more is",
        )
    if entry.quantity_steps > CLIPS_MAX * entry.display_steps:
        least = -(-entry.quantity_steps // CLIPS_MAX)
        return Refusal(
            "DISPLAY",
            f"display_quantity: {entry.display_steps} steps is not allowed; {least} or more is, for"
            f" an iceberg has at most {CLIPS_MAX} peaks",
        )
    wrong = entry.delta_ticks > 0 if entry.side is Side.BUY else entry.delta_ticks < 0
    if wrong:
        allowed = (
            "0 or less is, for a buy" if entry.side is Side.BUY else "0 or more is, for a sell"
        )
        return Refusal(
            "PRICE_DELTA",
            f"peak_price_delta: {entry.delta_ticks} ticks is not allowed; {allowed}",
        )
    rule = entry.contract.rule
    return peaks.beyond(
        entry.price_ticks or 0,
        entry.delta_ticks,
        -(-entry.quantity_steps // entry.display_steps),
        rule.price_ticks_min,
        rule.price_ticks_max,
    )


def _valid_until(entry: Entry) -> Refusal | None:
    if entry.validity is Validity.GTD and not entry.valid_until_us:
        return Refusal("VALID_UNTIL", "valid_until: is missing; validity 'GTD' needs it")
    if entry.validity is not Validity.GTD and entry.valid_until_us:
        return Refusal(
            "VALID_UNTIL",
            f"valid_until: is not allowed with validity {entry.validity.value!r}; with GTD it is",
        )
    return None


def _only_iceberg(code: str, key: str, kind: Kind) -> Refusal:
    return Refusal(code, f"{key}: is not allowed with type {kind.value!r}; with I it is")


def _unknown(key: str, given: str, known: Iterable[Kind | Execution | Validity | State]) -> Refusal:
    return Refusal(
        f"{key}_unknown".upper(),
        f"{key}: {given!r} is not known; {', '.join(code.value for code in known)} are",
    )


def _listed(codes: Iterable[Kind | Execution | Validity | State]) -> str:
    values = sorted(code.value for code in codes)
    if not values:
        return "nothing is"
    return f"{', '.join(values)} {'is' if len(values) == 1 else 'are'}"
