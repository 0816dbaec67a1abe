"""One product's energy in one cycle: which rules hold, and what they make of the response. Pure.

Everything that counts is counted in seconds of the event loop; between two of them only what the
curve is asked at changes. After a pause of more than `PAUSE_S_MAX` the memory is of another time:
means begin anew, transactions that were announced stay announced.
"""

from dataclasses import dataclass, replace

from agent.control.energy.contract import Contract, Managed, Situation

NOMINAL_HZ = 50.0
PAUSE_S_MAX = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyMemory:
    """What the energy room remembers of one product; each instance has its own."""

    step_s: float | None = None
    """The last whole second that was counted."""
    managed: Managed | None = None


def manage(
    contract: Contract, now: Situation, memory: EnergyMemory
) -> tuple[Managed, EnergyMemory]:
    """Return what the product does in this cycle, and what to remember for the next one."""
    deviation_hz = None if now.hz is None else now.hz - NOMINAL_HZ
    managed = Managed(rule=contract.settings.rule, deviation_hz=deviation_hz)
    return managed, replace(memory, managed=managed)
