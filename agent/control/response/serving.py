"""One product that the site is awarded, as its controller goes from cycle to cycle. Pure."""

from dataclasses import dataclass, field
from functools import cached_property

from agent.control.energy.contract import Contract, Reservoir
from agent.control.energy.manage import EnergyMemory
from agent.control.plant import PlantState
from agent.control.response.catalogue import Product
from agent.control.response.config import FrequencySettings
from agent.control.response.ffr import Watched
from agent.control.response.gate import INDEPENDENT
from agent.control.response.product import Frequency, Refusal
from agent.control.response.static import Static
from agent.control.response.steps import Steps
from wire.schedule import FrequencyService


@dataclass(frozen=True, kw_only=True)
class Serving:
    """The controller of one product; nothing of it is shared with another."""

    key: str
    """The product's name; of two awards of one product at once, the second has a number."""
    service: FrequencyService
    product: Product
    contract: Contract
    armed: bool = False
    refusals: tuple[Refusal, ...] = ()
    looked_s: float | None = None
    """When the gate was looked at last, by the event loop's time."""
    weight: float = 1.0
    """Of the response: less than 1 where it outlasts its period and is on its way to 0."""
    ended: bool = False
    """Its period is over."""
    resumed: bool = False
    """A run before answered it, and this one does not yet."""
    static: Static = field(default_factory=Static)
    outside_kw: float = 0.0
    """What was answered last outside ±200 mHz; 0: the deviation is not there."""
    watched: Watched = field(default_factory=Watched)
    """Of an answer that the inverter gives by itself."""
    energy: EnergyMemory = field(default_factory=EnergyMemory)

    @cached_property
    def keeps_power(self) -> bool:
        """Say whether power is kept free for it; the frequency has no say in it."""
        return not any(refusal.code in INDEPENDENT for refusal in self.refusals)

    @cached_property
    def keeps_up_kw(self) -> float:
        """Return the power that has to be free to discharge."""
        return self._keeps_kw(max(0.0, *(pu for _, pu in self.service.curve)))

    @cached_property
    def keeps_down_kw(self) -> float:
        """Return the power that has to be free to charge."""
        return self._keeps_kw(max(0.0, *(-pu for _, pu in self.service.curve)))

    def _keeps_kw(self, share: float) -> float:
        least = self.product.opposite_factor
        return self.service.capacity_kw * max(self.product.kept_factor * share, least)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What one cycle looks like to the products, the same for all of them."""

    plant: PlantState
    settings: FrequencySettings
    real_time: bool | None
    lower_kw: float
    """What class 0 leaves."""
    upper_kw: float
    base_kw: float
    """Of the cycle before."""
    reservoir: Reservoir | None
    unproved: str
    dead_zone_kw: float
    frequency: Frequency
    steps: Steps
    now_us: int
