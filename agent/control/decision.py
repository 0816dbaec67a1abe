"""What goes into a decision, what comes out, and what is remembered in between. Pure."""

from dataclasses import dataclass, field

from agent.control.interlocks.plant import GuardMemory
from agent.control.interlocks.rules import NEUTRAL, GuardRules
from agent.control.limits import Limits
from agent.control.local.strategies import NEUTRAL as NEUTRAL_SITE
from agent.control.local.strategies import SiteMemory, SiteRules
from agent.control.observe import Joining
from agent.control.response.answer import ResponseMemory, ResponseRules
from agent.control.response.product import Frequency, ProductState
from agent.control.share import UnitSetpoint
from agent.control.spread import UNSPREAD, SpreadMemory
from agent.injection import Injection
from agent.status import Reason
from agent.steering import FREE, Steering
from wire.schedule import Schedule

STARTING = "starting"
AUTOMATIC = "automatic"
STANDBY = "standby"
MANUAL = "manual"
SAFE = "safe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What is wanted of the plant in this cycle, from outside of it."""

    now_us: int
    """Wall time, for schedules and for the ends of orders."""
    schedule: Schedule | None = None
    steering: Steering = FREE
    heard: bool = True
    """Somebody has said what is wanted since the start, or has had the time to."""
    kept: bool = True
    """What was latched before the start has been told, or has had the time to be."""
    idle_until_s: float = 0.0
    """The loop's time until which the schedule's slots wait; its products do not."""
    injection: Injection | None = None
    """A test's frequency for the products, while it lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the settings say; the same for the life of the process."""

    limits: Limits
    guard: GuardRules = NEUTRAL
    response: ResponseRules = field(default_factory=ResponseRules)
    site: SiteRules = NEUTRAL_SITE


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What one decision leaves to the next."""

    base_kw: float | None = None
    """None: not in charge yet; the base will begin at the measured power."""
    at_s: float | None = None
    held: bool = False
    """A limit of the grid operator holds the base, or the base is still on its way back."""
    joining: Joining = field(default_factory=Joining)
    spread: SpreadMemory = UNSPREAD
    guard: GuardMemory = field(default_factory=GuardMemory)
    response: ResponseMemory = field(default_factory=ResponseMemory)
    site: SiteMemory = field(default_factory=SiteMemory)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to write, and why."""

    mode: str
    setpoint_kw: float
    """Of the plant."""
    base_kw: float
    """The part that does not depend on the grid's frequency."""
    schedule_kw: float
    response_kw: float
    """The part of the setpoint that answers the grid's frequency."""
    lower_kw: float
    upper_kw: float
    reasons: tuple[Reason, ...]
    units: tuple[UnitSetpoint, ...]
    steering: str = ""
    """The id of the operator's override that the setpoint follows or is cut from; empty: none."""
    frequency: Frequency | None = None
    """As it was judged, for the evidence; None: it was not looked at."""
    products: tuple[ProductState, ...] = ()
    """Of all products that the site is awarded now."""
    pv_limit_kw: float | None = None
    """What the PV may produce, where it can be told; None: whatever it can."""
    management_kw: float = 0.0
    """The part of the setpoint that keeps the energy of products."""
