"""I9, data too old: without fresh data the only power that is safe for every plant is 0. Pure."""

import math
from collections.abc import Iterator

from agent.control.cuts import Cut
from agent.control.plant import LIMIT_AGE_S_MAX, UnitState
from agent.control.quantity import Quantity

POWER_AGE_S_MAX = 2.0
SOC_AGE_S_MAX = 30.0
HEARTBEAT_AGE_S_MAX = 10.0


def cuts(unit: UnitState) -> Iterator[Cut]:
    """Yield a stop for everything of the unit that decides and is not known now."""
    if unit.lost:
        yield _stop("the inverter does not answer")
    ages = (
        ("AC power", unit.power_kw, POWER_AGE_S_MAX),
        ("state of charge", unit.soc_pct, SOC_AGE_S_MAX),
        ("discharge limit of the battery", unit.discharge_kw_max, LIMIT_AGE_S_MAX),
        ("charge limit of the battery", unit.charge_kw_max, LIMIT_AGE_S_MAX),
    )
    for name, quantity, limit_s in ages:
        if quantity is not None and not quantity.usable(limit_s):
            yield _stop(f"{name}: {_missing(quantity, limit_s)}")
    if unit.heartbeat_age_s is not None and unit.heartbeat_age_s > HEARTBEAT_AGE_S_MAX:
        yield _stop(f"a life counter stands still for more than {HEARTBEAT_AGE_S_MAX:g} s")


def _stop(text: str) -> Cut:
    return Cut("I9", text, 0.0, 0.0, blind=True)


def _missing(quantity: Quantity, limit_s: float) -> str:
    if quantity.value is None:
        return "no value yet"
    if not math.isfinite(quantity.value):
        return "not a number"
    return f"older than {limit_s:g} s"
