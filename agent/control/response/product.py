"""What the rooms of frequency response tell each other, and what the evidence keeps. Pure."""

from collections.abc import Container
from dataclasses import dataclass

from agent.control.energy.contract import Transaction


def key_of(product: str, taken: Container[str]) -> str:
    """Return the name of a product's controller; of two at once each has its own."""
    key, number = product, 1
    while key in taken:
        number += 1
        key = f"{product}#{number}"
    return key


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a product is not armed, or no longer available."""

    code: str
    """Stable: ``ARM_...``, ``I24``."""
    text: str
    """One sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """The grid's frequency as it may be acted upon in this cycle."""

    hz: float | None
    """The last believed measurement; None: there has been none. Never an injected value: alert
    counters, archive and baseline look at this one."""
    believed: bool
    """The measurement is fresh and plausible, and there is a live voltage beside it."""
    share: float
    """Of the response that is given: 1 while believed and while held, falling to 0 after."""
    device: str = ""
    """Whose measurement it is; empty: nobody's."""
    applied_hz: float | None = None
    """What the products answer: `hz`, or what a test injects in its place."""
    injected: bool = False
    dead: bool = False
    """No voltage: nothing is left to support, and the plant goes to 0."""
    code: str = ""
    """I7 or I8 while not believed."""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductState:
    """One product that the site is awarded, in one cycle; what is not its kind stays None."""

    product: str
    capacity_kw: float
    armed: bool
    refusals: tuple[Refusal, ...] = ()
    """Why it is not armed; of an armed one, why it is not available as it was sold."""
    rule: str = ""
    """Rule set and version that its energy is managed by."""
    deviation_hz: float | None = None
    """What it reacts to: the applied deviation, or the short-term part of it in reserve mode."""
    response_kw: float = 0.0
    management_kw: float = 0.0
    """Energy management on top, sign as in `wire`."""
    alert: bool | None = None
    """None: unknown, or a product without an alert state."""
    c1_s: float = 0.0
    c2_s: float = 0.0
    nem: int = 0
    """Normal-state energy management: -1 charges, +1 discharges."""
    aem: bool = False
    reserve_mode: bool = False
    endurance_min: float | None = None
    announced: tuple[Transaction, ...] = ()
    """Transactions that its energy management has announced and that are not over."""
