"""Schedule transactions that bring the energy back, announced ahead (Continental Europe). Pure.

Once per market slot the energy at the earliest slot that can still be announced is expected from
the energy now and from what is announced already. If it is too low or too high, one slot of power
is announced: it becomes part of the baseline. Frequency decides nothing here but that an alert, or
not knowing whether there is one, stops it (I21): nothing new is announced, and what runs is off at
once; it comes back by its ramp if its slot still lasts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from agent.control.energy.contract import Contract, Reservoir, Situation, Transaction
from wire.schedule import FrequencyService

_US_PER_MIN = 60_000_000
_US_PER_H = 3_600_000_000
_WORTH_SHARE = 1e-3
"""Of the capacity: less is not announced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryMemory:
    """Of one product."""

    announced: tuple[Transaction, ...] = ()
    """Not over yet, in order."""
    decided_us: int = 0
    """Start of the last slot that was decided about."""
    power_kw: float = 0.0
    """What runs now, on its ramp."""


def second(
    contract: Contract,
    now: Situation,
    own: Reservoir | None,
    memory: RecoveryMemory,
    count: float = 1.0,
) -> RecoveryMemory:
    """Return what is announced and what runs in this second; `count` seconds after the last."""
    normal = now.alert is False
    announced = tuple(t for t in memory.announced if t.end_us > now.now_us)
    settings = contract.settings
    slot_us = settings.recovery.slot_min * _US_PER_MIN
    start_us = ceil((now.now_us + settings.lead_min * _US_PER_MIN) / slot_us) * slot_us
    decided_us = memory.decided_us
    if decided_us > start_us + slot_us:  # the wall clock went back: what was announced is not ours
        announced, decided_us = (), 0
    if normal and own is not None and start_us > decided_us:
        decided_us = start_us
        power_kw = _needed_kw(contract, _expected_kwh(now, own, announced, start_us), own)
        ours = contract.until_us is None or start_us + slot_us <= contract.until_us
        if ours and abs(power_kw) > _WORTH_SHARE * contract.capacity_kw:
            announced = (*announced, Transaction(start_us, start_us + slot_us, power_kw))
    wanted_kw = sum(t.power_kw for t in announced if t.start_us <= now.now_us) if normal else 0.0
    step_kw = settings.recovery.ramp_pct_per_min / 6_000 * contract.capacity_kw * count
    ramped_kw = min(max(wanted_kw, memory.power_kw - step_kw), memory.power_kw + step_kw)
    return RecoveryMemory(
        announced=announced, decided_us=decided_us, power_kw=ramped_kw if normal else 0.0
    )


def unbroken_until_us(service: FrequencyService, awarded: Sequence[FrequencyService]) -> int:
    """Return when the last award of the product ends that follows this one without a gap."""
    until_us = service.end_us
    for other in sorted(awarded, key=lambda one: one.start_us):
        if other.product == service.product and other.start_us <= until_us:
            until_us = max(until_us, other.end_us)
    return until_us


def _expected_kwh(
    now: Situation, own: Reservoir, announced: tuple[Transaction, ...], at_us: int
) -> float:
    """Return the energy at `at_us` if the frequency asked for nothing until then."""
    traded_kwh = sum(
        t.power_kw * max(0, min(t.end_us, at_us) - max(t.start_us, now.now_us)) / _US_PER_H
        for t in announced
    )
    return own.energy_kwh - traded_kwh


def _needed_kw(contract: Contract, expected_kwh: float, own: Reservoir) -> float:
    """Return the power of the next slot; 0 where the energy is expected to be well."""
    recovery = contract.settings.recovery
    expected_pct = 100 * expected_kwh / own.span_kwh
    if recovery.low_pct <= expected_pct <= recovery.high_pct:
        return 0.0
    over_kwh = expected_kwh - own.span_kwh * recovery.target_pct / 100
    most_kw = recovery.power_share_max * contract.capacity_kw
    return min(max(over_kwh * 60 / recovery.slot_min, -most_kw), most_kw)
