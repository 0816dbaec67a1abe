"""When a decision is worth a trace, and what the trace says. Pure.

One is told when the mode, or who asked and who cut, has changed, and once a minute; numbers that
merely move with the frequency are in the archive's rows. Reasons that flap are told once a second,
with the count of what was left out, so that every second of a day has its trace and no day is
flooded.
"""

from dataclasses import dataclass, replace

from agent.archive.trace import Trace
from agent.control.evidence import Record

EVERY_S = 60.0
GAP_S_MIN = 1.0
BURST = 20
"""So many may come without the gap; they are given back one a `GAP_S_MIN`."""

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was told last, and how much more may be."""

    key: Key = ()
    at_s: float = float("-inf")
    seen: Key = ()
    """Of the decision before, told or not."""
    credit: float = BURST
    counted_s: float = float("-inf")
    skipped: int = 0


def told(record: Record, config: str, memory: Told) -> tuple[Trace | None, Told]:
    """Return the trace of this decision if it is due, and what to remember.

    Args:
        config: fingerprint of the settings file.
    """
    now_s = record.plant.at_s
    key = _key(record)
    if key == memory.key and now_s - memory.at_s < EVERY_S:
        return None, memory if memory.seen == key else replace(memory, seen=key)
    earned = (now_s - memory.counted_s) / GAP_S_MIN
    credit = min(float(BURST), memory.credit + earned)
    if credit < 1.0:
        skipped = memory.skipped + (key != memory.seen)
        return None, replace(memory, seen=key, credit=credit, counted_s=now_s, skipped=skipped)
    after = Told(key=key, at_s=now_s, seen=key, credit=credit - 1.0, counted_s=now_s)
    return _trace(record, config, memory.skipped), after


def _key(record: Record) -> Key:
    """Return what a change is judged by."""
    decision = record.decision
    return (
        decision.mode,
        record.frequency_device,
        *((product.product, product.armed, product.rule) for product in record.products),
        *((reason.code, reason.source) for reason in decision.reasons),
    )


def _trace(record: Record, config: str, skipped: int) -> Trace:
    decision, products = record.decision, record.products
    rules = {product.rule: None for product in products if product.rule}
    armed = (f"{one.product}={one.capacity_kw:g}" for one in products if one.armed)
    return Trace(
        at_us=record.at_us,
        mode=decision.mode,
        command_kw=decision.setpoint_kw,
        base_kw=decision.base_kw,
        response_kw=decision.response_kw,
        lower_kw=decision.lower_kw,
        upper_kw=decision.upper_kw,
        reasons=decision.reasons,
        config=config,
        rules="+".join(rules),
        products="+".join(armed),
        frequency=record.frequency_device,
        skipped=skipped,
    )
