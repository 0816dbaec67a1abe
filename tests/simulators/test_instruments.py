"""simulators.instruments: what follows from what the plant measures agrees with it."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import instruments
from simulators.battery import Command, Rating
from simulators.frequency import Recording
from simulators.plant import Plant

RATING = Rating(capacity_kwh=200.0, power_kw=100.0)


def shown(power_kw: float) -> Mapping[str, float]:
    now_s = [0.0]
    plant = Plant(RATING, 60.0, Recording((0.0, 1.0), (50.0, 50.0)), lambda: now_s[0])
    plant.obey(Command(power_kw=power_kw, timeout_s=0.0), fresh=True)
    now_s[0] = 1.0
    return instruments.shown(plant.measure(), RATING)


@given(st.floats(-100.0, 100.0))
def test_the_parts_of_a_power_make_the_whole(power_kw: float) -> None:
    values = shown(power_kw)
    whole = pytest.approx(values["ac.power_kw"], abs=1e-6)
    assert values["battery.discharge_kw"] - values["battery.charge_kw"] == whole
    assert values["site.export_kw"] - values["site.import_kw"] == whole
    assert sum(values[f"site.power_l{phase}_kw"] for phase in (1, 2, 3)) == whole
    assert min(values["battery.discharge_kw"], values["battery.charge_kw"]) == 0.0
    assert values["battery.power_magnitude_kw"] == pytest.approx(abs(power_kw), abs=1e-6)


def test_limits_in_ampere_are_those_in_kilowatt() -> None:
    values = shown(0.0)
    assert values["battery.max_charge_a"] * values["battery.voltage_v"] == 100_000.0
    assert (values["battery.charge_allowed"], values["battery.charge_prohibited"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("power_kw", "code"), [(-5.0, 1), (5.0, 2), (0.0, 0)], ids=["charging", "discharging", "idle"]
)
def test_a_state_is_told_by_the_makers_own_code(power_kw: float, code: int) -> None:
    texts = {0: "idle", 1: "charging", 2: "discharging"}
    assert instruments.state_code(texts, power_kw) == code
    assert instruments.state_code({7: "external control"}, power_kw) is None
