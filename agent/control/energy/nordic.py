"""NEM and AEM: energy management of limited reservoirs in the Nordic area, second by second. Pure.

Normal-state energy management (NEM) moves power while the frequency is inside its band and the
energy is low or high; alert-state energy management (AEM) lets the reference of the product follow
the frequency, so that its response decays, when the energy is nearly gone. Both work through the
mean of the 300 seconds before, the current one not included: nothing steps. Source: Technical
Requirements for FCR Provision in the Nordic Synchronous Area v1.1 (28 March 2025). Beyond full
activation the response is held, which the requirements permit.
"""

from dataclasses import dataclass, replace
from math import fsum

from agent.control.energy.config import ProductEnergy
from agent.control.energy.rules import Nordic

MEAN_S = 300
BAND_HZ = (49.9, 50.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Shares of the operating range, of the lower end; the upper end's are mirrored."""

    enable: float
    disable: float
    aem_enable: float
    aem_disable: float

    @staticmethod
    def of(rule: Nordic, settings: ProductEnergy, hours: float) -> "Thresholds":
        """Return them for a product that `hours` of full activation would use up."""
        disable_min = settings.nem_disable_min
        minutes = (
            rule.enable_min,
            rule.disable_min if disable_min is None else max(disable_min, rule.enable_min),
            rule.aem_enable_min,
            rule.aem_disable_min,
        )
        enable, disable, aem_enable, aem_disable = (m / 60 / hours for m in minutes)
        return Thresholds(
            enable=enable, disable=disable, aem_enable=aem_enable, aem_disable=aem_disable
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NordicMemory:
    """Of one product; the two sequences end with the newest second."""

    nem_low: bool = False
    nem_high: bool = False
    aem_low: bool = False
    aem_high: bool = False
    allowed: tuple[int, ...] = (0,) * MEAN_S
    """-1 charges, +1 discharges."""
    moved_hz: tuple[float, ...] = (0.0,) * MEAN_S
    """How far the reference was asked to be from the product's own zero."""

    @property
    def nem(self) -> int:
        return -1 if self.nem_low else 1 if self.nem_high else 0

    @property
    def aem(self) -> bool:
        return self.aem_low or self.aem_high


@dataclass(frozen=True, slots=True, kw_only=True)
class NordicPower:
    """What management asks for in this second; powers per unit of the capacity."""

    management: float
    shift: float
    lower: float
    upper: float
    """Of response, shift and management together."""


def second(
    rule: Nordic,
    settings: ProductEnergy,
    soc: float | None,
    hours: float,
    hz: float | None,
    memory: NordicMemory,
    count: int = 1,
) -> tuple[NordicPower, NordicMemory]:
    """Return what holds in this second, and what is remembered after it.

    Args:
        rule: of the product.
        settings: what the site chose.
        soc: energy per operating range, 0 to 1; None: not known, and no state changes.
        hours: of full activation that the operating range holds.
        hz: what the product answers; None: not credible, which is outside every band.
        memory: of the second before.
        count: seconds since then; those without a cycle count like this one.
    """
    share = rule.power_share if settings.nem_share is None else settings.nem_share
    span_hz = max(rule.frequency_full_hz[1] - 50.0, 50.0 - rule.frequency_full_hz[0])
    span_hz -= abs(rule.frequency_zero_hz - 50.0)
    power = NordicPower(
        management=share * sum(memory.allowed) / MEAN_S,
        shift=fsum(memory.moved_hz) / MEAN_S / span_hz,
        lower=-(1.0 if rule.down else 0.0) - share,
        upper=(1.0 if rule.up else 0.0) + share,
    )
    memory = _switched(rule, Thresholds.of(rule, settings, hours), soc, hz, memory)
    moved_hz = _saturated(rule, hz) - rule.frequency_zero_hz if memory.aem else 0.0
    count = min(count, MEAN_S)
    memory = replace(
        memory,
        allowed=(*memory.allowed[count:], *(memory.nem,) * count),
        moved_hz=(*memory.moved_hz[count:], *(moved_hz,) * count),
    )
    return power, memory


def _switched(
    rule: Nordic,
    at: Thresholds,
    soc: float | None,
    hz: float | None,
    before: NordicMemory,
) -> NordicMemory:
    """Return the four states after the energy and the frequency have been looked at."""
    in_band = hz is not None and BAND_HZ[0] < hz < BAND_HZ[1]
    low, high = before.nem_low and in_band, before.nem_high and in_band
    aem_low, aem_high = before.aem_low, before.aem_high
    if soc is not None:
        lack, excess = soc, 1.0 - soc  # energy left in each direction, one rule for both
        low = rule.up and in_band and (lack < at.enable or (low and lack < at.disable))
        high = rule.down and in_band and (excess < at.enable or (high and excess < at.disable))
        aem_low = rule.up and (lack < at.aem_enable or (aem_low and lack < at.aem_disable))
        aem_high = rule.down and (excess < at.aem_enable or (aem_high and excess < at.aem_disable))
    return replace(before, nem_low=low, nem_high=high, aem_low=aem_low, aem_high=aem_high)


def _saturated(rule: Nordic, hz: float | None) -> float:
    """Return the frequency inside the product's own span; its zero while there is none."""
    lower_hz, upper_hz = rule.frequency_full_hz
    return rule.frequency_zero_hz if hz is None else min(max(hz, lower_hz), upper_hz)
