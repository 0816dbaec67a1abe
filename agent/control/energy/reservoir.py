"""How much energy there is, how much products keep, and what that leaves to the schedule. Pure.

I20, the half about energy: what lies below an armed product's reserve is out of reach for the
schedule. The way there is smooth: nobody may take more than would empty the rest in a minute.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from agent.control.arbitrate import Proposal
from agent.control.energy.contract import Contract, Reservoir
from agent.control.interlocks.fresh import SOC_PCT
from agent.control.limits import Limits
from agent.control.plant import PlantState

SOC_AGE_S_MAX = 30.0
APPROACH_H = 1.0 / 60
"""What is left above the reserve may be used up in this time, not faster."""
CLASS = 1
_LIFE_US = 10_000_000
_ROUNDING = 1 - 1e-9


def reservoir(plant: PlantState, limits: Limits) -> Reservoir | None:
    """Return the energy of the units that can be commanded; None: not known of all of them."""
    energy_kwh = span_kwh = 0.0
    for state, allowed in zip(plant.units, limits.units, strict=True):
        if not state.ready or state.lost:
            continue
        soc_pct = state.soc_pct.within(SOC_AGE_S_MAX)
        if soc_pct is None or not SOC_PCT[0] <= soc_pct <= SOC_PCT[1]:
            return None
        if allowed.capacity_kwh is None:
            return None
        energy_kwh += allowed.capacity_kwh * (soc_pct - allowed.soc_min_pct) / 100
        span_kwh += allowed.capacity_kwh * (allowed.soc_max_pct - allowed.soc_min_pct) / 100
    return Reservoir(energy_kwh, span_kwh) if span_kwh > 0.0 else None


def operating_range(contract: Contract, whole: Reservoir) -> Reservoir:
    """Return the part of the plant's energy that the product works with."""
    settings = contract.settings
    start_kwh = whole.span_kwh * settings.range_from_pct / 100
    span_kwh = whole.span_kwh * (settings.range_to_pct - settings.range_from_pct) / 100
    return Reservoir(whole.energy_kwh - start_kwh, span_kwh)


def shortfall(contract: Contract, whole: Reservoir | None) -> tuple[str, str] | None:
    """Return code and sentence why there is not energy enough to arm; None: there is.

    A product whose rule set is `off` keeps no energy and is never refused for it.
    """
    return short_of(contract, None if whole is None else operating_range(contract, whole))


def short_of(contract: Contract, own: Reservoir | None) -> tuple[str, str] | None:
    """Return the same where the product's own part of the energy is known already."""
    kept_kwh = contract.capacity_kw * contract.settings.guard_h
    if not contract.settings.managed or kept_kwh <= 0.0:
        return None
    if own is None:
        return "ENERGY_UNKNOWN", f"{contract.product}: the energy of the battery is not known"
    least_kwh = contract.capacity_kw * contract.settings.planning_h * (contract.up + contract.down)
    if own.span_kwh < least_kwh * _ROUNDING:
        held = f"{own.span_kwh:.1f} kWh of operating range, {least_kwh:.1f} kWh are needed"
        return "ENERGY", f"{contract.product}: {held}"
    if contract.up and own.energy_kwh < kept_kwh:
        return "ENERGY", _short(contract, "discharge", own.energy_kwh, kept_kwh)
    if contract.down and own.span_kwh - own.energy_kwh < kept_kwh:
        return "ENERGY", _short(contract, "charge", own.span_kwh - own.energy_kwh, kept_kwh)
    return None


def proposals(
    contracts: Sequence[Contract], whole: Reservoir | None, now_us: int
) -> Iterator[Proposal]:
    """Yield the bounds that keep the schedule away from the reserved energy; reserves add up."""
    managed = [contract for contract in contracts if contract.settings.managed]
    if not managed:
        return
    low_kwh = sum(c.capacity_kw * c.settings.planning_h for c in managed if c.up)
    high_kwh = sum(c.capacity_kw * c.settings.planning_h for c in managed if c.down)
    names = tuple([contract.product for contract in managed])
    lower_kw = upper_kw = 0.0
    if whole is not None:
        upper_kw = max(0.0, whole.energy_kwh - low_kwh) / APPROACH_H
        lower_kw = -max(0.0, whole.span_kwh - high_kwh - whole.energy_kwh) / APPROACH_H
    yield Proposal(
        source="reserve",
        cls=CLASS,
        sub=1,
        code="RESERVE",
        text=_kept(low_kwh, high_kwh, names, known=whole is not None),
        valid_from_us=now_us,
        expires_us=now_us + _LIFE_US,
        lower_kw=lower_kw,
        upper_kw=upper_kw,
    )


@lru_cache(maxsize=8)
def _kept(low_kwh: float, high_kwh: float, products: tuple[str, ...], *, known: bool) -> str:
    """Return the same text for as long as the reserve is the same, made once."""
    names = " and ".join(products)
    if not known:
        return f"the energy kept for {names} is not known"
    return f"{low_kwh:g} kWh and room for {high_kwh:g} kWh are kept for {names}"


def _short(contract: Contract, direction: str, has_kwh: float, needs_kwh: float) -> str:
    return (
        f"{contract.product}: {max(0.0, has_kwh):.1f} kWh to {direction},"
        f" {needs_kwh:.1f} kWh are needed"
    )
