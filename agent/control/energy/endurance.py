"""For how many minutes the energy lasts at full activation, as it is reported. Pure."""

from agent.control.energy.contract import Contract, Reservoir

ENDURANCE_MIN_MAX = 1_440.0
"""Reported where nothing runs out: while charging with more than the product can take."""


def endurance_min(contract: Contract, own: Reservoir, base_kw: float) -> float:
    """Return the smaller of both directions that the product answers in; 0 where it is used up.

    Args:
        contract: capacity and directions.
        own: the product's part of the energy.
        base_kw: what the plant does beside the response, energy management included.

    Source: Nordic requirements v1.1, remaining endurance; without inflow.
    """
    left = ENDURANCE_MIN_MAX
    if contract.up:
        left = min(left, _minutes(own.energy_kwh, contract.capacity_kw + base_kw))
    if contract.down:
        left = min(left, _minutes(own.span_kwh - own.energy_kwh, contract.capacity_kw - base_kw))
    return left


def _minutes(energy_kwh: float, power_kw: float) -> float:
    if energy_kwh <= 0.0:
        return 0.0
    return (
        min(ENDURANCE_MIN_MAX, 60.0 * energy_kwh / power_kw)
        if power_kw > 0.0
        else (ENDURANCE_MIN_MAX)
    )
