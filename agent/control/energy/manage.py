"""One product's energy in one cycle: which rules hold, and what they make of the response. Pure.

Everything that counts is counted in seconds of the event loop; between two of them only what the
curve is asked at changes. After a pause of more than `PAUSE_S_MAX` the memory is of another time:
means and states begin anew, only what was announced stays announced.
"""

from dataclasses import dataclass, field, replace
from math import floor, isfinite

from agent.control.energy import fade, freedom, nordic, recovery
from agent.control.energy.contract import Contract, Managed, Reservoir, Situation
from agent.control.energy.endurance import endurance_min
from agent.control.energy.fade import FadeMemory
from agent.control.energy.nordic import NordicMemory
from agent.control.energy.recovery import RecoveryMemory
from agent.control.energy.reservoir import operating_range, shortfall
from agent.control.energy.rules import NORDIC

NOMINAL_HZ = 50.0
HZ = (40.0, 60.0)
"""Anything else is no frequency of this grid, whoever believes it."""
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
        managed, memory = _counted(contract, replace(now, hz=hz), memory, second)
    if hz is None:
        return managed, memory
    settings, deviation_hz = contract.settings, hz - NOMINAL_HZ
    gain_up, gain_down = freedom.gains(settings, memory.soc, deviation_hz, now.alert)
    reacted_hz = memory.fade.reacted_hz(deviation_hz)
    return replace(managed, deviation_hz=reacted_hz, gain_up=gain_up, gain_down=gain_down), memory


def _counted(
    contract: Contract, now: Situation, before: EnergyMemory, second: int
) -> tuple[Managed, EnergyMemory]:
    """Return what holds until the next second begins."""
    passed = 1 if before.second is None else second - before.second
    if not 0 < passed <= PAUSE_S_MAX:
        before, passed = EnergyMemory(recovery=before.recovery), 1
    own = _own(contract, now.reservoir)
    soc = None if own is None else own.energy_kwh / own.span_kwh
    memory = replace(before, second=second, soc=soc)
    managed = Managed(rule=contract.settings.rule, deviation_hz=None)
    if contract.product in NORDIC and contract.settings.of_nordic:
        managed, memory = _nordic(contract, now, own, managed, memory, passed)
    if contract.settings.reserve_mode:
        memory = replace(memory, fade=_faded(contract, now, own, memory, passed))
    if contract.settings.schedule_tx:
        ran = recovery.second(contract, now, own, memory.recovery, passed)
        memory = replace(memory, recovery=ran)
        managed = replace(
            managed,
            management_kw=ran.power_kw,
            baseline_kw=ran.power_kw,
            transactions=ran.announced,
        )
    managed = replace(managed, reserve_mode=memory.fade.weight > 0.0)
    managed = _reported(contract, now, own, managed)
    return managed, replace(memory, managed=managed)


def _nordic(
    contract: Contract,
    now: Situation,
    own: Reservoir | None,
    managed: Managed,
    memory: EnergyMemory,
    passed: int,
) -> tuple[Managed, EnergyMemory]:
    hours = own.span_kwh / contract.capacity_kw if own and contract.capacity_kw > 0.0 else 1.0
    power, after = nordic.second(
        NORDIC[contract.product],
        contract.settings,
        memory.soc,
        hours,
        now.hz if now.believed else None,
        memory.nordic,
        passed,
    )
    managed = replace(
        managed,
        management_kw=power.management * contract.capacity_kw,
        shift_kw=power.shift * contract.capacity_kw,
        lower_kw=power.lower * contract.capacity_kw,
        upper_kw=power.upper * contract.capacity_kw,
        nem=after.nem,
        aem=after.aem,
    )
    return managed, replace(memory, nordic=after)


def _faded(
    contract: Contract, now: Situation, own: Reservoir | None, memory: EnergyMemory, passed: int
) -> FadeMemory:
    fade_s = contract.settings.reserve_fade_s
    return fade.second(
        soc=memory.soc,
        limit=0.0 if own is None else contract.capacity_kw * fade_s / 3600 / own.span_kwh,
        alert=now.alert,
        deviation_hz=now.hz - NOMINAL_HZ if now.hz is not None and now.believed else None,
        fade_s=fade_s,
        memory=memory.fade,
        count=passed,
    )


def _own(contract: Contract, whole: Reservoir | None) -> Reservoir | None:
    if whole is None or not (isfinite(whole.energy_kwh) and isfinite(whole.span_kwh)):
        return None
    own = operating_range(contract, whole)
    return own if own.span_kwh >= SPAN_KWH_MIN else None


def _reported(
    contract: Contract, now: Situation, own: Reservoir | None, managed: Managed
) -> Managed:
    """Return it with the endurance, and why the product is not available, if so."""
    if managed.aem:
        text = f"{contract.product}: the energy is used up; the response decays (AEM)"
        return replace(managed, endurance_min=0.0, code="AEM", text=text)
    if own is not None and contract.capacity_kw > 0.0:
        base_kw = now.base_kw + managed.management_kw
        managed = replace(managed, endurance_min=endurance_min(contract, own, base_kw))
    short = None if now.alert else shortfall(contract, now.reservoir)
    return managed if short is None else replace(managed, code=short[0], text=short[1])
