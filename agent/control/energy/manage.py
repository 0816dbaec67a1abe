"""One product's energy in one cycle: which rules hold, and what they make of the response. Pure.

Everything that counts is counted in seconds of the event loop; between two of them only what the
curve is asked at changes. After a pause of more than `PAUSE_S_MAX` the memory is of another time:
means and states begin anew, only what was announced stays announced.
"""

from dataclasses import dataclass, field
from math import floor, inf, isfinite

from agent.control.energy import fade, freedom, nordic, recovery
from agent.control.energy.contract import Contract, Managed, Reservoir, Situation
from agent.control.energy.endurance import endurance_min
from agent.control.energy.fade import FadeMemory
from agent.control.energy.nordic import NordicMemory, NordicPower
from agent.control.energy.recovery import RecoveryMemory
from agent.control.energy.reservoir import operating_range, short_of
from agent.control.energy.rules import NORDIC

NOMINAL_HZ = 50.0
HZ = (40.0, 60.0)
"""Anything else is no frequency of this grid, whoever believes it."""
UNMANAGED = NordicPower(management=0.0, shift=0.0, lower=-inf, upper=inf)
SPAN_KWH_MIN = 0.001
"""Less is no reservoir."""
PAUSE_S_MAX = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyMemory:
    """What the energy room remembers of one product; each instance has its own."""

    second: int | None = None
    """The last whole second that was counted."""
    nordic: NordicMemory = field(default_factory=NordicMemory)
    fade: FadeMemory = field(default_factory=FadeMemory)
    recovery: RecoveryMemory = field(default_factory=RecoveryMemory)
    soc: float | None = None
    """Energy per operating range, 0 to 1, of that second; None: not known."""
    managed: Managed | None = None


def manage(
    contract: Contract, now: Situation, memory: EnergyMemory
) -> tuple[Managed, EnergyMemory]:
    """Return what the product does in this cycle, and what to remember for the next one."""
    second = floor(now.at_s)
    hz = now.hz if now.hz is not None and HZ[0] <= now.hz <= HZ[1] else None
    managed = memory.managed
    if managed is None or second != memory.second:
        managed, memory = _counted(contract, now, hz, memory, second)
    if hz is None:
        return managed, memory
    settings, deviation_hz = contract.settings, hz - NOMINAL_HZ
    gain_up, gain_down = freedom.gains(settings, memory.soc, deviation_hz, now.alert)
    reacted_hz = memory.fade.reacted_hz(deviation_hz)
    return managed.reacting(reacted_hz, gain_up, gain_down), memory


def _counted(
    contract: Contract, now: Situation, hz: float | None, before: EnergyMemory, second: int
) -> tuple[Managed, EnergyMemory]:
    """Return what holds until the next second begins."""
    passed = 1 if before.second is None else second - before.second
    if not 0 < passed <= PAUSE_S_MAX:
        before, passed = EnergyMemory(recovery=before.recovery), 1
    settings, capacity_kw = contract.settings, contract.capacity_kw
    own = _own(contract, now.reservoir)
    soc = None if own is None else own.energy_kwh / own.span_kwh
    believed_hz = hz if now.believed else None
    power, of_nordic, faded, ran = UNMANAGED, before.nordic, before.fade, before.recovery
    if settings.of_nordic:
        rule, hours = NORDIC[contract.product], _hours(contract, own)
        power, of_nordic = nordic.second(
            rule, settings, soc, hours, believed_hz, before.nordic, passed
        )
    if settings.reserve_mode:
        faded = _faded(contract, now.alert, own, believed_hz, before.fade, passed)
    if settings.schedule_tx:
        ran = recovery.second(contract, now, own, before.recovery, passed)
    management_kw = power.management * capacity_kw + ran.power_kw
    code, text = _unavailable(contract, now.alert, own, aem=of_nordic.aem)
    managed = Managed(
        rule=settings.rule,
        deviation_hz=None,
        management_kw=management_kw,
        baseline_kw=ran.power_kw,
        shift_kw=power.shift * capacity_kw,
        lower_kw=power.lower * capacity_kw if capacity_kw > 0.0 else 0.0,
        upper_kw=power.upper * capacity_kw if capacity_kw > 0.0 else 0.0,
        nem=of_nordic.nem,
        aem=of_nordic.aem,
        reserve_mode=faded.weight > 0.0,
        endurance_min=0.0
        if of_nordic.aem
        else endurance_min(contract, own, now.base_kw + management_kw)
        if own is not None
        else None,
        code=code,
        text=text,
        transactions=ran.announced,
    )
    return managed, EnergyMemory(
        second=second, nordic=of_nordic, fade=faded, recovery=ran, soc=soc, managed=managed
    )


def _hours(contract: Contract, own: Reservoir | None) -> float:
    """Return how long the operating range lasts at full activation; never 0."""
    return own.span_kwh / contract.capacity_kw if own and contract.capacity_kw > 0.0 else 1.0


def _faded(
    contract: Contract,
    alert: bool | None,
    own: Reservoir | None,
    hz: float | None,
    before: FadeMemory,
    passed: int,
) -> FadeMemory:
    fade_s = contract.settings.reserve_fade_s
    return fade.second(
        soc=None if own is None else own.energy_kwh / own.span_kwh,
        limit=0.0 if own is None else contract.capacity_kw * fade_s / 3600 / own.span_kwh,
        alert=alert,
        deviation_hz=None if hz is None else hz - NOMINAL_HZ,
        fade_s=fade_s,
        memory=before,
        count=passed,
    )


def _own(contract: Contract, whole: Reservoir | None) -> Reservoir | None:
    if whole is None or not (isfinite(whole.energy_kwh) and isfinite(whole.span_kwh)):
        return None
    own = operating_range(contract, whole)
    return own if own.span_kwh >= SPAN_KWH_MIN else None


def _unavailable(
    contract: Contract, alert: bool | None, own: Reservoir | None, *, aem: bool
) -> tuple[str, str]:
    """Return code and sentence why the product is not available as it was sold."""
    if aem:
        return "AEM", f"{contract.product}: the energy is used up; the response decays (AEM)"
    if alert:
        return "", ""  # the energy is there to be used
    return short_of(contract, own) or ("", "")
