"""Products with a limited reservoir for the tests: told of the world second by second."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.control.energy.config import ProductEnergy
from agent.control.energy.contract import Contract, Managed, Reservoir, Situation
from agent.control.energy.manage import EnergyMemory, manage
from agent.control.energy.rules import NORDIC

HOUR_US = 3_600_000_000
START_US = 1_763_683_200_000_000
"""2025-11-21 00:00 UTC."""
FULL_AT = {"fcr_n": (50.0, 0.1), "fcr_d_up": (49.9, 0.4), "fcr_d_down": (50.1, 0.4)}


def nordic(product: str, **settings: Any) -> ProductEnergy:
    rule = "nordic_v1_1" if product == "fcr_n" else "nordic_d_v1_1"
    return ProductEnergy(product=product, rule=rule, **settings)


def contract_of(
    settings: ProductEnergy, capacity_kw: float = 1_000.0, *, up: bool = True, down: bool = True
) -> Contract:
    if settings.product in NORDIC:
        up, down = NORDIC[settings.product].up, NORDIC[settings.product].down
    return Contract(
        product=settings.product, capacity_kw=capacity_kw, up=up, down=down, settings=settings
    )


@dataclass
class Told:
    """One product that is told of the world once a second, and what it said last."""

    contract: Contract
    span_kwh: float = 2_000.0
    soc: float = 0.5
    hz: float | None = 50.0
    believed: bool = True
    alert: bool | None = False
    base_kw: float = 0.0
    at_s: float = 1_000.0
    memory: EnergyMemory = field(default_factory=EnergyMemory)

    def now(self, seconds: float = 1.0) -> Managed:
        """Return what the product does after `seconds`, the last of them with a cycle."""
        self.at_s += seconds
        situation = Situation(
            at_s=self.at_s,
            now_us=START_US + round((self.at_s - 1_000.0) * 1e6),
            hz=self.hz,
            believed=self.believed,
            alert=self.alert,
            reservoir=Reservoir(self.soc * self.span_kwh, self.span_kwh),
            base_kw=self.base_kw,
        )
        managed, self.memory = manage(self.contract, situation, self.memory)
        return managed

    def seconds(self, count: int, **changes: Any) -> Sequence[Managed]:
        """Change something, then return the answers of `count` seconds."""
        for name, value in changes.items():
            setattr(self, name, value)
        return [self.now() for _ in range(count)]

    def curve_kw(self, managed: Managed) -> float:
        """Return what the product's own curve asks for, by an independent reckoning."""
        assert managed.deviation_hz is not None
        zero_hz, span_hz = FULL_AT.get(self.contract.product, (50.0, 0.2))
        share = (zero_hz - 50.0 - managed.deviation_hz) / span_hz
        low, high = -1.0 * self.contract.down, 1.0 * self.contract.up
        return self.contract.capacity_kw * min(max(share, low), high)

    def total_kw(self, managed: Managed) -> float:
        return managed.answered(self.curve_kw(managed)) + managed.management_kw
