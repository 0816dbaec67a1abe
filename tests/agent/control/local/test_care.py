"""I3: the battery is charged by force only while it asks for it, and never beyond the limits."""

import math

import pytest

from agent.control.decide import Memory
from agent.control.local.care import REQUEST
from agent.control.quantity import UNKNOWN, Quantity
from tests.support.plants import HEALTHY, changed, decided
from tests.support.sites import rules
from tests.support.virtual import EPOCH_US

ASKING = {REQUEST: Quantity(1.0, 0.1)}


def _power_kw(
    inputs: dict[str, Quantity],
    local: dict[str, float] | None = None,
    connection: dict[str, float] | None = None,
) -> float:
    """Return what is decided a second after the wish, when the ramp has run."""
    plant = changed(HEALTHY, inputs=inputs)
    site = rules(connection, local)
    _, memory = decided(plant, None, Memory(), EPOCH_US, rules=site)
    later = changed(plant, at_s=plant.at_s + 1.0)
    decision, _ = decided(later, None, memory, EPOCH_US + 1_000_000, rules=site)
    return decision.base_kw


def test_i3_a_battery_that_asks_is_charged_where_the_site_allows_it() -> None:
    assert _power_kw(ASKING, {"forced_charge_kw": 5.0}) < 0.0
    assert _power_kw(ASKING) == 0.0
    assert _power_kw({}, {"forced_charge_kw": 5.0}) == 0.0


@pytest.mark.parametrize(
    "request_", [UNKNOWN, Quantity(0.0, 0.1), Quantity(1.0, 11.0), Quantity(math.nan, 0.1)]
)
def test_i3_without_a_fresh_wish_nothing_is_forced(request_: Quantity) -> None:
    assert _power_kw({REQUEST: request_}, {"forced_charge_kw": 5.0}) == 0.0


def test_i3_the_grid_operator_is_obeyed_before_the_battery() -> None:
    inputs = {**ASKING, "dso.import_kw_max": Quantity(0.0, 0.1)}
    assert _power_kw(inputs, {"forced_charge_kw": 5.0}) == 0.0
